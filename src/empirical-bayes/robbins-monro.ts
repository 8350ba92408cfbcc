/** Decreasing steps towards the root of an expected score, one hyperparameter: an iterate of log λ. */
export interface RobbinsMonro {
  /** The present iterate. */
  readonly value: number;
  /** Takes a noisy score at the present iterate and its (approximate) slope, and moves by a share of the step. */
  update(score: number, slope: number, damping?: number): void;
  /** The root as far as it is known. */
  estimate(): RootEstimate;
}

interface RootEstimate {
  readonly value: number;
  /** Its Monte Carlo standard error; infinite while too few scores were averaged. */
  readonly error: number;
  /** Mean slope over the scores that were averaged. */
  readonly slope: number;
  /** The limit that the iterates are pressed against, if they are. */
  readonly limit: "lower" | "upper" | null;
}

export interface RobbinsMonroOptions {
  readonly start: number;
  readonly lower: number;
  readonly upper: number;
}

/** No step is longer: far from the root the slope is only a guess. */
const longestStep = 1.5;
/** ρ_k = (1 + k)^−0.6, between the exponents ½ and 1 that averaging of the iterates needs. */
const exponent = 0.6;
const minAveraged = 8;

/**
 * Robbins–Monro iteration ℓ ← ℓ + ρ_k d h/s for the root of E h(ℓ), s > 0 the slope of −h: a stochastic Newton step, with a
 * damping d where wanted.
 * The rate falls only where the score has changed its sign, k being the number of changes (Kesten 1958), so that a far start
 * does not use it up. The estimate is the Polyak–Ruppert average of the iterates since the first change, moved by their
 * average score over the slope, ℓ̄ + h̄/s̄, which is free of ℓ̄'s own lag (the first third of them is left out); its error is
 * that of h̄/s̄, with the scores' first autocorrelation, or half of the way from the average of the first half to that of the
 * second, where that is more.
 *
 * Sources: Robbins & Monro, Annals of Mathematical Statistics 22 (1951); Kesten, ibid. 29 (1958); Polyak & Juditsky, SIAM
 * Journal on Control and Optimization 30 (1992).
 */
export function createRobbinsMonro({ start, lower, upper }: RobbinsMonroOptions): RobbinsMonro {
  const clip = (value: number) => Math.min(upper, Math.max(lower, value));
  let value = clip(start);
  let changes = 0;
  let previous = 0;
  let averaged: { value: number; score: number; slope: number }[] = [];

  return {
    get value() {
      return value;
    },
    update(score, slope, damping = 1) {
      if (score * previous < 0) changes++;
      // A score that cannot move the iterate by a thousandth is as good as a change of sign.
      const near = changes > 0 || Math.abs(score / slope) < 1e-3;
      if (near || value === lower || value === upper) averaged.push({ value, score, slope });
      else averaged = [];
      previous = score;
      const step = (damping * (1 + changes) ** -exponent * score) / slope;
      value = clip(value + Math.max(-longestStep, Math.min(longestStep, step)));
    },
    estimate() {
      const entries = averaged.slice(Math.floor(averaged.length / 3));
      const count = entries.length;
      if (count < minAveraged)
        return { value, error: Number.POSITIVE_INFINITY, slope: averaged.at(-1)?.slope ?? 1, limit: null };
      const mean = (pick: (entry: (typeof entries)[number]) => number) =>
        entries.reduce((sum, entry) => sum + pick(entry), 0) / count;
      const slope = mean((entry) => entry.slope);
      const center = mean((entry) => entry.value);
      const score = mean((entry) => entry.score);
      const pressed = (limit: number) => mean((entry) => (entry.value === limit ? 1 : 0)) > 0.25;
      // What is left of each score once the distance of its iterate from the mean is accounted for: the noise.
      const noise = entries.map((entry) => entry.score - score + slope * (entry.value - center));
      const lagged = (lag: number) =>
        noise.reduce((sum, entry, n) => (n < lag ? sum : sum + entry * noise[n - lag]), 0) / count;
      // Where the iterates still drift, the scores' noise says too little: what the average's later half has moved counts, too.
      const half = Math.floor(count / 2);
      const halfSum = (from: number, to: number) =>
        entries.slice(from, to).reduce((sum, entry) => sum + entry.value, 0) / (to - from);
      const drift = Math.abs(halfSum(half, count) - halfSum(0, half)) / 2;
      const variance = lagged(0) + 2 * Math.max(0, lagged(1));
      const limit = pressed(upper) ? "upper" : pressed(lower) ? "lower" : null;
      return {
        value: limit === "upper" ? upper : limit === "lower" ? lower : clip(center + score / slope),
        error: Math.max(Math.sqrt(variance / count) / slope, drift),
        slope,
        limit,
      };
    },
  };
}
