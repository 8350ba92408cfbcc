import { describe, expect, it } from "vitest";
import { createRandom } from "../../rng/xoshiro.ts";
import { fit } from "../fit-inline.ts";
import type { Posterior } from "../posterior.ts";
import type { Coefficient } from "./coefficients.ts";

const random = createRandom(11, 0, 3);
const numRows = 200;
const column = (of: (row: number) => number) => Array.from({ length: numRows }, (_, row) => of(row));
const x = column(() => 3 + 2 * random.normal());
const level = column((row) => row % 20);
const effects = Array.from({ length: 20 }, () => 0.8 * random.normal());
const logit = column((row) => 0.4 * (x[row] - 3) + effects[level[row]]);
const data = {
  x,
  z: x.map((value) => value ** 2),
  // Nearly x itself, so that the design takes an orthogonal basis.
  near: x.map((value) => value + 1e-3 * random.normal()),
  g: level.map((value) => `g${value}`),
  event: logit.map((eta) => (random.uniform() < 1 / (1 + Math.exp(-eta)) ? 1 : 0)),
  count: logit.map((eta) => Math.floor(-Math.log(1 - random.uniform()) * Math.exp(0.5 + 0.3 * eta))),
  kind: logit.map((eta) => "abc"[Math.floor(3 * random.uniform() ** Math.exp(0.3 * eta))]),
  amount: logit.map((eta) => 10 + eta + 0.5 * random.normal()),
};

const models = {
  bernoulli: { formula: "event ~ x + z", family: "bernoulli" },
  "orthogonal basis": { formula: "event ~ x + near", family: "bernoulli", prior: "normal(0, 100)" },
  "negative binomial": { formula: "count ~ x", family: "negative-binomial" },
  gaussian: { formula: "amount ~ x", family: "gaussian" },
  categorical: { formula: "kind ~ x", family: "categorical" },
  groups: { formula: "event ~ x + (1 | g)", family: "bernoulli" },
  "groups with slopes": { formula: "amount ~ x + (1 + x | g)", family: "gaussian" },
} as const;

const errorNames = { mean: "mcse_mean", sd: "mcse_sd", "hdi_3%": "mcse_hdi_3%", "hdi_97%": "mcse_hdi_97%" } as const;
type Stated = keyof typeof errorNames;

/** The distance of two estimates of the same number, in the standard errors that they state. */
function distance(one: Coefficient, other: Coefficient, of: Stated): number {
  const error = Math.hypot(one[errorNames[of]]!, other[errorNames[of]]!);
  return Math.abs(one[of] - other[of]) / error;
}

const draws = 1000;
const fitBy = (name: keyof typeof models, seed: number): Promise<Posterior> => {
  const { formula, ...model } = models[name];
  return fit({ data, formula }, { ...model, sampler: "nuts", seed, draws });
};

describe("what scores tell of reported numbers", () => {
  it.each(Object.keys(models) as (keyof typeof models)[])("%s: two seeds agree to within the errors", async (name) => {
    const [one, other] = [await fitBy(name, 1), await fitBy(name, 2)];
    one.coefficients.forEach((coefficient, k) => {
      for (const of of Object.keys(errorNames) as Stated[])
        expect(distance(coefficient, other.coefficients[k], of), `${coefficient.name} ${of}`).toBeLessThan(5);
    });
  });

  it.each(["bernoulli", "orthogonal basis", "negative binomial", "gaussian", "categorical"] as const)(
    "%s: means and sds are known several times better than from the draws alone",
    async (name) => {
      const { coefficients } = await fitBy(name, 1);
      for (const { name: own, sd, mcse_mean, mcse_sd } of coefficients) {
        expect(mcse_mean! / sd, own).toBeLessThan(0.3 / Math.sqrt(4 * draws));
        expect(mcse_sd! / sd, own).toBeLessThan(0.5 / Math.sqrt(4 * draws));
      }
    },
  );

  it("the standardised scale has the same moments, in its units", async () => {
    const { coefficients, draws: kept } = await fitBy("bernoulli", 1);
    for (const { name, mean, sd, standardized } of coefficients.filter(({ name }) => name !== "Intercept"))
      expect(standardized.mean / standardized.sd, name).toBeCloseTo(mean / sd, 10);
    // The centred design's intercept: Σ over the columns of coefficient times mean, plus the intercept itself.
    const means = { x: meanOf(data.x), z: meanOf(data.z) };
    const centred = ["Intercept", "x", "z"].map((name) => kept.get(name)!.flatMap((chain) => [...chain]));
    const values = centred[0].map((value, k) => value + means.x * centred[1][k] + means.z * centred[2][k]);
    const { standardized } = coefficients.find(({ name }) => name === "Intercept")!;
    const error = standardized.sd / Math.sqrt(values.length);
    expect(Math.abs(standardized.mean - meanOf(values))).toBeLessThan(4 * error);
    expect(Math.abs(standardized.sd - sdOf(values))).toBeLessThan(4 * error);
  });
});

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function sdOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
}
