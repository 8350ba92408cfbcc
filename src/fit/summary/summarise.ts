import type { ScaledDesign } from "../../design/columns/standardise.ts";
import { type IntervalEnds, intervalEnds } from "../../diagnostics/statistics/interval-ends.ts";
import { type OrderedDraws, orderDraws } from "../../diagnostics/statistics/ordered-draws.ts";
import { type ScoredNumber, scoreInterval } from "../../diagnostics/statistics/score-interval.ts";
import { statisticsOf } from "../../diagnostics/statistics/summary-statistics.ts";
import type { LowRankRun } from "../../sampling/run.ts";
import type { Coefficient, PosteriorTable, SummarisedRun } from "./coefficients.ts";
import { denseMarginals } from "./dense-marginals.ts";
import { streamedMarginals } from "./streamed-marginals.ts";

/** Puts the chains' output on the scale of the data and summarises it, coefficient by coefficient. */
export function summarise(
  design: ScaledDesign,
  names: readonly string[],
  run: SummarisedRun | LowRankRun,
): PosteriorTable {
  const { onProgress } = run.local.workspace;
  const marginals =
    run.curvature === "dense" ? denseMarginals(design, names, run) : streamedMarginals(design, names, run);
  const coefficients = names.map((name, index): Coefficient => {
    onProgress?.("summarising", index / names.length, { done: index, total: names.length, unit: "coefficients" });
    const kept = marginals.drawsOf(index);
    const trace = marginals.traceOf?.(index) ?? kept;
    const ordered = orderDraws(kept);
    const statistics = statisticsOf(kept, ordered);
    const { mean, sd, mcseMean, mcseSd, standardized, scored } = marginals.momentsOf(index, trace, statistics);
    const ends = endsOf(trace, trace === kept ? ordered : orderDraws(trace), scored);
    return {
      name,
      mean,
      sd,
      "hdi_3%": ends.low,
      "hdi_97%": ends.high,
      mcse_mean: finiteOrNull(mcseMean),
      mcse_sd: finiteOrNull(mcseSd),
      "mcse_hdi_3%": finiteOrNull(ends.lowError),
      "mcse_hdi_97%": finiteOrNull(ends.highError),
      ess_bulk: finiteOrNull(statistics.essBulk),
      ess_tail: finiteOrNull(statistics.essTail),
      r_hat: finiteOrNull(statistics.rHat),
      standardized,
    };
  });
  return { coefficients, draws: marginals.draws };
}

/** By the scores where these tell it better, and else by the draws' smooth tails. */
function endsOf(trace: readonly Float64Array[], ordered: OrderedDraws, scored: ScoredNumber | undefined): IntervalEnds {
  const ofScores = scored && scoreInterval(scored, ordered);
  if (!ofScores) return intervalEnds(trace, ordered);
  const error = ({ lowError, highError }: IntervalEnds) => Math.hypot(lowError, highError);
  // Of a normal law two such quantiles of n draws are off by 1/√n of their distance, and no less by smooth tails than by half of that.
  if (error(ofScores) < (ofScores.high - ofScores.low) / (2 * Math.sqrt(ordered.sorted.length))) return ofScores;
  const ofDraws = intervalEnds(trace, ordered);
  return error(ofScores) < error(ofDraws) ? ofScores : ofDraws;
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
