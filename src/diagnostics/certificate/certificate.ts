import type { Tuning } from "../../options/tuning.ts";
import type { AssumptionCheck } from "./assumptions.ts";
import type { MonteCarloErrors, Precision } from "./precision.ts";

export type Verdict = "ok" | "warning" | "failed";

/**
 * A check that is not one of the paper's assumptions, such as whether the chains converged and whether the draws follow
 * their predicted law.
 */
export interface RunCheck {
  readonly id:
    | "convergence"
    | "prediction"
    | "accuracy"
    | "nuts"
    | "prior"
    | "exact"
    | "quadrature"
    | "crossed"
    | "update"
    | "shift";
  readonly passed: boolean;
  /** Not passed, but by so little that the verdict is a warning. */
  readonly slight?: boolean;
  readonly message: string;
}

/** What the theory predicts for a run, what was measured, and which check failed. */
export interface Certificate {
  readonly verdict: Verdict;
  /** KL from the draws' normal law to the Laplace posterior, nats. */
  readonly klToLaplace: { readonly predicted: number | null; readonly measured: number | null };
  /**
   * Largest relative error of a posterior sd. For constant SGD against the Laplace posterior; for control variates
   * predicted by halving the step, and measured against the sds extrapolated to step 0.
   */
  readonly maxSdError: { readonly predicted: number | null; readonly measured: number | null };
  /** What chance adds to that. */
  readonly monteCarlo: MonteCarloErrors;
  /** null if there are too many coefficients to compute it. */
  readonly informationRatio: number | null;
  readonly meanSquareStable: boolean;
  readonly largestStableScale: number | null;
  readonly assumptions: readonly AssumptionCheck[];
  readonly checks: readonly RunCheck[];
  /** How well the groups' effects were integrated out; absent without group terms. */
  readonly quadrature?: QuadratureFindings;
  /** What the numbers depend on besides the data, and other things that the reader should know. */
  readonly notes: readonly string[];
}

/** The numerical integration over groups' effects, with errors in posterior sds of the parameter that is off most. */
export interface QuadratureFindings {
  /** Nodes of the innermost effects, per dimension. */
  readonly nodes: number;
  /** Nodes of the outer factor's effects, where factors are nested. */
  readonly outerNodes?: number;
  /** How far more nodes would move a parameter. */
  readonly error: number;
  /** Where Laplace's approximation, which is one node, would be; absent where it is exact. */
  readonly laplace?: { readonly largestShift: number; readonly coefficient: string };
}

/** What the certificate needs to know of one reported coefficient. */
export interface Convergence extends Precision {
  readonly essBulk: number;
  readonly rHat: number;
}

/** What a certificate takes beside the run. */
export interface CertificateContext {
  readonly coefficients: readonly Convergence[];
  readonly options: Tuning & { readonly tolerance: number };
  /** Checks of what the sampler was given, whatever it makes of it. */
  readonly checks: readonly RunCheck[];
  /** What else should be said, and no reason to doubt. */
  readonly remarks: readonly string[];
  /** What the reader should be warned of. */
  readonly notes: readonly string[];
}

/** What was found of a run, with as much of the curvature as is held. */
export interface Findings
  extends Pick<
    Certificate,
    | "klToLaplace"
    | "maxSdError"
    | "informationRatio"
    | "largestStableScale"
    | "assumptions"
    | "checks"
    | "notes"
    | "quadrature"
  > {
  /** Checks or assumptions that leave the verdict at "warning" where they failed, beside those that make it "failed". */
  readonly isDoubtful: boolean;
  /** Assumptions that the sampler's law rests on, and that failed. */
  readonly isUnfounded: boolean;
}

/** What is no finite number is not known. */
export function numberOrNull(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
