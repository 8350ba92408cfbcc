import { describe, expect, test } from "vitest";
import { createRandom } from "../../rng/xoshiro.ts";
import { writeInfluenceRecords } from "../bindings/influence-record.ts";
import { type RowChoice, writePassRecords } from "../bindings/pass-record.ts";
import type { GramKind } from "../bindings/words.ts";
import { loadKernels } from "../kernels.ts";
import { EngineMemory } from "../memory.ts";
import {
  createFixture,
  type FixtureOptions,
  gramKinds,
  gramRequest,
  kernelModels,
  pairsOf,
  relativeError,
} from "./kernel-fixtures.ts";
import { influenceRowsReference, passRowsReference } from "./reference-pass.ts";

const models = kernelModels.map(
  ([name, model]) => [name, { ...model, aliased: name !== "gaussian with fixed scale" }] as const,
);

interface PassOptions extends RowChoice {
  readonly gram: GramKind;
  readonly isSingle?: boolean;
  readonly from?: number;
  readonly to?: number;
}

async function compare(model: FixtureOptions, { gram, from = 0, to, ...choice }: PassOptions) {
  const memory = new EngineMemory();
  const kernels = await loadKernels(memory);
  const fixture = createFixture(memory, model);
  const request = { ...gramRequest(fixture, gram), ...choice };
  const range = { from, to: to ?? choice.rowList?.length ?? fixture.rows.numRows };
  const [a, b] = [kernels.passRows, passRowsReference.bind(null, memory)].map((run) => {
    const { tasks, sums } = writePassRecords(fixture, fixture.position, request, [range]);
    const [before] = sums();
    for (const values of [before.gradient, before.gram]) values.fill(Number.NaN);
    run(tasks[0].address, 0);
    const { loss, count, gradient, gram } = sums()[0];
    return { loss, count, gradient: gradient.slice(), gram: gram.slice() };
  });
  expect(a.count).toBe(b.count);
  return {
    loss: b.loss === 0 ? Math.abs(a.loss) : Math.abs(a.loss / b.loss - 1),
    gradient: relativeError(a.gradient, b.gradient, 0.1),
    gram: relativeError(a.gram, b.gram, 1e-3),
  };
}

describe.each(models)("passRows, %s", (_, model) => {
  // Of more parameters the plain passes take long.
  test.each([1, 3, 7, 8, 9, 31, 40, 130].filter((numColumns) => numColumns * (model.numPredictors ?? 1) <= 130))(
    "D = %i: loss and gradient within 1e-11, Gram matrix within 1e-6",
    async (numColumns) => {
      for (const gram of gramKinds) {
        const errors = await compare({ ...model, numColumns }, { gram });
        expect(errors.loss).toBeLessThan(1e-12);
        expect(errors.gradient, gram).toBeLessThan(1e-11);
        expect(errors.gram, gram).toBeLessThan(1e-6);
      }
    },
  );

  test.each([9, 130].filter((numColumns) => numColumns * (model.numPredictors ?? 1) <= 130))(
    "D = %i: in single precision where there is such",
    async (numColumns) => {
      for (const choice of [{}, { from: 3, to: 200, step: 7 }, { rowList: [202, 0, 0, 17, 65, 64, 63] }]) {
        const exact = await compare({ ...model, numColumns }, { gram: "none", ...choice });
        const errors = await compare({ ...model, numColumns }, { gram: "none", isSingle: true, ...choice });
        if (model.numPredictors) expect(errors).toEqual(exact);
        else {
          expect(errors.loss).toBeLessThan(1e-6);
          expect(errors.gradient).toBeLessThan(2e-6);
          // Otherwise nothing is gained.
          expect(errors.gradient).toBeGreaterThan(1e-10);
        }
      }
    },
  );

  test("parts, strides and lists of rows", async () => {
    const choices = [
      { from: 17, to: 18 },
      { from: 3, to: 200, step: 7 },
      { from: 5, to: 5 },
      { rowList: [202, 0, 0, 17, 65, 64, 63] },
    ];
    for (const choice of choices) {
      for (const gram of gramKinds) {
        const errors = await compare({ ...model, numColumns: 9 }, { gram, ...choice });
        expect(errors.gradient).toBeLessThan(1e-11);
        expect(errors.gram).toBeLessThan(1e-6);
      }
    }
  });
});

test("a pass over 2e5 rows keeps the Gram matrix within 1e-6", async () => {
  const model = { family: "bernoulli", auxiliary: 0, numColumns: 4, numRows: 200_000 } as const;
  expect((await compare(model, { gram: "curvature" })).gram).toBeLessThan(1e-6);
});

test.each([129, 200, 256, 300, 513])(
  "%i wide rows: those that wait for the Gram matrix have the sums of others",
  async (numRows) => {
    const memory = new EngineMemory();
    const kernels = await loadKernels(memory);
    const fixture = createFixture(memory, { family: "bernoulli", auxiliary: 0, numColumns: 130, numRows });
    // Rows from a list are copied, and wait for nothing.
    const [waiting, listed] = [undefined, Array.from({ length: numRows }, (_, n) => n)].map((rowList) => {
      const request = { ...gramRequest(fixture, "curvature"), ...(rowList && { rowList }) };
      const { tasks, sums } = writePassRecords(fixture, fixture.position, request, [{ from: 0, to: numRows }]);
      kernels.passRows(tasks[0].address, 0);
      return sums()[0].gram.slice();
    });
    expect(waiting).toEqual(listed);
  },
);

describe.each(models)("influenceRows, %s", (_, model) => {
  test.each([1, 3, 7, 8, 9, 31, 40])("D = %i: within 2e-6 of the reference", async (numColumns) => {
    const memory = new EngineMemory();
    const kernels = await loadKernels(memory);
    const fixture = createFixture(memory, { ...model, numColumns });
    const { dimension } = fixture;
    const { numRows } = fixture.rows;
    const numValues = numRows * pairsOf(fixture);
    const random = createRandom(3, 0, 9);
    const factor = new Float64Array(dimension ** 2);
    for (let i = 0; i < dimension; i++) for (let j = 0; j <= i; j++) factor[i * dimension + j] = 0.1 * random.normal();
    const results = [kernels.influenceRows, influenceRowsReference.bind(null, memory)].map((run) => {
      const leverage = memory.allocate(numValues * 4);
      const influence = memory.allocate(numRows * 4);
      // The rows are dense, and P is not read.
      const request = { center: fixture.center, law: { factor, covariance: [] }, leverage, influence };
      const [task] = writeInfluenceRecords(fixture, request, [{ from: 0, to: numRows }]).tasks;
      run(task.address, 0);
      return [memory.f32(leverage, numValues).slice(), memory.f32(influence, numRows).slice()];
    });
    const [ours, reference] = results;
    // Leverages are good to 2e-6; the student-t residual at 1.5 √v changes by up to four times as much, relatively.
    const tolerance = model.family === "student-t" ? 8e-6 : 2e-6;
    ours[1].forEach((value, n) => {
      expect(Math.abs(value - reference[1][n])).toBeLessThanOrEqual(tolerance * reference[1][n] + 1e-13);
    });
    ours[0].forEach((value, p) => {
      // Entries off the diagonal of a row's matrix are compared with the largest of them.
      const own = reference[0].subarray(p - (p % (numValues / numRows))).slice(0, numValues / numRows);
      expect(Math.abs(value - reference[0][p])).toBeLessThanOrEqual(2e-6 * Math.max(...own) + 1e-13);
    });
  });
});

describe.each(["bernoulli", "poisson"] as const)("a row of %s", (family) => {
  test("has its loss and slope to the last digits at any η, alone and beside another", async () => {
    const memory = new EngineMemory();
    const kernels = await loadKernels(memory);
    const fixture = createFixture(memory, { family, auxiliary: 0, numColumns: 1, numRows: 4 });
    const { address, stride, numRows } = fixture.rows;
    for (const eta of [0, 1e-12, -1e-12, 0.3, -0.41, 0.9, 2, -5, 17, 36, -37, 90, -250, 299, -700, -800]) {
      for (let n = 0; n < numRows; n++) {
        const row = memory.f32(address + 4 * stride * n, stride);
        row[0] = n + 1;
        row[stride - 1] = n & 1;
      }
      for (const [from, to] of [
        [0, 1],
        [1, 2],
        [0, 3],
        [0, 4],
      ]) {
        const { tasks, sums } = writePassRecords(fixture, [eta], { gram: "none" }, [{ from, to }]);
        kernels.passRows(tasks[0].address, 0);
        let [loss, gradient, size] = [0, 0, 1];
        for (let n = from; n < to; n++) {
          const [at, y] = [(n + 1) * eta, n & 1];
          const e = Math.exp(-Math.abs(at));
          const mean = family === "poisson" ? Math.exp(Math.min(at, 300)) : at < 0 ? e / (1 + e) : 1 / (1 + e);
          loss += (family === "poisson" ? mean : Math.max(at, 0) + Math.log1p(e)) - y * at;
          gradient += (n + 1) * (mean - y);
          size += Math.abs(at) + (n + 1) * mean;
        }
        expect(Math.abs(sums()[0].loss - loss), `loss at ${eta}`).toBeLessThan(2e-15 * size);
        expect(Math.abs(sums()[0].gradient[0] - gradient), `slope at ${eta}`).toBeLessThan(2e-15 * size);
      }
    }
    const { tasks, sums } = writePassRecords(fixture, [Number.NaN], { gram: "none" }, [{ from: 0, to: 3 }]);
    kernels.passRows(tasks[0].address, 0);
    expect([sums()[0].loss, sums()[0].gradient[0]]).toEqual([Number.NaN, Number.NaN]);
  });
});
