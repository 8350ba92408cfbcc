import { describe, expect, it } from "vitest";
import { type FamilyName, families } from "../../src/families/families.ts";
import { fit } from "../../src/node.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";

// Fits whose rows are forced into blocks on disk, with a pool of rows for the chains, against the same fits in memory: no mean moves by
// more than 0.02 sd, nor an sd by more than 1%, beyond the Monte Carlo error of both.
const numRows = 120_000;

interface Case {
  readonly name: string;
  readonly family: FamilyName;
  readonly formula?: string;
  readonly weights?: string;
  readonly options?: Parameters<typeof fit>[1];
  /** Added to the linear predictor. */
  readonly shift?: number;
  /** Of so many rows one has the rare level; 6000 unless told. */
  readonly rareEvery?: number;
}

const cases: readonly Case[] = [
  { name: "rare positives and rare levels", family: "bernoulli", shift: -4, rareEvery: 1500 },
  { name: "many positives", family: "bernoulli" },
  { name: "noise learned", family: "gaussian" },
  { name: "noise known", family: "gaussian", options: { sigma: 1 } },
  { name: "noise known, a prior with a kink", family: "gaussian", options: { sigma: 1, prior: "laplace(0, 0.02)" } },
  { name: "far tails", family: "student-t" },
  { name: "offset and weights", family: "poisson", formula: "y ~ x1 + x2 + lev + offset(log(e))", weights: "w" },
  { name: "overdispersed", family: "negative-binomial" },
  { name: "trials", family: "binomial", formula: "y | trials(t) ~ x1 + x2 + lev" },
  { name: "three classes", family: "categorical", rareEvery: 1500 },
  {
    name: "sparse, rare positives",
    family: "bernoulli",
    shift: -4,
    rareEvery: 1500,
    formula: "y ~ x1 + x2 + lev + day",
  },
  { name: "sparse, weights", family: "poisson", formula: "y ~ x1 + x2 + lev + day + offset(log(e))", weights: "w" },
  { name: "student-t priors", family: "bernoulli", shift: -3, options: { prior: "student-t(4, 0, 1)" } },
];

function tableOf({ family, shift = 0, rareEvery = 6000 }: Case) {
  const random = createRandom(17, 0, 9);
  const rows = Array.from({ length: numRows }, (_, n) => {
    const [x1, x2] = [random.normal(), random.normal()];
    const lev = n % rareEvery === 0 ? "rare" : n % 400 === 0 ? "few" : "usual";
    const e = 0.5 + random.uniform();
    const eta = 0.4 * x1 - 0.3 * x2 + (lev === "rare" ? 1 : lev === "few" ? -0.5 : 0) + shift;
    const day = `d${(n * n) % 103}`;
    return { x1, x2, lev, e, eta, w: 1 + (n % 3), t: 1 + (n % 5), day };
  });
  const drawOf = ({ eta, e, t }: (typeof rows)[number]) => {
    if (family === "categorical") {
      const weights = [1, Math.exp(eta), Math.exp(-eta - 1)];
      const u = random.uniform() * (weights[0] + weights[1] + weights[2]);
      return u < weights[0] ? 0 : u < weights[0] + weights[1] ? 1 : 2;
    }
    const at = family === "poisson" ? eta + Math.log(e) : eta;
    if (family === "binomial") {
      let successes = 0;
      for (let k = 0; k < t; k++) successes += Number(random.uniform() < 1 / (1 + Math.exp(-at)));
      return successes;
    }
    return families[family].predictive.draw(random, Float64Array.of(at), Float64Array.of(0.8, 5));
  };
  const column = <Name extends keyof (typeof rows)[number]>(name: Name) => rows.map((row) => row[name]);
  return {
    y: rows.map(drawOf),
    x1: column("x1"),
    x2: column("x2"),
    lev: column("lev"),
    e: column("e"),
    w: column("w"),
    t: column("t"),
    day: column("day"),
  };
}

describe("fits in blocks against fits in memory", () => {
  it.each(cases.map((each) => [`${each.family}, ${each.name}`, each] as const))("%s", async (_, each) => {
    const data = tableOf(each);
    const { family, formula = "y ~ x1 + x2 + lev", weights, options } = each;
    const shared = { family, weights, draws: 4000, seed: 5, sampler: "control-variate", ...options };
    const inMemory = await fit({ data, formula }, shared);
    const inBlocks = await fit({ data, formula }, { ...shared, memory: 2 ** 22 });
    expect(inMemory.data.blocks).toBeUndefined();
    expect(inBlocks.data.blocks!.count).toBeGreaterThan(3);
    expect(inBlocks.data.nonZeros).toBe(inMemory.data.nonZeros);
    expect(inBlocks.data.nonZeros !== undefined).toBe(each.name.startsWith("sparse"));
    expect(inBlocks.certificate.verdict).toBe(inMemory.certificate.verdict);
    inMemory.coefficients.forEach((coefficient, j) => {
      const other = inBlocks.coefficients[j];
      expect(other.name).toBe(coefficient.name);
      const byChance = (key: "mcse_mean" | "mcse_sd") => 4 * Math.hypot(coefficient[key] ?? 0, other[key] ?? 0);
      expect(Math.abs(other.mean - coefficient.mean), `mean of ${other.name}`).toBeLessThan(
        0.02 * coefficient.sd + byChance("mcse_mean"),
      );
      expect(Math.abs(other.sd - coefficient.sd), `sd of ${other.name}`).toBeLessThan(
        0.01 * coefficient.sd + byChance("mcse_sd"),
      );
    });
  });
});
