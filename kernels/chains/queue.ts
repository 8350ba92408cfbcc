// The rows of a chain's coming steps. They are drawn one block ahead, and a word of each of their cache lines is read at
// once: WebAssembly has no prefetch, and independent loads side by side hide the memory's latency behind the present
// block's work. The sequence of rows does not depend on the size of the blocks.
import { Chain } from "../layout/chain";
import { Model } from "../layout/model";
import { chunkRows, Scratch } from "../layout/scratch";
import { slotU32 } from "../memory/record";
import { findStarts, touchSparse } from "../rows/sparse-rows";
import { takeInOrder } from "./chain-wide";
import { drawRows } from "./random";

/** Rows in a block: about 32 KB of them, a multiple of 4. */
// @ts-ignore: decorator
@inline
export function queueRows(model: usize): u32 {
  const rows = 8192 / slotU32(model, Model.stride);
  return min<u32>(max<u32>(rows, 8), chunkRows) & ~3;
}

/** Makes the next block the present one and draws the one after it. */
export function nextBlock(chain: usize, scratch: usize): void {
  const model = <usize>slotU32(chain, Chain.model);
  const coming = load<u32>(scratch, Scratch.block) ^ 1;
  if (!load<u32>(scratch, Scratch.started)) {
    store<u32>(scratch, 1, Scratch.started);
    drawBlock(chain, model, scratch, coming);
  }
  store<u32>(scratch, coming, Scratch.block);
  store<u32>(scratch, 0, Scratch.cursor);
  drawBlock(chain, model, scratch, coming ^ 1);
}

export function drawBlock(chain: usize, model: usize, scratch: usize, block: u32): void {
  const offset = <usize>(block * chunkRows) << 2;
  const rows = scratch + Scratch.rows + offset;
  const count = queueRows(model);
  if (slotU32(chain, Chain.isSequential)) {
    takeInOrder(chain, model, count, rows);
    return;
  }
  const starts = slotU32(model, Model.rowStarts);
  drawRows(slotU32(chain, Chain.rowStream), count, model, rows, scratch + Scratch.weights + offset);
  if (starts) findStarts(rows, count);
  if (starts) touchSparse(rows, count);
  else touch(rows, count, slotU32(model, Model.stride) << 2);
}

/**
 * Reads one word of every cache line of the rows, four rows abreast. Nothing is made of the words: whatever waited for them would fill the
 * machine's queues, and fewer loads could be under way. Loads may trap, so no compiler drops them.
 */
export function touch(rows: usize, count: u32, rowBytes: u32): void {
  // A row is a multiple of 32 bytes on a multiple of 32, so words 32 bytes short of each line's end and the last one
  // reach every line.
  const isWhole = (rowBytes & 63) === 0;
  const last = <usize>rowBytes - 4;
  for (const end = rows + (<usize>count << 2); rows < end; rows += 16) {
    const r0 = <usize>load<u32>(rows, 0);
    const r1 = <usize>load<u32>(rows, 4);
    const r2 = <usize>load<u32>(rows, 8);
    const r3 = <usize>load<u32>(rows, 12);
    for (let offset: usize = 0; offset < <usize>rowBytes; offset += 64) {
      load<u32>(r0 + offset);
      load<u32>(r1 + offset);
      load<u32>(r2 + offset);
      load<u32>(r3 + offset);
    }
    if (isWhole) continue;
    load<u32>(r0 + last);
    load<u32>(r1 + last);
    load<u32>(r2 + last);
    load<u32>(r3 + last);
  }
}
