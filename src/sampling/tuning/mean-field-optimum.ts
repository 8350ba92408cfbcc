import { cholesky, choleskySolve } from "../../linalg/cholesky.ts";
import { diagonal, type Matrix, multiplyVector, scaleRowsAndColumns } from "../../linalg/matrix.ts";
import type { Xoshiro } from "../../rng/xoshiro.ts";
import type { LossAndGradient } from "../../rows/full-gradients.ts";

/** A normal law with independent coordinates, q = N(m, diag(s²)). */
export interface MeanField {
  /** m, M */
  readonly mean: Float64Array;
  /** s, M */
  readonly sd: Float64Array;
}

/** The loss U = −log p around its mode: U ≈ ½ (θ − θ*)ᵀ Λ (θ − θ*), Λ = N A. */
export interface Expansion {
  /** θ*, M */
  readonly mode: Float64Array;
  /** Λ, M×M */
  readonly precision: Matrix;
}

export interface OptimumOptions {
  /** How well the optimum is to be known: m to this many sds, log s to this much. */
  readonly goal: number;
  readonly maxIterations: number;
  readonly onIteration?: (fraction: number) => void;
  /** Where to begin; m = θ* and s_k² = 1/Λ_kk unless told. */
  readonly start?: MeanField;
}

export interface Optimum extends MeanField {
  readonly converged: boolean;
  /** The largest error of a coordinate of m, in sds, or of log s: the mean Newton step and two standard errors of it. */
  readonly error: number;
  readonly iterations: number;
}

/** Antithetic pairs m ± s∘z an iteration. */
export const pairsPerIteration = 2;
const firstBlock = 10;
/** The step sizes ρ_t = (1 + t/10)^(−0.7) satisfy Robbins and Monro's conditions and suit averaging (Polyak & Juditsky 1992). */
const rateOf = (iteration: number) => (1 + iteration / 10) ** -0.7;

/**
 * The q = N(m, diag(s²)) that maximises the evidence lower bound −E_q U + Σ log s, by reparameterisation gradients:
 * θ = m + s∘z gives ∂/∂m = −E ∇U(θ) and, over s² by Stein's identity, ∂²-term c_k = E[∂_k U(θ) z_k]/s_k; at the optimum
 * E ∇U = 0 and c_k = 1/s_k².
 *
 * Only what is not quadratic in U is left to chance: ∇U = Λ (θ − θ*) + r(θ), the mean of the first term is known, and r is
 * averaged over antithetic pairs. The estimates stay unbiased, and for a quadratic loss they have no noise at all.
 * Steps: 1/s² ← (1 − ρ)/s² + ρ c (natural gradient) and m ← m − ρ S R⁻¹ S E ∇U, R the correlation form of Λ and
 * S = diag(s): Newton's step where the curvature has changed by factors. Blocks of 10, 20, 40, … iterations are averaged
 * until the mean step of a block and two standard errors of it are within the goal.
 *
 * Source: Kingma & Welling (2014), section 2.4, and Kucukelbir et al. (2015) for the gradient; Khan & Lin (2017) for the
 * step in 1/s².
 * @param evaluate ∇U at several points
 */
export async function meanFieldOptimum(
  evaluate: (positions: readonly Float64Array[]) => Promise<Pick<LossAndGradient, "gradient">[]>,
  { mode, precision }: Expansion,
  random: Xoshiro,
  { goal, maxIterations, onIteration, start }: OptimumOptions,
): Promise<Optimum> {
  const dimension = mode.length;
  const curvature = diagonal(precision);
  const scale = curvature.map((value) => 1 / Math.sqrt(value));
  const correlationFactor = cholesky(scaleRowsAndColumns(precision, scale, scale));
  const mean = Float64Array.from(start?.mean ?? mode);
  const sd = Float64Array.from(start?.sd ?? scale);

  /** Newton's step at (m, s) from one iteration's draws: in sds of m, and in log s. */
  async function newtonStep(): Promise<{ ofMean: Float64Array; ofLogSd: Float64Array; fixedPoint: Float64Array }> {
    const deviates = Array.from({ length: pairsPerIteration }, () => mean.map(() => random.normal()));
    const points = deviates.flatMap((z) => [1, -1].map((sign) => mean.map((m, k) => m + sign * sd[k] * z[k])));
    const residuals = (await evaluate(points)).map(({ gradient }, i) => {
      const linear = multiplyVector(
        precision,
        points[i].map((value, k) => value - mode[k]),
      );
      return gradient.map((value, k) => value - linear[k]);
    });
    const slope = multiplyVector(
      precision,
      mean.map((value, k) => value - mode[k]),
    );
    const fixedPoint = curvature.slice();
    deviates.forEach((z, pair) => {
      const [plus, minus] = [residuals[2 * pair], residuals[2 * pair + 1]];
      for (let k = 0; k < dimension; k++) {
        slope[k] += (plus[k] + minus[k]) / (2 * pairsPerIteration);
        fixedPoint[k] += (z[k] * (plus[k] - minus[k])) / (2 * pairsPerIteration * sd[k]);
      }
    });
    const whitened = choleskySolve(
      correlationFactor,
      slope.map((value, k) => sd[k] * value),
    );
    return {
      ofMean: whitened.map((value) => -value),
      ofLogSd: fixedPoint.map((value, k) => 0.5 * (1 - value * sd[k] ** 2)),
      fixedPoint,
    };
  }

  let iterations = 0;
  for (let length = firstBlock; ; length *= 2) {
    const sums = { mean: new Float64Array(dimension), logSd: new Float64Array(dimension) };
    const steps = new Float64Array(2 * dimension);
    const squares = new Float64Array(2 * dimension);
    for (let i = 0; i < length; i++) {
      const { ofMean, ofLogSd, fixedPoint } = await newtonStep();
      const rate = rateOf(iterations++);
      for (let k = 0; k < dimension; k++) {
        steps[k] += ofMean[k] / length;
        squares[k] += ofMean[k] ** 2 / length;
        steps[dimension + k] += ofLogSd[k] / length;
        squares[dimension + k] += ofLogSd[k] ** 2 / length;
        // Far from the optimum a single estimate may be wild: at most two sds, and a doubling of s.
        mean[k] += Math.max(-2, Math.min(2, rate * ofMean[k])) * sd[k];
        const wanted = Math.max(fixedPoint[k], 0.25 / sd[k] ** 2);
        sd[k] = 1 / Math.sqrt((1 - rate) / sd[k] ** 2 + rate * wanted);
        sums.mean[k] += mean[k] / length;
        sums.logSd[k] += Math.log(sd[k]) / length;
      }
      onIteration?.(iterations / maxIterations);
    }
    // Steps make good for the noise of earlier ones, so their mean alone would look smaller than the error is.
    const error = steps.reduce((largest, mean, k) => {
      const standardError = Math.sqrt(Math.max(0, squares[k] - mean ** 2) / length);
      return Math.max(largest, Math.abs(mean) + 2 * standardError);
    }, 0);
    const converged = error <= goal && length > firstBlock;
    if (converged || iterations + 2 * length > maxIterations) {
      return { mean: sums.mean, sd: sums.logSd.map(Math.exp), converged, error, iterations };
    }
  }
}
