// The words for what the kernels' records hold numbers for.
import {
  Gradient as GradientCode,
  MatrixKind as MatrixCode,
  NoiseEstimate as NoiseCode,
} from "../../../kernels/layout/chain.ts";
import { Family as FamilyCode } from "../../../kernels/layout/model.ts";
import { GramKind as GramCode } from "../../../kernels/layout/pass.ts";
import { PriorKind as PriorCode } from "../../../kernels/layout/prior.ts";
import type { FamilyName } from "../../families/families.ts";
import type { ShapedPriorKind } from "../../priors/density.ts";

/** By the families' names; the line of this list that a new family takes. */
export const familyCodes: Readonly<Record<string, FamilyCode>> = {
  gaussian: FamilyCode.gaussian,
  bernoulli: FamilyCode.bernoulli,
  // A bernoulli row whose target is the fraction of successes, and whose weight has the trials as a factor.
  binomial: FamilyCode.bernoulli,
  categorical: FamilyCode.categorical,
  poisson: FamilyCode.poisson,
  "negative-binomial": FamilyCode.negativeBinomial,
  "student-t": FamilyCode.studentT,
  // Not read: the kernels see no rows of such a model.
  custom: FamilyCode.gaussian,
} satisfies Record<FamilyName | "custom", FamilyCode>;

/**
 * What a pass sums into its Gram matrix: nothing, the Hessian, the second moment of a row's gradient or of its control-variate
 * residual ∇f(θ) − ∇f(θ̂) − ∇²f(θ̂)(θ − θ̂), or numbers that are given for the rows.
 */
export type GramKind = "none" | "curvature" | "squared-gradient" | "squared-residual" | "given";

export const gramCodes: Readonly<Record<GramKind, GramCode>> = {
  none: GramCode.none,
  curvature: GramCode.curvature,
  "squared-gradient": GramCode.squaredGradient,
  "squared-residual": GramCode.squaredResidual,
  given: GramCode.given,
};

/** ĝ of a chain: the mean gradient of a batch, or of its rows' control-variate residuals. */
export type GradientKind = "minibatch" | "control-variate";

export const gradientCodes: Readonly<Record<GradientKind, GradientCode>> = {
  minibatch: GradientCode.minibatch,
  "control-variate": GradientCode.controlVariate,
};

export const matrixCodes = {
  none: MatrixCode.none,
  scalar: MatrixCode.scalar,
  diagonal: MatrixCode.diagonal,
  dense: MatrixCode.dense,
} as const;

/** Which rows of a batch a chain estimates C from. */
export type NoiseEstimateKind = "first-row" | "within-batch";

export const noiseCodes: Readonly<Record<NoiseEstimateKind, NoiseCode>> = {
  "first-row": NoiseCode.firstRow,
  "within-batch": NoiseCode.withinBatch,
};

export const priorCodes: Readonly<Record<ShapedPriorKind, PriorCode>> = {
  "student-t": PriorCode.studentT,
  laplace: PriorCode.laplace,
  gamma: PriorCode.gamma,
  "half-student-t": PriorCode.halfStudentT,
  "half-normal": PriorCode.halfNormal,
  "partial-correlation": PriorCode.partialCorrelation,
};

export function priorKindOf(code: number): ShapedPriorKind {
  return (Object.keys(priorCodes) as ShapedPriorKind[]).find((kind) => priorCodes[kind] === code)!;
}
