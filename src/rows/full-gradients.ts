import type { EngineMemory } from "../engine/memory.ts";
import type { Model } from "../models/model.ts";
import { addPriorGradientInto, priorLoss } from "../models/prior-terms.ts";
import { rowsOf } from "./rows-of.ts";
import type { Workspace } from "./workspace.ts";

/**
 * The loss of the whole data, prior included, −log p(θ | y) up to a constant, and its gradient (M). Of a custom model the loss
 * is infinite where the density is 0.
 */
export interface LossAndGradient {
  readonly loss: number;
  readonly gradient: Float64Array;
}

/** Loss and gradient at θ; the promise rejects with the signal's reason when the run is aborted. */
export type Evaluate = (position: ArrayLike<number>) => Promise<LossAndGradient>;

/** Evaluates up to `capacity` points together, as often as asked; in single precision, where it is wanted and there is such. */
export type PrepareGradients = (
  capacity: number,
  isSingle?: boolean,
) => (positions: readonly ArrayLike<number>[]) => Promise<LossAndGradient[]>;

/**
 * A function that evaluates up to `capacity` points as one run of the executor, so that the points share its threads and
 * its round trip. Its records stay in memory until the caller releases it.
 * @param isSingle in single precision, where there is such
 */
export function prepareGradients(
  workspace: Workspace,
  model: Model,
  capacity: number,
  isSingle = false,
): (positions: readonly ArrayLike<number>[]) => Promise<LossAndGradient[]> {
  const passes = rowsOf(workspace, model).passes(capacity, isSingle);
  return async (positions) => {
    const results = await passes(positions);
    return results.map(({ loss, gradient }, k) => {
      addPriorGradientInto(model, positions[k], gradient);
      return { loss: loss + priorLoss(model, positions[k]), gradient };
    });
  };
}

interface Request {
  readonly position: ArrayLike<number>;
  resolve(result: LossAndGradient): void;
  reject(reason: unknown): void;
}

/** Runs chains on the loss of the whole data (`runTogether`). */
export function runChainsTogether<Result>(
  workspace: Workspace,
  model: Model,
  count: number,
  run: (evaluate: Evaluate, chain: number) => Promise<Result>,
): Promise<Result[]> {
  return runTogether(model.memory, (capacity) => prepareGradients(workspace, model, capacity), count, run);
}

/**
 * Runs `count` chains side by side. Each awaits one evaluation at a time; when all chains that have not ended are waiting,
 * their points are evaluated together. A point's result does not depend on the others.
 * @throws what the first of the chains to fail has thrown, after all have ended
 */
export async function runTogether<Result>(
  memory: EngineMemory,
  prepare: PrepareGradients,
  count: number,
  run: (evaluate: Evaluate, chain: number) => Promise<Result>,
): Promise<Result[]> {
  const mark = memory.mark();
  try {
    const evaluateAll = prepare(count);
    let running = count;
    let waiting: Request[] = [];
    const evaluateWhenAllWait = async () => {
      if (waiting.length === 0 || waiting.length < running) return;
      const requests = waiting;
      waiting = [];
      try {
        const results = await evaluateAll(requests.map(({ position }) => position));
        requests.forEach((request, k) => {
          request.resolve(results[k]);
        });
      } catch (error) {
        for (const request of requests) request.reject(error);
      }
    };
    const evaluate: Evaluate = (position) =>
      new Promise((resolve, reject) => {
        waiting.push({ position, resolve, reject });
        void evaluateWhenAllWait();
      });
    const chains = Array.from({ length: count }, async (_, chain) => {
      try {
        return await run(evaluate, chain);
      } finally {
        running--;
        void evaluateWhenAllWait();
      }
    });
    // The memory may be released only after the last chain has ended.
    const ended = await Promise.allSettled(chains);
    return ended.map((end) => {
      if (end.status === "rejected") throw end.reason;
      return end.value;
    });
  } finally {
    memory.release(mark);
  }
}
