import {
  add,
  congruence,
  identity,
  largestEntry,
  type Matrix,
  mapEntries,
  multiply,
  scale,
  trace,
  transpose,
} from "../linalg/matrix.ts";
import { exchangeDivisor, momentumStabilityLimit } from "./momentum.ts";
import { discreteStationaryCovariance, type LinearSgd, stepEigenbasis } from "./stationary.ts";

/**
 * How the gradient noise depends on the spread of the iterates. Both functions take Σ (D×D), the covariance of θ
 * around θ*, positive semidefinite; they may sum over data, hence the promises.
 */
export interface StateDependentNoise {
  /** C̄(Σ) = E_{θ ~ N(θ*, Σ)} C(θ). */
  averagedOver(covariance: Matrix): Promise<Matrix>;
  /**
   * The part that grows with Σ, to first order: (1/N) Σ_n w_n² (x_nᵀ Σ x_n) x_n x_nᵀ − A Σ A, w_n the row's curvature.
   * Linear in Σ; it decides whether the second moment of the iterates stays finite.
   */
  multiplicative(covariance: Matrix): Promise<Matrix>;
}

/** The chain has no finite stationary covariance. */
export class UnstableError extends Error {
  override name = "UnstableError";
  constructor(
    /** The preconditioner may be scaled by at most this much before its second moment grows without bound. */
    readonly largestStableScale: number,
  ) {
    // To rounding there may be none.
    const lower =
      largestStableScale > 0
        ? `scale the learning rate by at most ${largestStableScale.toPrecision(3)}`
        : "lower the learning rate";
    super(
      largestStableScale < 1
        ? `This step is not mean-square stable: it overshoots the mode, or rows with high leverage make the gradient noise grow faster than the step contracts it, so the iterates have no finite spread; ${lower}, or raise --batch-size.`
        : "This step carries the iterates so far from the mode that the loss is nothing like quadratic there, and no stable spread can be predicted; lower the learning rate, or raise --batch-size.",
    );
  }
}

/**
 * The largest γ for which γ H is mean-square stable: with 𝓛(Σ) = HAΣ + ΣAH and 𝓠(Σ) = HAΣAH + H N(Σ) H / S (N the
 * multiplicative noise), the second moment of the iterates obeys Σ ← Σ − γ 𝓛(Σ) + γ² 𝓠(Σ) + …, which is stable exactly
 * where γ ρ(𝓛⁻¹ 𝓠) < 1. Both 𝓛⁻¹ and 𝓠 map positive matrices to positive ones, so the power iteration converges to
 * the spectral radius (Perron–Frobenius). Without multiplicative noise this is the classical 2/λ_max(HA). With momentum
 * 𝓠(Σ) = μ/(2−μ) HAΣAH + H N(Σ) H / S and 𝓛 divides entry (i, j) by μ (λ_i + λ_j) + γ x(λ_i, λ_j) (`exchangeDivisor`). It
 * then depends on γ, which is updated in every iteration; both maps stay positive. Not in the paper, whose
 * assumption A2 makes the noise constant.
 */
export async function largestStableScale(
  sgd: LinearSgd,
  noise: Pick<StateDependentNoise, "multiplicative">,
): Promise<number> {
  const { hessian, batchSize, momentum = 1 } = sgd;
  // A step of any length leads to the same γ H; with length 1 no product overflows.
  const unit = largestEntry(sgd.preconditioner);
  const preconditioner = scale(sgd.preconditioner, 1 / unit);
  // In the eigenbasis of HA, where Σ = V S Vᵀ: HAΣAH is λ_i λ_j S_ij, and H N H is Vᵀ N V, because V Vᵀ = H.
  const { rates, basis, inverse } = stepEigenbasis(preconditioner, hessian);
  const { rows } = hessian;
  let inBasis = multiply(inverse, transpose(inverse));
  let covariance = identity(rows);
  let largest = 1;
  for (let iteration = 0; iteration < 60; iteration++) {
    const growth = congruence(transpose(basis), await noise.multiplicative(covariance));
    inBasis = mapEntries(inBasis, (value, i, j) => {
      const [left, right] = [rates[i], rates[j]];
      const source = (momentum / (2 - momentum)) * left * right * value + growth.data[i * rows + j] / batchSize;
      return source / (momentum * (left + right) + largest * exchangeDivisor(left, right, momentum));
    });
    const image = congruence(basis, inBasis);
    const previous = largest;
    largest = trace(covariance) / trace(image);
    // It tends to a matrix of low rank.
    const size = largestEntry(image);
    inBasis = scale(inBasis, 1 / size);
    covariance = scale(image, 1 / size);
    if (iteration > 0 && Math.abs(largest - previous) < 1e-3 * largest) break;
  }
  return largest / unit;
}

/**
 * Stationary covariance with noise that depends on the state: the fixed point of Σ → C̄(Σ) → Σ, with the discrete
 * covariance equation; exact for a linear model (not in the paper).
 * @throws UnstableError where the mean of the iterates or this iteration diverges: the chain is then not mean-square stable
 */
export async function stateDependentCovariance(
  sgd: LinearSgd,
  noise: StateDependentNoise,
): Promise<{ covariance: Matrix; noiseCovariance: Matrix }> {
  const { injectedNoise, ...bare } = sgd;
  const eigenbasis = stepEigenbasis(sgd.preconditioner, sgd.hessian);
  const { rates } = eigenbasis;
  if (rates[rates.length - 1] >= momentumStabilityLimit(sgd.momentum ?? 1))
    throw new UnstableError(await largestStableScale(sgd, noise));
  // The equation is linear, so the iteration does not change the injected noise.
  const none = identity(rates.length, 0);
  const injected = injectedNoise && discreteStationaryCovariance({ ...sgd, noiseCovariance: none }, eigenbasis);
  const covarianceWith = (noiseCovariance: Matrix) => {
    const moved = discreteStationaryCovariance({ ...bare, noiseCovariance }, eigenbasis);
    return injected ? add(moved, injected) : moved;
  };
  let { noiseCovariance } = sgd;
  let covariance = covarianceWith(noiseCovariance);
  const initial = trace(covariance);
  for (let iteration = 0; iteration < 100; iteration++) {
    noiseCovariance = await noise.averagedOver(covariance);
    const next = covarianceWith(noiseCovariance);
    const change = largestEntry(add(next, covariance, 1, -1)) / largestEntry(next);
    covariance = next;
    if (change < 1e-9) return { covariance, noiseCovariance };
    if (!(trace(covariance) < 1e3 * initial)) throw new UnstableError(await largestStableScale(sgd, noise));
  }
  return { covariance, noiseCovariance };
}
