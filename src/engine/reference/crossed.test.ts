import { afterAll, describe, expect, test } from "vitest";
import { families, isCountFamily } from "../../families/families.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { type CrossedRowData, CrossedRows } from "../bindings/crossed-pass.ts";
import { DenseFactor } from "../bindings/dense-factor.ts";
import { createInlineEngine, createReferenceEngine, type Engine } from "../engine.ts";
import { createNodeEngine } from "../node-engine.ts";

const threaded = createNodeEngine(2);
afterAll(async () => (await threaded).executor.close());

/** Rows of 4 columns, the last for slopes alone, and two factors. */
function rowsOf(family: CrossedRowData["family"], numRows: number, isWeighted: boolean) {
  const random = createRandom(3, 0, 2);
  const levels = (count: number) => Uint32Array.from({ length: numRows }, () => Math.floor(count * random.uniform()));
  const numbers = (scale: number) => Float64Array.from({ length: numRows }, () => scale * random.uniform());
  return {
    ...{ family, numRows, stride: 4, numFixed: 3, numUnknowns: 31, fixedAt: 28 },
    x: Float32Array.from({ length: 4 * numRows }, () => random.normal()),
    y: numbers(1).map((value, row) => {
      if (families[family].target === "numbers") return value;
      // Counts beyond those whose sums are worked out once a task, too.
      if (isCountFamily(family)) return Math.round((row % 7 === 0 ? 200 : 5) * value);
      return Math.round(value);
    }),
    weights: isWeighted ? numbers(3) : undefined,
    offset: isWeighted ? numbers(1) : undefined,
    factors: [
      { levelOf: levels(10), effects: Int32Array.of(-1, 3), firstUnknown: 0 },
      { levelOf: levels(8), effects: Int32Array.of(-1), firstUnknown: 20 },
    ],
  };
}

const unknownsOf = (scale: number) => {
  const random = createRandom(4, 0, 2);
  return Float64Array.from({ length: 31 }, () => scale * random.normal());
};

async function sumsOf(engine: Engine, data: ReturnType<typeof rowsOf>, unknowns: Float64Array) {
  const rows = new CrossedRows(engine, data);
  const gradient = new Float64Array(data.numUnknowns);
  const loss = await rows.sum(unknowns, [-0.7, 1.2], { loss: true, gradient });
  return { loss, gradient, eta: rows.eta.slice() };
}

describe.each(["gaussian", "student-t", "bernoulli", "poisson", "negative-binomial"] as const)(
  "a pass over rows with crossed effects, %s",
  (family) => {
    test.each([
      ["plain", 999, false, 1],
      ["with weights and offsets", 1301, true, 1],
      // Linear predictors of some ±30, where e^η and e^−η differ by 26 digits.
      ["far out", 700, false, 8],
      // Of some ±500, beyond those at which means of counts are held.
      ["further out", 700, false, 150],
    ] as const)("%s, gives what the losses of src/families give", async (_, numRows, isWeighted, scale) => {
      const data = rowsOf(family, numRows, isWeighted);
      const unknowns = unknownsOf(scale);
      const expected = await sumsOf(await createReferenceEngine(), data, unknowns);
      const found = await sumsOf(await createInlineEngine(), data, unknowns);
      expect(Math.abs(found.loss - expected.loss)).toBeLessThan(1e-12 * Math.abs(expected.loss));
      const largest = Math.max(...expected.gradient.map(Math.abs));
      for (const [at, value] of expected.gradient.entries())
        expect(Math.abs(found.gradient[at] - value)).toBeLessThan(1e-12 * largest);
      for (const [row, value] of expected.eta.entries()) expect(found.eta[row]).toBeCloseTo(value, 10);
    });
  },
);

test("sums over many rows have the same bits on one thread and on two", async () => {
  const data = rowsOf("bernoulli", 200_001, false);
  const one = await sumsOf(await createInlineEngine(), data, unknownsOf(1));
  expect(await sumsOf(await threaded, data, unknownsOf(1))).toEqual(one);
});

/** A positive definite matrix of that size. */
function fill(dense: DenseFactor): void {
  const random = createRandom(5, 0, 2);
  const entries = dense.clear();
  for (let i = 0; i < dense.size; i++)
    for (let j = 0; j <= i; j++)
      entries[i * dense.stride + j] = random.normal() + (i === j ? 4 * Math.sqrt(dense.size) : 0);
}

describe("the dense Cholesky factor", () => {
  test.each([1, 7, 8, 65, 131, 330])(
    "of %s unknowns is the plain one's, as are solutions and inverse",
    async (size) => {
      const results = await Promise.all(
        [createReferenceEngine(), createInlineEngine(), threaded].map(async (making) => {
          const dense = new DenseFactor(await making, size);
          fill(dense);
          await dense.factorise();
          const side = Float64Array.from({ length: size }, (_, at) => Math.sin(at));
          const solution = side.slice();
          await dense.solve(solution, false);
          await dense.solve(solution, true);
          const back = solution.slice();
          dense.multiplyTransposed(back);
          const inverse = new Float64Array(size * size);
          await dense.eachInverseRows((first, rows) => {
            for (let i = first; i < Math.min(size, first + 8); i++)
              for (let k = 0; k <= i; k++) inverse[i * size + k] = rows[8 * k + i - first];
          });
          return { logDeterminant: dense.logDeterminant(), solution, back, inverse };
        }),
      );
      const [expected, inline, twoThreads] = results;
      expect(twoThreads).toEqual(inline);
      expect(inline.logDeterminant).toBeCloseTo(expected.logDeterminant, 8);
      for (const key of ["solution", "back", "inverse"] as const)
        for (const [at, value] of expected[key].entries()) expect(inline[key][at]).toBeCloseTo(value, 11);
    },
  );

  test("refuses a matrix that is not positive definite, and names the row", async () => {
    const dense = new DenseFactor(await createInlineEngine(), 100);
    fill(dense);
    dense.entries()[70 * dense.stride + 70] = -1;
    await expect(dense.factorise()).rejects.toThrow("pivot 70");
  });
});
