import type { ScaledDesign } from "../../design/columns/standardise.ts";
import { intervalEnds } from "../../diagnostics/statistics/interval-ends.ts";
import { orderDraws } from "../../diagnostics/statistics/ordered-draws.ts";
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
    const ends = intervalEnds(trace, trace === kept ? ordered : orderDraws(trace));
    const { mean, sd, mcseMean, mcseSd, standardized } = marginals.momentsOf(index, trace, statistics);
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

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
