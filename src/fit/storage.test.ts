import { describe, expect, test } from "vitest";
import { createRandom } from "../rng/xoshiro.ts";
import { denseSamplers } from "../sampling/registry.ts";
import { fit } from "./fit-inline.ts";

/** Rows of a categorical column, numbers of which many are 0, and dense numbers of a large mean. */
function table(numRows: number) {
  const random = createRandom(5, 0, 9);
  const names = ["a", "b", "c", "d", "e", "f"];
  const level = Array.from({ length: numRows }, () => names[Math.floor(6 * random.uniform() ** 1.5)]);
  const rare = level.map(() => Math.max(0, random.normal() - 0.7));
  const dense = level.map(() => 1000 + 3 * random.normal());
  const eta = level.map(
    (name, n) => 0.4 * names.indexOf(name) - 1 + 0.8 * rare[n] - 0.2 * (dense[n] - 1000) + 0.3 * random.normal(),
  );
  return {
    ...{ level, rare, dense },
    number: eta.map((value) => value + random.normal()),
    yes: eta.map((value) => random.uniform() < 1 / (1 + Math.exp(-value))),
    count: eta.map((value) => Math.floor(Math.exp(0.3 * value) - Math.log(random.uniform()))),
    kind: eta.map((value) => (value + random.normal() > 1 ? "z" : value > -0.5 ? "y" : "x")),
    weight: level.map(() => 0.5 + random.uniform()),
  };
}

const rows = table(300);
const right = "level + rare + dense + rare:level";
const both = (formula: string, options: object) =>
  Promise.all(
    (["dense", "sparse"] as const).map((storage) =>
      fit({ data: rows, formula }, { storage, chains: 2, draws: 100, tolerance: 0.3, ...options }),
    ),
  );

/** The same random numbers meet the same model, so that nothing but rounding tells the two apart. */
async function expectSame(formula: string, options: object, closeness = 0.1): Promise<void> {
  const [dense, sparse] = await both(formula, options);
  expect(dense.data.nonZeros).toBeUndefined();
  expect(sparse.data.nonZeros).toBeGreaterThan(0.8 * rows.level.length);
  expect(sparse.settings.because).toBe(dense.settings.because);
  expect(sparse.coefficients.map(({ name }) => name)).toEqual(dense.coefficients.map(({ name }) => name));
  dense.coefficients.forEach((expected, j) => {
    const actual = sparse.coefficients[j];
    const { laplaceMean, laplaceSd } = expected.standardized;
    expect(Math.abs(actual.standardized.laplaceMean - laplaceMean)).toBeLessThan(1e-5 * laplaceSd + 1e-6);
    // Rows are rounded to f32 before centring here, after it there.
    expect(Math.abs(actual.standardized.laplaceSd / laplaceSd - 1)).toBeLessThan(1e-5);
    // Chains that contract keep close together, though they are rounded apart.
    const allowed = closeness * (expected.mcse_mean! / expected.sd);
    expect(Math.abs(actual.mean - expected.mean), expected.name).toBeLessThan(allowed * expected.sd);
    expect(Math.abs(actual.sd / expected.sd - 1), expected.name).toBeLessThan(allowed);
  });
}

test("rows given as sparse arrays have the posterior of the same rows given in full", async () => {
  const random = createRandom(6, 0, 9);
  const x = Array.from({ length: 400 }, () =>
    Array.from({ length: 12 }, (_, j) =>
      j === 5 ? 7 : j === 3 ? 50 + random.normal() : random.uniform() < 0.2 ? random.normal() + 1 : 0,
    ),
  );
  const y = x.map((row) => row[0] - 0.5 * row[7] + 0.3 * (row[3] - 50) + random.normal());
  const weights = y.map(() => 0.5 + random.uniform());
  const offset = y.map(() => random.normal());
  const indptr = [0];
  const indices: number[] = [];
  const values: number[] = [];
  for (const row of x) {
    row.forEach((value, j) => {
      if (value === 0) return;
      indices.push(j);
      values.push(value);
    });
    indptr.push(indices.length);
  }
  const options = { chains: 2, draws: 100, sampler: "laplace" };
  const full = await fit({ x, y, weights, offset }, { ...options, storage: "dense" });
  const sparse = await fit({ sparse: { indptr, indices, values, columns: 12 }, y, weights, offset }, options);
  expect(sparse.data.nonZeros).toBeGreaterThan(400);
  expect(sparse.formula.length).toBeLessThanOrEqual(full.formula.length);
  expect(sparse.coefficients.map(({ name }) => name)).toEqual(full.coefficients.map(({ name }) => name));
  full.coefficients.forEach((expected, j) => {
    expect(Math.abs(sparse.coefficients[j].mean - expected.mean)).toBeLessThan(1e-4 * expected.sd);
    expect(Math.abs(sparse.coefficients[j].sd / expected.sd - 1)).toBeLessThan(1e-4);
  });
  const rows = { data: Object.fromEntries(x[0].map((_, j) => [`x${j + 1}`, x.slice(0, 5).map((row) => row[j])])) };
  const at = { ...rows.data, offset: offset.slice(0, 5) };
  const [a, b] = [await sparse.predict(at), await full.predict(at)];
  expect(JSON.stringify(a).length).toBeGreaterThan(50);
  expect(Object.keys(a)).toEqual(Object.keys(b));
});

test.each([
  [
    { indptr: [0, 1], indices: [0], values: [1], columns: 2 },
    "indptr has 2 numbers, and 3 rows need one more than there are rows.",
  ],
  [
    { indptr: [0, 1, 2, 2], indices: [0, 2], values: [1, 1], columns: 2 },
    "Row 2 has an entry of column 2: columns are whole numbers from 0 to 1, ascending within a row (scipy: sum_duplicates()).",
  ],
  [
    { indptr: [0, 2, 2, 2], indices: [1, 1], values: [1, 1], columns: 2 },
    "Row 1 has an entry of column 1: columns are whole numbers from 0 to 1, ascending within a row (scipy: sum_duplicates()).",
  ],
  [
    { indptr: [0, 1, 1, 1], indices: [1], values: [Number.NaN], columns: 2 },
    "Row 1 has NaN in column 1; leave such rows out, or give a number.",
  ],
])("sparse arrays that do not fit are refused", async (sparse, message) => {
  await expect(fit({ sparse, y: [1, 2, 4] })).rejects.toThrow(message);
});

describe("a sparse design and a dense one of the same table", () => {
  test.each([
    ["gaussian", `number ~ ${right}`, { sampler: "auto" }],
    ["student-t", `number ~ ${right}`, { family: "student-t" }],
    ["bernoulli", `yes ~ ${right}`, { sampler: "control-variate" }],
    ["bernoulli without intercept, as it is", `yes ~ 0 + level + rare + I(dense - 1000)`, { standardize: "none" }],
    [
      "poisson with an offset and weights",
      `count ~ ${right} + offset(rare / 9)`,
      { family: "poisson", weights: "weight" },
    ],
    ["negative binomial", `count ~ ${right}`, { family: "negative-binomial" }],
    ["categorical", `kind ~ ${right}`, {}],
    ["categorical, symmetric, with weights", `kind ~ level + rare`, { classCoding: "symmetric", weights: "weight" }],
  ])("%s: the same posterior", async (_, formula, options) => {
    await expectSame(formula, { sampler: "laplace", ...options });
  });

  test.each(denseSamplers.map((sampler) => [sampler.name, sampler] as const))(
    "%s: the same draws",
    async (sampler, { preconditioners }) => {
      const formula = sampler === "conjugate" ? "number ~ level + rare" : "yes ~ level + rare";
      const all = preconditioners.length > 0 ? preconditioners : [undefined];
      for (const preconditioner of all) {
        // Trajectories of Hamiltonian dynamics part from one another, whatever the rounding.
        await expectSame(formula, { sampler, preconditioner, draws: 50 }, sampler === "nuts" ? 6 : 0.1);
      }
    },
  );
});

test("an offset far from 0 does not pull on the intercept's prior", async () => {
  const random = createRandom(12, 0, 9);
  const x = Array.from({ length: 300 }, () => [random.normal()]);
  const y = x.map(([value]) => 2 + value + random.normal());
  const options = { sampler: "laplace", draws: 50 };
  const plain = await fit({ x, y }, options);
  const moved = await fit({ x, y: y.map((value) => value + 1000), offset: y.map(() => 1000) }, options);
  plain.coefficients.forEach(({ name, mean, sd }, j) => {
    // The same draws; a thousand sds leave single precision 6e-5 of one.
    expect(Math.abs(moved.coefficients[j].mean - mean), name).toBeLessThan(1e-3 * sd);
  });
});
