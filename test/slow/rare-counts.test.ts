import { describe, expect, it } from "vitest";
import { fit } from "../../src/fit/fit-inline.ts";
import { createRandom, type Xoshiro } from "../../src/rng/xoshiro.ts";

/** Levels of an insurer's columns by how often they occur. */
const levels = {
  body: [48, 81, 780, 18915, 1579, 27, 127, 717, 752, 22233, 16261, 1750, 4586],
  age: [12257, 16587, 20064, 18948],
  gender: [38603, 29253],
  area: [16312, 13341, 20540, 8173, 5912, 3578],
  agecat: [5742, 12875, 15767, 16189, 10736, 6547],
};

/** Policies of 1e-3 to 1 years with some 0.08 claims each: counts of a negative binomial law of dispersion 0.4. */
function claims(seed: number, numRows: number) {
  const random = createRandom(seed, 0, 9);
  const names = Object.keys(levels) as (keyof typeof levels)[];
  const effects = names.map((name) => levels[name].map((_, level) => (level === 0 ? 0 : 0.15 * random.normal())));
  const table: Record<string, (string | number)[]> = { y: [], value: [], logExposure: [] };
  for (const name of names) table[name] = [];
  for (let n = 0; n < numRows; n++) {
    const exposure = Math.max(1e-3, random.uniform());
    const value = Math.exp(0.4 + 0.6 * random.normal());
    let eta = Math.log(exposure) - 1.85 + 0.04 * (value - 1.8);
    table.value.push(value);
    table.logExposure.push(Math.log(exposure));
    names.forEach((name, k) => {
      const level = pick(levels[name], random);
      table[name].push(`${name}${level}`);
      eta += effects[k][level];
    });
    table.y.push(poisson(Math.exp(eta) * gamma(2.5, random), random));
  }
  return table;
}

function pick(shares: readonly number[], random: Xoshiro): number {
  let left = random.uniform() * shares.reduce((sum, share) => sum + share, 0);
  const found = shares.findIndex((share) => {
    left -= share;
    return left < 0;
  });
  return found < 0 ? shares.length - 1 : found;
}

/** Of mean 1; Marsaglia & Tsang (2000). */
function gamma(shape: number, random: Xoshiro): number {
  const d = shape - 1 / 3;
  for (;;) {
    const x = random.normal();
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v > 0 && Math.log(random.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return (d * v) / shape;
  }
}

function poisson(mean: number, random: Xoshiro): number {
  let left = random.uniform();
  let probability = Math.exp(-mean);
  let count = 0;
  while (left > probability && count < 50) {
    left -= probability;
    probability *= mean / ++count;
  }
  return count;
}

const input = {
  data: claims(1, 67_856),
  formula: "y ~ value + body + age + gender + area + agecat + offset(logExposure)",
};

describe("67,856 policies with rare claims, 29 coefficients and an offset", () => {
  it("for 20 seeds every number is one, the certificate is not failed, and the sds of the seeds agree", async () => {
    const sds: number[] = [];
    for (let seed = 0; seed < 20; seed++) {
      const { coefficients, certificate } = await fit(input, { family: "negative-binomial", seed, draws: 400 });
      for (const { name, mean, sd, ess_bulk, r_hat } of coefficients)
        expect([mean, sd, ess_bulk, r_hat].every(Number.isFinite), `${name}, seed ${seed}`).toBe(true);
      expect(certificate.verdict, certificate.checks.map(({ message }) => message).join(" ")).not.toBe("failed");
      sds.push(coefficients[coefficients.length - 1].sd);
    }
    // The dispersion's sd is known to a few percent by each run.
    expect(Math.max(...sds) / Math.min(...sds)).toBeLessThan(1.15);
  });

  it("a batch too small for the tails is refused in a sentence", async () => {
    const given = { sampler: "control-variate", damping: 0.5, batchSize: 4, seed: 1, draws: 400 } as const;
    await expect(fit(input, { family: "negative-binomial", ...given })).rejects.toThrow(
      /raise --batch-size or lower --damping/,
    );
  });
});
