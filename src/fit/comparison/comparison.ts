import type { DataSummary } from "../../design/data-summary.ts";
import type { Verdict } from "../../diagnostics/certificate/certificate.ts";
import type { PreconditionerName } from "../../options/tuning.ts";
import type { SamplerSettings } from "../../sampling/plan.ts";

/** One sampler's line of the comparison; its numbers are null if it could not be run, with the reason in `message`. */
export interface SamplerComparison {
  readonly sampler: string;
  readonly preconditioner: PreconditionerName | null;
  readonly settings: SamplerSettings | null;
  /**
   * Divergences of the sampler's normal law, in nats; the first two on all rows, the last on the rows of the
   * independent posterior.
   */
  readonly kl: {
    readonly laplacePredicted: number | null;
    readonly laplaceMeasured: number | null;
    readonly reference: number | null;
  };
  /** Largest relative error of an sd, against the independent posterior. */
  readonly worstSdError: number | null;
  /** Largest error of a mean, in sds of the independent posterior. */
  readonly worstMeanError: number | null;
  /** What the Monte Carlo error of both runs alone would make of these numbers. */
  readonly byChance: {
    readonly klLaplace: number;
    readonly klReference: number;
    readonly worstSdError: number;
    readonly worstMeanError: number;
  } | null;
  /** Seconds for choosing the settings and running the chains, on all rows. */
  readonly seconds: number | null;
  /** Rows read in both, over N. */
  readonly passes: number | null;
  /** Smallest bulk effective sample size of a coefficient. */
  readonly ess: number | null;
  /** `ess` per second of running the chains. */
  readonly essPerSecond: number | null;
  /** The verdict of the sampler's certificate, on all rows. */
  readonly verdict: Verdict | null;
  readonly message?: string;
}

/** Every sampler on one problem, on the standardised scale. */
export interface Comparison {
  readonly data: DataSummary;
  readonly family: string;
  readonly formula: string;
  readonly reference: {
    readonly sampler: string;
    /** Number of rows on which accuracy is measured: all, or a random subsample. */
    readonly rows: number;
    /** Effective draws behind its mean or covariance, whichever are fewer; Infinity if it is exact. */
    readonly ess: number;
    /** The KL that its Monte Carlo error alone makes on average. */
    readonly klFloor: number;
  };
  readonly samplers: readonly SamplerComparison[];
  readonly warnings: readonly string[];
  /** Seconds. */
  readonly timing: {
    readonly load: number;
    readonly estimate: number;
    readonly reference: number;
    readonly samplers: number;
    readonly total: number;
  };
}
