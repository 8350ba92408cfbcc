import type { Density, Derivatives, KindOfPrior, ShapedPriorKind } from "./density.ts";
import { exponential } from "./exponential.ts";
import { gamma } from "./gamma.ts";
import { halfNormal } from "./half-normal.ts";
import { halfStudentT } from "./half-student-t.ts";
import { laplace } from "./laplace.ts";
import { normal } from "./normal.ts";
import { type PartialCorrelationPrior, partialCorrelation } from "./partial-correlation.ts";
import { studentT } from "./student-t.ts";

/** The laws of coefficients: all have a mean, and a width called scale but for the normal law's sd. */
export const coefficientDensities = [normal, studentT, laplace] as const;
/** The laws of positive parameters. */
export const scaleDensities = [exponential, halfNormal, halfStudentT, gamma] as const;

type PriorOf<Law> = Law extends Density<infer Prior> ? Prior : never;

/** A prior on one coefficient, on the standardised scale. */
export type Prior = PriorOf<(typeof coefficientDensities)[number]>;
/** A prior on a positive parameter s: a noise scale σ, a dispersion α, degrees of freedom ν. */
export type ScalePrior = PriorOf<(typeof scaleDensities)[number]>;

type AnyPrior = Prior | ScalePrior | PartialCorrelationPrior;

const all = [
  ...coefficientDensities,
  ...scaleDensities,
  partialCorrelation,
] as readonly KindOfPrior[] as readonly Density<AnyPrior>[];

/** The law of a prior. */
export function densityOf(prior: AnyPrior): Density<AnyPrior> {
  return all.find(({ kind }) => kind === prior.kind)!;
}

/** −log p and its derivatives at a coefficient x, or at the logarithm x of a positive parameter, up to a constant. */
export function negativeLogDensity(prior: AnyPrior, x: number): Derivatives {
  return densityOf(prior).at(prior, x);
}

/** The prior that a record of the kernels holds. */
export function priorOfKernel(kind: ShapedPriorKind, [a, b, c]: readonly [number, number, number]): AnyPrior {
  return all.find(({ kernel }) => kernel?.kind === kind && kernel.priorOf)!.kernel!.priorOf!(a, b, c);
}
