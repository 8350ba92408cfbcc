import { type BlockStore, rowsIn } from "../engine/block-store.ts";
import { overPlacedRows } from "../models/create-model.ts";
import type { Model } from "../models/model.ts";
import { type VisitedRow, visitRows } from "./visit-rows.ts";
import type { Workspace } from "./workspace.ts";

/** A block that stands in one of the ring's places. */
interface LoadedBlock {
  readonly block: number;
  readonly numRows: number;
  /** Which place. */
  readonly place: number;
}

/** What is done with blocks. */
export interface BlockWork {
  /** Bytes of the engine's memory that it takes at each place, beside the rows. */
  readonly bytesBeside: number;
  /**
   * Called once with a model over each place, and the address of its first row, before anything is read: all that is allocated
   * for the work is allocated here. What it returns is called with some blocks after the others, in their order.
   */
  prepare(places: readonly Model[], addresses: readonly number[]): (loaded: readonly LoadedBlock[]) => Promise<void>;
}

/** Bytes that the places may take, for each thread and at least; there are two halves of them. */
const ringBytes = { perThread: 2 ** 24, atLeast: 2 ** 26 };
const mostBlocksAtOnce = 16;

/**
 * Reads all blocks in their order, some at a time: while work is done on those, the next are read into the other half of the ring.
 * @throws InputError where a block cannot be read; the signal's reason where it is aborted
 */
export async function throughBlocks(
  { executor, signal }: Workspace,
  model: Model,
  { bytesBeside, prepare }: BlockWork,
): Promise<void> {
  const { memory, blocks } = model;
  if (!blocks) throw new TypeError("The rows are in no blocks.");
  const { store } = blocks;
  const mark = memory.mark();
  let reading: Promise<unknown> = Promise.resolve();
  try {
    const atOnce = blocksAtOnce(store, bytesBeside, executor.threads);
    const bytes = 4 * store.rowsOfBlock * store.stride;
    const addresses = Array.from({ length: 2 * atOnce }, () => memory.allocate(bytes));
    const places = addresses.map((address) => overPlacedRows(model, { address, numRows: store.rowsOfBlock }));
    const work = prepare(places, addresses);
    const read = async ({ block, numRows, place }: LoadedBlock) => {
      const size = 4 * numRows * store.stride;
      const target = memory.u8(addresses[place], size);
      await store.read(block, target);
      // A memory that grew meanwhile and is not shared has left this view behind.
      if (target.byteLength !== size) throw new Error("The engine's memory grew while a block was read into it.");
    };
    const start = (first: number, half: number): readonly LoadedBlock[] => {
      const loaded = Array.from({ length: Math.min(atOnce, store.numBlocks - first) }, (_, k) => ({
        block: first + k,
        numRows: rowsIn(store, first + k),
        place: half * atOnce + k,
      }));
      reading = allDone(loaded.map(read));
      reading.catch(() => {});
      return loaded;
    };
    let next = start(0, 0);
    for (let first = 0, half = 0; first < store.numBlocks; first += atOnce, half = 1 - half) {
      const loaded = next;
      await reading;
      signal?.throwIfAborted();
      if (first + atOnce < store.numBlocks) next = start(first + atOnce, 1 - half);
      await work(loaded);
    }
  } finally {
    // Nothing may be written any more to memory that is given away.
    await reading.catch(() => {});
    memory.release(mark);
  }
}

function blocksAtOnce(store: BlockStore, bytesBeside: number, threads: number): number {
  const wanted = Math.max(ringBytes.atLeast, threads * ringBytes.perThread);
  const room = Math.min(wanted, store.memoryBytes / 2);
  const ofPlace = 4 * store.rowsOfBlock * (store.stride + 1) + bytesBeside;
  return Math.max(1, Math.min(mostBlocksAtOnce, store.numBlocks, Math.floor(room / (2 * ofPlace))));
}

/** Waits for all, whatever becomes of one. @throws what the first that failed has thrown */
async function allDone(promises: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(promises)) if (result.status === "rejected") throw result.reason;
}

/** Calls `visit` with every row, in blocks or in memory. */
export async function visitAllRows(
  workspace: Workspace,
  model: Model,
  position: ArrayLike<number>,
  visit: (row: VisitedRow) => void,
): Promise<void> {
  if (!model.blocks) return visitRows(model, position, visit);
  await throughBlocks(workspace, model, {
    bytesBeside: 0,
    prepare: (places) => async (loaded) => {
      for (const { place, numRows } of loaded) {
        const { rows } = places[place];
        visitRows({ ...places[place], rows: { ...rows, numRows } }, position, visit);
        workspace.counter.rowsVisited += numRows;
      }
    },
  });
}
