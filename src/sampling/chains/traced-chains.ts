import { traitsOf } from "../../rows/rows-of.ts";
import type { ChainOutput } from "../plan.ts";
import type { ChainSpec, Start } from "./chain-spec.ts";
import { runChains } from "./run-chains.ts";

/** Numbers that positions between the draws may take, of all chains. */
const maxNumbers = 1e6;
/** Ends of intervals need a few positions a draw; the sd of e^τ, which the moments of τ do not tell, as many as are independent. */
const positionsPerDraw = { plain: 4, exponential: 16 };

/**
 * Runs the chains and keeps their positions at some times between the draws too, where draws are several autocorrelation times
 * apart. The draws are the same as without.
 */
export async function runTracedChains(
  local: Start,
  spec: ChainSpec,
  autocorrelationTime: number,
): Promise<ChainOutput> {
  const times = positionsFor(spec, autocorrelationTime);
  if (times === 1) return runChains(local, spec);
  const { draws, model } = spec;
  const run = await runChains(local, { ...spec, draws: times * draws, stepsPerDraw: spec.stepsPerDraw / times });
  const pick = (chain: Float64Array, of: (at: number, j: number) => number) =>
    Float64Array.from({ length: chain.length / times }, (_, k) => {
      const j = k % model.dimension;
      return of(((k - j) / model.dimension) * times, j);
    });
  const at = (chain: Float64Array, row: number, j: number) => chain[row * model.dimension + j];
  return {
    ...run,
    draws,
    positions: run.positions.map((chain) => pick(chain, (row, j) => at(chain, row + times - 1, j))),
    intervalMeans: run.intervalMeans.map((chain) =>
      pick(chain, (row, j) => {
        let sum = 0;
        for (let k = 0; k < times; k++) sum += at(chain, row + k, j);
        return sum / times;
      }),
    ),
    trace: run.positions,
  };
}

/**
 * Independent draws of which more are made than kept, where that is cheap; those that are kept are the same as without.
 * @param draw one chain of so many draws, draws × M row-major
 */
export function tracedDraws(
  { chains, draws, dimension }: Pick<ChainOutput, "chains" | "draws" | "dimension">,
  draw: (chain: number, count: number) => Float64Array,
): Pick<ChainOutput, "positions" | "trace"> {
  const times = Math.min(positionsPerDraw.plain, Math.floor(maxNumbers / (chains * draws * dimension)));
  const trace = Array.from({ length: chains }, (_, chain) => draw(chain, Math.max(1, times) * draws));
  if (times <= 1) return { positions: trace };
  return { positions: trace.map((values) => values.slice(0, draws * dimension)), trace };
}

function positionsFor(
  { model, chains, draws, stepsPerDraw, momentEvery }: ChainSpec,
  autocorrelationTime: number,
): number {
  const { auxiliaries, dimension } = model;
  // The noise scale's posterior has no far tail; those of shapes may.
  const wanted = auxiliaries.some(({ isScale }) => !isScale) ? positionsPerDraw.exponential : positionsPerDraw.plain;
  const most = !traitsOf(model).areInMemory
    ? 1
    : Math.min(wanted, stepsPerDraw / autocorrelationTime, maxNumbers / (chains * draws * dimension));
  let times = Math.max(1, Math.floor(most));
  while (times > 1 && stepsPerDraw % (times * momentEvery) !== 0) times--;
  return times;
}
