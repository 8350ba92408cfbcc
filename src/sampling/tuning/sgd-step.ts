import { NotPositiveDefiniteError } from "../../linalg/cholesky.ts";
import { identity, type Matrix, scale } from "../../linalg/matrix.ts";
import type { PreconditionerName } from "../../options/tuning.ts";
import { momentumFullExactStep, withMomentum } from "../../theory/momentum.ts";
import * as optimal from "../../theory/optimal.ts";
import { missingNoise } from "./plan-sgd.ts";

/** Where the optimal settings of constant-rate SGD come from. */
export const sgdTheorems: Readonly<Record<PreconditionerName, string>> = {
  scalar: "Theorem 1: ε = 2SD/(N Tr C)",
  diagonal: "Corollary 3: H_kk = 2S/(N C_kk)",
  "sqrt-diagonal": "Theorem 7: H = ε diag(C)^(-1/2), ε = 2SD/(N Tr(C G⁻¹))",
  full: "Theorem 2: H = (2S/N) C⁻¹",
  "full-exact": "Theorem 2, exact at finite step: H = 2 (A + (N/S) C)⁻¹, C averaged over the posterior",
};

export interface SgdStep {
  /** H, as a whole: the learning rate is in it. */
  readonly step: Matrix;
  /** Q, where gradient noise is missing in some direction and `full-exact` injects it. */
  readonly injectedNoise?: Matrix;
  readonly learningRate: number;
  readonly notes: readonly string[];
}

/**
 * The optimal step of SGD, or with μ < 1 of SGD with momentum.
 * @param given with C averaged over the posterior for `full-exact`, at the mode for the paper's settings
 * @param asked the learning rate that takes the optimal one's place
 * @throws SamplerOptionError where C does not allow the preconditioner
 */
export function chooseSgdStep(
  preconditioner: PreconditionerName,
  given: optimal.NoiseAndCurvature,
  asked?: number,
  momentum = 1,
): SgdStep {
  const slowed = withMomentum(given, momentum);
  const best =
    preconditioner === "full-exact"
      ? momentumFullExactStep(given, momentum)
      : { step: inexactStep(preconditioner, slowed), injectedNoise: undefined };
  const notes: string[] = [];
  if (best.injectedNoise)
    notes.push("The gradient noise does not reach every direction, so the missing part is injected as normal noise.");
  const bestRate = learningRateOf(preconditioner, slowed);
  if (asked === undefined || asked === bestRate) return { ...best, learningRate: bestRate, notes };
  notes.push(
    `The learning rate is ${asked}, the theory's is ${bestRate.toPrecision(4)}: the predicted sds below show what the difference costs.`,
  );
  return { ...best, step: scale(best.step, asked / bestRate), learningRate: asked, notes };
}

function inexactStep(name: PreconditionerName, given: optimal.NoiseAndCurvature): Matrix {
  try {
    if (name === "scalar") return identity(given.hessian.rows, optimal.scalarLearningRate(given));
    if (name === "diagonal") return optimal.diagonalPreconditioner(given);
    if (name === "sqrt-diagonal") return optimal.sqrtDiagonalPreconditioner(given);
    return optimal.fullPreconditioner(given);
  } catch (error) {
    if (!(error instanceof NotPositiveDefiniteError)) throw error;
    throw missingNoise(name);
  }
}

/** ε in H = ε I, ε diag(C)⁻¹, ε diag(C)^(-1/2), ε C⁻¹ and ε ((S/N) A + C)⁻¹; with momentum μS is in place of S. */
function learningRateOf(name: PreconditionerName, given: optimal.NoiseAndCurvature): number {
  if (name === "scalar") return optimal.scalarLearningRate(given);
  if (name === "sqrt-diagonal") {
    const first = optimal.sqrtDiagonalPreconditioner(given).data[0];
    return first * Math.sqrt(given.noiseCovariance.data[0]);
  }
  return (2 * given.batchSize) / given.numRows;
}
