import { type StatePlace, statePlace } from "../../checkpoint/checkpoint.ts";
import type { KernelTask } from "../../engine/executor.ts";
import type { EngineMemory } from "../../engine/memory.ts";
import type { Workspace } from "../../rows/workspace.ts";
import type { ChainSpec } from "./chain-spec.ts";

/** A stretch of memory with all that the chains change, after some of their calls. */
interface ChainsState {
  readonly from: number;
  readonly bytes: Uint8Array;
  readonly callsDone: number;
}

/** Between two looks whether the state is to be kept. */
const wantedMilliseconds = 500;
/** The first calls, from which the time of the others is told. */
const firstCalls = 16;

interface ChainTasks {
  readonly memory: EngineMemory;
  /** Where the chains' records begin; all that their kernels write is between here and the end of what is allocated. */
  readonly mark: number;
  /** As many calls of each. */
  readonly tasks: readonly KernelTask[];
  readonly onProgress: () => void;
}

/** Where the chains of this run keep their state; none without a checkpoint. */
export function chainsPlace(
  { checkpoint }: Workspace,
  { model, ...spec }: ChainSpec,
  stage: string,
): StatePlace<ChainsState> | undefined {
  return statePlace(checkpoint, stage, [model.rows.numRows, model.dimension, spec]);
}

/** Runs the chains' tasks; with a place for their state from where that stands, and stretch by stretch, after which it is kept. */
export async function runResumably(
  { executor, signal }: Workspace,
  { memory, mark, tasks, onProgress }: ChainTasks,
  place: StatePlace<ChainsState> | undefined,
): Promise<void> {
  if (!place) return executor.run(tasks, { signal, onProgress });
  const size = memory.mark() - mark;
  const total = tasks.length > 0 ? tasks[0].times : 0;
  const { before } = place;
  let callsDone = 0;
  if (before && before.from === mark && before.bytes.length === size) {
    memory.u8(mark, size).set(before.bytes);
    callsDone = before.callsDone;
  }
  const begun = performance.now();
  for (let times = firstCalls; callsDone < total; ) {
    const started = performance.now();
    const calls = Math.min(times, total - callsDone);
    await executor.run(
      tasks.map((task) => ({ ...task, times: calls })),
      { signal, onProgress },
    );
    callsDone += calls;
    const ratio = wantedMilliseconds / Math.max(1, performance.now() - started);
    times = Math.max(1, Math.round(calls * Math.min(4, ratio)));
    const state = () => ({ from: mark, bytes: memory.u8(mark, size).slice(), callsDone });
    if (callsDone < total) place.offer(state);
    else if (performance.now() - begun >= place.minMilliseconds) place.keep(state());
  }
}
