/**
 * Falling rates ε_t = ε_0 ((b + t)/b)^(−γ) at step t = 0, 1, …: a (b + t)^(−γ) of Welling & Teh (2011) with a = ε_0 b^γ.
 * For γ in (½, 1) the rates sum to infinity and their squares do not.
 */
export interface FallingRate {
  /** ε_0 */
  readonly first: number;
  /** b, in steps. */
  readonly offset: number;
  /** γ */
  readonly exponent: number;
}

/** ε_t */
export function rateAt({ first, offset, exponent }: FallingRate, step: number): number {
  return first * ((offset + step) / offset) ** -exponent;
}

/** Diffusion time Σ_{u<t} ε_u, as the integral ∫_0^t ε_u du. */
export function diffusionTime({ first, offset, exponent }: FallingRate, step: number): number {
  return (first * offset * ((1 + step / offset) ** (1 - exponent) - 1)) / (1 - exponent);
}

/** The step, a fraction in general, at which the diffusion time is `time`. */
export function stepAtDiffusionTime({ first, offset, exponent }: FallingRate, time: number): number {
  return offset * ((1 + ((1 - exponent) * time) / (first * offset)) ** (1 / (1 - exponent)) - 1);
}

/**
 * The offset b for which the rate's average over diffusion time, Σ ε²/Σ ε, is the given fraction of the first rate once
 * the diffusion time is `time`. The error that a finite rate makes in the covariance is of first order in ε, so draws
 * that weight each step by its ε have the error that a constant rate of that average would have. With x = t/b the average
 * is
 * ε_0 (1−γ)/(2γ−1) (1 − (1+x)^(1−2γ))/((1+x)^(1−γ) − 1), which falls in x.
 */
export function fallingRate(first: number, fraction: number, exponent: number, time: number): FallingRate {
  const averageAt = (x: number) =>
    (((1 - exponent) / (2 * exponent - 1)) * (1 - (1 + x) ** (1 - 2 * exponent))) / ((1 + x) ** (1 - exponent) - 1);
  let low = 1e-6;
  let high = 1e15;
  while (high > low * (1 + 1e-12)) {
    const middle = Math.sqrt(low * high);
    if (averageAt(middle) > fraction) low = middle;
    else high = middle;
  }
  const offset = ((1 - exponent) * time) / (first * ((1 + low) ** (1 - exponent) - 1));
  return { first, offset, exponent };
}
