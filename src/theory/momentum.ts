import { add, congruence, type Matrix, multiply, scale, transpose } from "../linalg/matrix.ts";
import { fullExactPreconditioner, injectedNoiseFraction, type NoiseAndCurvature } from "./optimal.ts";

/**
 * Stochastic gradient descent with momentum, v ← (1 − μ) v − H ĝ(θ) + ξ, θ ← θ + v, μ in (0, 1], for a quadratic loss.
 *
 * Continuous time (Mandt, Hoffman & Blei 2017, section 4.3 and appendix D): μ (HAΣ + ΣAH) = HCH/S, so only H/(μS)
 * matters, and every optimal setting is that of plain SGD with μS in place of S (`withMomentum`).
 *
 * At a finite step (not in the paper): z = (θ, v) obeys z ← M z + noise, M = [[I − HA, (1−μ)I], [−HA, (1−μ)I]], noise
 * covariance F in all four blocks, F = HCH/S + Q. In the eigenbasis of HA this splits into four equations for each pair of
 * directions. Let a, b be the pair's eigenvalues, f its entry of F, k = 1 − μ, and p, q, r, s the stationary E θ_i θ_j,
 * E θ_i v_j, E v_i θ_j, E v_i v_j. From θ' = θ + v', v' = k v − aθ + noise:
 *   E θ'θ' = p:  k (q + r) − (a + b) p + s = 0
 *   E θ'v' = q:  q = (s − b p)/μ,  r = (s − a p)/μ
 *   E v'v' = s:  (1 − k²) s = − k b r − k a q + a b p + f
 * The first two give s = (a + b) p/(2 − μ); then
 *   p [μ (a + b) − μ a b/(2 − μ) + (1 − μ) (a − b)²/(μ (2 − μ))] = f.
 * For a = b it is p = f (2 − μ)/(μ a (2 (2 − μ) − a)), stable where a < 2 (2 − μ).
 */
export function momentumDivisor(left: number, right: number, momentum: number): number {
  return (
    momentum * (left + right) - (momentum / (2 - momentum)) * left * right + exchangeDivisor(left, right, momentum)
  );
}

/** (1 − μ) (a − b)²/(μ (2 − μ)): the part of `momentumDivisor` between directions that contract at different rates. */
export function exchangeDivisor(left: number, right: number, momentum: number): number {
  return ((1 - momentum) * (left - right) ** 2) / (momentum * (2 - momentum));
}

/** Eigenvalues of HA have to stay below 2 (2 − μ). */
export function momentumStabilityLimit(momentum: number): number {
  return 2 * (2 - momentum);
}

/**
 * Covariance of z = (θ, v), 2D×2D, given that of θ: V = (HAΣ + ΣAH)/(2 − μ) of the velocity and E θ vᵀ = (V − ΣAH)/μ.
 * Both depend on the noise only through Σ, so they also hold for noise that depends on the state.
 */
export function stateCovariance(
  { preconditioner, hessian, momentum }: { preconditioner: Matrix; hessian: Matrix; momentum: number },
  covariance: Matrix,
): Matrix {
  const size = covariance.rows;
  const pulled = multiply(covariance, multiply(hessian, preconditioner));
  const velocity = scale(add(pulled, transpose(pulled)), 1 / (2 - momentum));
  const cross = scale(add(velocity, pulled, 1, -1), 1 / momentum);
  const data = new Float64Array(4 * size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      data[2 * size * i + j] = covariance.data[size * i + j];
      data[2 * size * i + size + j] = cross.data[size * i + j];
      data[2 * size * (size + j) + i] = cross.data[size * i + j];
      data[2 * size * (size + i) + size + j] = velocity.data[size * i + j];
    }
  }
  return { rows: 2 * size, columns: 2 * size, data };
}

/**
 * Integrated autocorrelation time, in steps, of a direction with eigenvalue λ of HA: 2 [(I − M)⁻¹ Z]_θθ/Z_θθ − 1, Z the
 * stationary covariance of the direction's (θ, v) and (I − M)⁻¹ = λ⁻¹ [[μ, 1−μ], [−λ, λ]], which is
 * τ = μ (2 − λ/(2 − μ))/λ. At the full step that is optimal at finite time it is N c/(S a) for any μ, where c and a are
 * the noise and the curvature of the direction: momentum makes independent draws neither more nor less frequent. Not in
 * the paper.
 */
export function momentumAutocorrelationTime(rate: number, momentum: number): number {
  return (momentum * (2 - rate / (2 - momentum))) / rate;
}

/** Turns the optimal settings of plain SGD into those with momentum: μS in place of S. */
export function withMomentum(given: NoiseAndCurvature, momentum: number): NoiseAndCurvature {
  return { ...given, batchSize: momentum * given.batchSize };
}

/**
 * Full preconditioner with momentum, exact at a finite step: H* = 2 (A/(2 − μ) + (N/(Sμ)) C + (N/μ) E Eᵀ)⁻¹ makes Σ = P,
 * for any step size; Q = H E Eᵀ H is injected where gradient noise is missing. Derivation: with Σ = P, HAΣ = H/N, so
 * V = 2H/(N (2 − μ)) and E θ vᵀ = V/2 (`stateCovariance`); put into the equation of E v'v' above,
 *   2μ H/N = μ HAH/(N (2 − μ)) + HCH/S + H E Eᵀ H,
 * where every term except the first is H(·)H. With C averaged over P it allows for noise that depends on the state; with
 * μ = 1 it is `fullExactStep`. E Eᵀ = α A/N, where α is the smallest that keeps the eigenvalues of HA at most μ. Not in
 * the paper.
 */
export function momentumFullExactStep(
  given: NoiseAndCurvature,
  momentum: number,
): { step: Matrix; injectedNoise?: Matrix } {
  const { hessian, numRows } = given;
  const wanted = 2 - momentum / (2 - momentum);
  const fraction = wanted * injectedNoiseFraction({ ...given, batchSize: wanted * given.batchSize });
  const slowed = withMomentum({ ...given, hessian: scale(hessian, 1 / (2 - momentum)) }, momentum);
  const step = fullExactPreconditioner(slowed, scale(hessian, fraction / (numRows * momentum)));
  return fraction > 0 ? { step, injectedNoise: congruence(step, scale(hessian, fraction / numRows)) } : { step };
}
