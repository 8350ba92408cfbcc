import { cholesky, choleskySolve, NotPositiveDefiniteError } from "../linalg/cholesky.ts";
import { dot, matrix } from "../linalg/matrix.ts";
import { meanOf, type ScoredParameter, splitBy, standardiseScored } from "./scored-parameter.ts";

/** Below this many steps the regression would fit chance. */
const fewestSteps = 1000;
/** A control whose mean is so many standard errors from 0 has another mean: a bound cuts the density off, or the gradient is wrong. */
const mostErrors = 6;
const batchesOfChain = 20;

/**
 * What the gradients at a posterior's draws tell of expectations that no draws have to. For any smooth ψ of a parameter
 *
 *   E[ψ'(θ_k) P_kk − ψ(θ_k) (P ∇U)_k] = 0
 *
 * (Stein's identity for the density e^−U: integration by parts along P e_k). With t = (θ_k − c)/s and h = s (P ∇U)_k / P_kk, which is t itself
 * where the law is normal, h (ψ = 1) and 1 − t h (ψ = t) have the mean 0, and near to a normal law they explain nearly all of what means and
 * variances owe to chance.
 *
 * What regression on them leaves of any function of θ has its mean, to first order without bias. It is the mean under weights that are the same for
 * all functions, so that the mean and the sd are those of one law.
 * Source: Assaraf & Caffarel (1999); Mira, Solgi & Imparato (2013).
 */
export class ScoreControls {
  readonly #controls: readonly Float64Array[];
  readonly #means: Float64Array;
  readonly #factor: ReturnType<typeof cholesky>;
  /** One array a chain, with a mean of 1 over all, none below 0. */
  readonly weights: readonly Float64Array[];

  /**
   * @param parameters those that a function depends on
   * @returns null where they would not help: few steps, or controls whose mean is not 0
   */
  static of(parameters: readonly ScoredParameter[]): ScoreControls | null {
    const { values } = parameters[0];
    const steps = values[0].length;
    if (steps * values.length < fewestSteps) return null;
    const controls = parameters.flatMap(controlsOf);
    if (!controls.every((control) => hasMeanZero(control, steps))) return null;
    try {
      return new ScoreControls(controls, steps);
    } catch (error) {
      if (error instanceof NotPositiveDefiniteError) return null;
      throw error;
    }
  }

  private constructor(controls: readonly Float64Array[], steps: number) {
    this.#controls = controls;
    this.#means = Float64Array.from(controls, meanOf);
    const size = controls.length;
    const total = controls[0].length;
    const covariance = matrix(size, size);
    for (let i = 0; i < size; i++)
      for (let j = 0; j <= i; j++)
        covariance.data[i * size + j] = dot(controls[i], controls[j]) / total - this.#means[i] * this.#means[j];
    this.#factor = cholesky(covariance);
    // The regression's estimate of any mean is that under the weights 1 − c̄ᵀ S⁻¹ (c − c̄), S the controls' covariance.
    const slopes = choleskySolve(this.#factor, this.#means);
    const weights = new Float64Array(total).fill(1 + dot(slopes, this.#means));
    for (const [k, control] of controls.entries()) addScaled(weights, control, -slopes[k]);
    // Of thousands of draws none would weigh less than nothing unless it is far beyond all others.
    for (let i = 0; i < total; i++) if (weights[i] < 0) weights[i] = 0;
    const scale = 1 / meanOf(weights);
    for (let i = 0; i < total; i++) weights[i] *= scale;
    this.weights = splitBy(weights, steps);
  }

  /** What regression on the controls leaves of a function along the chains: its plain mean's error is that of the weighted mean of the function. */
  residuals(series: readonly Float64Array[]): readonly Float64Array[] {
    const steps = series[0].length;
    const pooled = new Float64Array(steps * series.length);
    series.forEach((chain, k) => {
      pooled.set(chain, k * steps);
    });
    const mean = meanOf(pooled);
    const total = pooled.length;
    const slopes = choleskySolve(
      this.#factor,
      Float64Array.from(this.#controls, (control, k) => dot(control, pooled) / total - this.#means[k] * mean),
    );
    for (const [k, control] of this.#controls.entries()) addScaled(pooled, control, -slopes[k]);
    return splitBy(pooled, steps);
  }
}

function controlsOf(parameter: ScoredParameter): Float64Array[] {
  const { t, h } = standardiseScored(parameter);
  return [h, t.map((value, i) => 1 - value * h[i])];
}

function hasMeanZero(control: Float64Array, steps: number): boolean {
  const length = Math.floor(steps / batchesOfChain);
  const means: number[] = [];
  for (let from = 0; from + steps <= control.length; from += steps)
    for (let k = 0; k < batchesOfChain; k++)
      means.push(meanOf(control.subarray(from + k * length, from + (k + 1) * length)));
  const mean = meanOf(means);
  const squares = means.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  // Not ">": a mean that is no number is not 0.
  return Math.abs(mean) <= mostErrors * Math.sqrt(squares / (means.length - 1) / means.length);
}

function addScaled(to: Float64Array, values: ArrayLike<number>, factor: number): void {
  for (let i = 0; i < to.length; i++) to[i] += factor * values[i];
}
