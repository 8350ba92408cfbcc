import { createRandom } from "../../rng/xoshiro.ts";
import type { Posterior } from "../posterior.ts";

/** Rows of x, a skewed z, three cities, and targets of several families of one linear predictor. */
export function simulated(count: number, seed: number, slope = 0.5, base = -0.8) {
  const random = createRandom(seed, 0, 55);
  return Array.from({ length: count }, () => {
    const [x, z, k] = [random.normal(), Math.exp(random.normal() / 2), Math.floor(3 * random.uniform())];
    const eta = base + slope * x - 0.3 * z + [0, 0.4, -0.5][k];
    const probability = 1 / (1 + Math.exp(-eta));
    const trials = 1 + Math.floor(4 * random.uniform());
    let events = 0;
    let rest = Math.exp(eta) + Math.log(random.uniform());
    while (rest > 0) {
      events++;
      rest += Math.log(random.uniform());
    }
    const drawn = random.uniform();
    return {
      ...{ x, z, city: "abc"[k], w: 1 + (k % 2), exposure: random.uniform() / 2 },
      late: random.uniform() < probability,
      count: events,
      y: 3 + 2 * (eta + random.normal()),
      hits: Array.from({ length: trials }, () => random.uniform()).filter((u) => u < probability).length,
      trials,
      kind: drawn < probability / 2 ? "p" : drawn < 0.7 ? "q" : "r",
    };
  });
}

/** The largest difference of a mean, in sds, and of an sd. */
export function differences(a: Posterior, b: Posterior) {
  const of = (f: (j: number) => number) => Math.max(...b.coefficients.map((_, j) => Math.abs(f(j))));
  const [one, other] = [a.coefficients, b.coefficients];
  return {
    mean: of((j) => (one[j].mean - other[j].mean) / other[j].sd),
    sd: of((j) => one[j].sd / other[j].sd - 1),
  };
}
