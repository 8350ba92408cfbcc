import type { Xoshiro } from "./xoshiro.ts";

type Random = Pick<Xoshiro, "uniform" | "normal">;

/**
 * A draw of the gamma law of that shape and scale 1.
 * Source: Marsaglia & Tsang, A simple method for generating gamma variables, ACM TOMS 26 (2000).
 */
export function drawGamma(random: Random, shape: number): number {
  // Γ(a) = Γ(a + 1) U^(1/a)
  if (shape < 1) return drawGamma(random, shape + 1) * random.uniform() ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const z = random.normal();
    const v = (1 + c * z) ** 3;
    if (v <= 0) continue;
    const u = random.uniform();
    // If this holds, so does the next condition, and this one needs no logarithms.
    if (u < 1 - 0.0331 * z ** 4) return d * v;
    if (Math.log(u) < 0.5 * z * z + d - d * v + d * Math.log(v)) return d * v;
  }
}

/**
 * A draw of the Poisson law. A large mean is halved: the ⌊mean/2⌋-th arrival of a Poisson process of rate 1 is a gamma draw;
 * what is left of the time has a Poisson law again, or if none is left, the arrivals before the mean are binomial.
 * Source: Ahrens & Dieter, Computer methods for sampling from gamma, beta, Poisson and binomial distributions (1974).
 */
export function drawPoisson(random: Random, mean: number): number {
  if (mean < 16) {
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = random.uniform(); product > limit; product *= random.uniform()) count++;
    return count;
  }
  const arrivals = Math.floor((7 / 8) * mean);
  const time = drawGamma(random, arrivals);
  return time <= mean ? arrivals + drawPoisson(random, mean - time) : drawBinomial(random, arrivals - 1, mean / time);
}

/** A draw of the binomial law, by a median of uniforms (a beta draw) at a time; log n steps. */
export function drawBinomial(random: Random, n: number, p: number): number {
  if (n < 16) {
    let count = 0;
    for (let k = 0; k < n; k++) if (random.uniform() < p) count++;
    return count;
  }
  const a = 1 + Math.floor(n / 2);
  const b = n + 1 - a;
  const x = drawGamma(random, a);
  const median = x / (x + drawGamma(random, b));
  return median >= p
    ? drawBinomial(random, a - 1, p / median)
    : a + drawBinomial(random, b - 1, (p - median) / (1 - median));
}
