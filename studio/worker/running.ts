import { mean, variance } from "../../src/diagnostics/statistics/autocovariance.ts";
import { bulkEffectiveSampleSize } from "../../src/diagnostics/statistics/effective-sample-size.ts";
import { pool } from "../../src/diagnostics/statistics/ordered-draws.ts";
import { rHat } from "../../src/diagnostics/statistics/r-hat.ts";
import type { DrawsSoFar } from "../../src/fit/watched.ts";
import type { RunningDraws } from "./protocol.ts";

/** Parameters that are followed, and points of a trace: what fits on a screen. */
const mostFollowed = 12;
const mostPoints = 240;
/** Draws of a chain that running estimates are made of, so that they take milliseconds however long the run. */
const mostDraws = 2000;

/** What a page shows of a run that goes on: of the first parameters traces, means, sds, effective draws and R̂. */
export function runningDraws({ draws, names }: DrawsSoFar): RunningDraws {
  const followed = names.slice(0, mostFollowed).map((name) => draws.get(name)!);
  const count = Math.min(...(followed[0] ?? []).map(({ length }) => length));
  const thinned = followed.map((chains) => chains.map((chain) => every(chain.subarray(0, count), mostDraws)));
  return {
    draws: count,
    more: names.length - followed.length,
    traces: thinned.map((chains) => chains.map((chain) => Float32Array.from(every(chain, mostPoints)))),
    estimates: thinned.map((chains, k) => ({ name: names[k], ...estimateOf(chains) })),
  };
}

function estimateOf(chains: readonly Float64Array[]) {
  if (chains.length === 0 || chains[0].length < 8)
    return { mean: Number.NaN, sd: Number.NaN, essBulk: Number.NaN, rHat: Number.NaN };
  const all = pool(chains);
  return {
    mean: mean(all),
    sd: Math.sqrt(variance(all)),
    essBulk: bulkEffectiveSampleSize(chains),
    rHat: rHat(chains),
  };
}

/** About so many of the values, evenly spaced. */
function every(values: Float64Array, most: number): Float64Array {
  const step = Math.ceil(values.length / most);
  return step <= 1
    ? values
    : Float64Array.from({ length: Math.floor(values.length / step) }, (_, k) => values[k * step]);
}
