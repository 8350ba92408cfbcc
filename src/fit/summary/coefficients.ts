import type { Convergence } from "../../diagnostics/certificate/certificate.ts";
import type { ScoredNumber } from "../../diagnostics/statistics/score-interval.ts";
import type { SummaryStatistics } from "../../diagnostics/statistics/summary-statistics.ts";
import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import type { NamedDraws } from "../../prediction/predictive-fit.ts";
import type { ChainOutput } from "../../sampling/plan.ts";

/** One coefficient of the posterior; all but `standardized` on the original scale of the data. */
export interface Coefficient {
  readonly name: string;
  /**
   * Mean and sd over every step of the chains that was counted, not only over the draws that were kept; of Hamiltonian dynamics under the
   * weights that the scores give the steps (theory/score-controls.ts).
   */
  readonly mean: number;
  readonly sd: number;
  readonly "hdi_3%": number;
  readonly "hdi_97%": number;
  /** Monte Carlo standard errors of `mean`, `sd` and the interval's ends. */
  readonly mcse_mean: number | null;
  readonly mcse_sd: number | null;
  readonly "mcse_hdi_3%": number | null;
  readonly "mcse_hdi_97%": number | null;
  readonly ess_bulk: number | null;
  readonly ess_tail: number | null;
  readonly r_hat: number | null;
  /** The scale on which the sampler and the priors live; the intercept is that of the centred design. */
  readonly standardized: {
    readonly mean: number;
    readonly sd: number;
    readonly predictedSd: number;
    readonly laplaceMean: number;
    readonly laplaceSd: number;
    /** How far the mode would move under priors ten times as wide, in posterior sds; absent if unknown. */
    readonly priorShift?: number;
  };
}

/** What the certificate needs to know about a coefficient. */
export function convergenceOf(coefficient: Coefficient): Convergence {
  const { name, sd, mcse_sd, ess_bulk, r_hat } = coefficient;
  const ends = [coefficient["mcse_hdi_3%"], coefficient["mcse_hdi_97%"]];
  const isKnown = (error: number | null): error is number => error !== null && sd > 0;
  return {
    name,
    essBulk: ess_bulk ?? 0,
    rHat: r_hat ?? 1,
    ...(isKnown(mcse_sd) && { sdError: mcse_sd / sd }),
    ...(ends.every(isKnown) && { endError: Math.max(...ends.map(Number)) / sd }),
  };
}

/** What a summary takes of a run whose draws' covariance matrix is held. */
export interface SummarisedRun {
  readonly curvature: "dense";
  readonly local: Pick<DenseApproximation, "workspace" | "model" | "mode" | "laplaceCovariance">;
  readonly plan: { readonly prediction: { readonly covariance: Matrix } };
  readonly output: ChainOutput;
}

export interface PosteriorTable {
  readonly coefficients: readonly Coefficient[];
  readonly draws: NamedDraws;
}

/** What a run says of each parameter, by its index, on the scale of the data. */
export interface Marginals {
  readonly draws: NamedDraws;
  /** The kept draws: one array a chain. */
  drawsOf(index: number): readonly Float64Array[];
  /** Positions between the draws too, where some were kept. */
  traceOf?(index: number): readonly Float64Array[];
  /** Moments, their Monte Carlo errors, and what is on the standardised scale. */
  momentsOf(index: number, trace: readonly Float64Array[], statistics: SummaryStatistics): Moments;
}

export interface Moments extends Pick<Coefficient, "mean" | "sd" | "standardized"> {
  readonly mcseMean: number;
  readonly mcseSd: number;
  /** Where scores made them known better: the number's own, which its interval can be made of too. */
  readonly scored?: ScoredNumber;
}
