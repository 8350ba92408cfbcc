import { describe, expect, test } from "vitest";
import { Family, Influence, Model, Pass, Weights } from "../../../kernels/layout.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { chainScratchBytes, influenceScratchBytes, passScratchBytes } from "../bindings/scratch.ts";
import { loadKernels } from "../kernels.ts";
import { EngineMemory } from "../memory.ts";
import { createFixture, type Fixture, type FixtureOptions, kernelModels, relativeError } from "./kernel-fixtures.ts";
import { influenceRowsReference, passRowsReference } from "./reference-pass.ts";

const models = kernelModels.map(
  ([name, model]) => [name, { ...model, aliased: name !== "gaussian with fixed scale" }] as const,
);

interface PassOptions {
  readonly weights: Weights;
  readonly from?: number;
  readonly to?: number;
  readonly step?: number;
  readonly rowList?: readonly number[];
}

function createPass(fixture: Fixture, { weights, from = 0, to = fixture.numRows, step = 1, rowList }: PassOptions) {
  const { memory, dimension, outputs } = fixture;
  const pass = memory.allocateZeroed(Pass.slots * 8);
  const vector = (values: Float64Array) => {
    const address = memory.allocateF64(values.length);
    memory.f64(address, values.length).set(values);
    return address;
  };
  const numValues = (fixture.numRows * outputs * (outputs + 1)) / 2;
  const rowValues = memory.allocate(numValues * 4);
  memory.f32(rowValues, numValues).forEach((_, n, all) => {
    all[n] = 0.1 + (n % 5);
  });
  const length = 3 + 2 * dimension + (weights === Weights.none ? 0 : dimension * dimension);
  const output = memory.allocateF64(length);
  memory.f64(output, length).fill(Number.NaN);
  const slots: [Pass, number][] = [
    [Pass.model, fixture.model],
    [Pass.position, vector(fixture.position)],
    [Pass.center, vector(fixture.center)],
    [Pass.weights, weights],
    [Pass.from, from],
    [Pass.to, rowList ? rowList.length : to],
    [Pass.step, step],
    [Pass.rowValues, rowValues],
    [Pass.output, output],
    [Pass.scratch, memory.allocate(passScratchBytes(fixture.paddedColumns, outputs, weights))],
  ];
  for (const [slot, value] of slots) memory.setU32(pass, slot, value);
  if (rowList) {
    const list = memory.allocate(rowList.length * 4);
    memory.u32(list, rowList.length).set(rowList);
    memory.setU32(pass, Pass.rowList, list);
  }
  return { pass, read: () => memory.f64(output, length).slice() };
}

async function compare(model: FixtureOptions, options: PassOptions) {
  const memory = new EngineMemory();
  const kernels = await loadKernels(memory);
  const fixture = createFixture(memory, model);
  const ours = createPass(fixture, options);
  const reference = createPass(fixture, options);
  kernels.passRows(ours.pass, 0);
  passRowsReference(memory, reference.pass, 0);
  const gradientEnd = 3 + fixture.dimension;
  const gramStart = gradientEnd + fixture.dimension;
  const [a, b] = [ours.read(), reference.read()];
  expect(a[2]).toBe(b[2]);
  return {
    loss: Math.max(Math.abs(a[0] / b[0] - 1), Math.abs(a[1] / b[1] - 1)),
    gradient: relativeError(a.subarray(3, gradientEnd), b.subarray(3, gradientEnd), 0.1),
    gram: relativeError(a.subarray(gramStart), b.subarray(gramStart), 1e-3),
  };
}

describe.each(models)("passRows, %s", (_, model) => {
  const allWeights = [Weights.none, Weights.curvature, Weights.squaredGradient, Weights.squaredResidual, Weights.given];

  // Of more parameters the plain passes take long.
  test.each([1, 3, 7, 8, 9, 31, 40, 130].filter((numColumns) => numColumns * (model.outputs ?? 1) <= 130))(
    "D = %i: loss and gradient within 1e-11, Gram matrix within 1e-6",
    async (numColumns) => {
      for (const weights of allWeights) {
        const errors = await compare({ ...model, numColumns }, { weights });
        expect(errors.loss).toBeLessThan(1e-12);
        expect(errors.gradient, `weights ${weights}`).toBeLessThan(1e-11);
        expect(errors.gram, `weights ${weights}`).toBeLessThan(1e-6);
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
      for (const weights of allWeights) {
        const errors = await compare({ ...model, numColumns: 9 }, { weights, ...choice });
        expect(errors.gradient).toBeLessThan(1e-11);
        expect(errors.gram).toBeLessThan(1e-6);
      }
    }
  });
});

test("a pass over 2e5 rows keeps the Gram matrix within 1e-6", async () => {
  const model = { family: Family.bernoulli, auxiliary: 0, numColumns: 4, numRows: 200_000 };
  expect((await compare(model, { weights: Weights.curvature })).gram).toBeLessThan(1e-6);
});

describe.each(models)("influenceRows, %s", (_, model) => {
  test.each([1, 3, 7, 8, 9, 31, 40])("D = %i: within 2e-6 of the reference", async (numColumns) => {
    const memory = new EngineMemory();
    const kernels = await loadKernels(memory);
    const fixture = createFixture(memory, { ...model, numColumns });
    const { dimension, numRows, outputs } = fixture;
    const numValues = (numRows * outputs * (outputs + 1)) / 2;
    const random = createRandom(3, 0, 9);
    const factor = memory.allocateF64(dimension * dimension);
    const center = memory.allocateF64(dimension);
    memory.f64(center, dimension).set(fixture.center);
    for (let i = 0; i < dimension; i++) {
      for (let j = 0; j <= i; j++) memory.f64(factor, dimension * dimension)[i * dimension + j] = 0.1 * random.normal();
    }
    const results = [kernels.influenceRows, influenceRowsReference.bind(null, memory)].map((run) => {
      const task = memory.allocateZeroed(Influence.slots * 8);
      const leverage = memory.allocate(numValues * 4);
      const influence = memory.allocate(numRows * 4);
      const slots: [Influence, number][] = [
        [Influence.model, fixture.model],
        [Influence.center, center],
        [Influence.factor, factor],
        [Influence.to, numRows],
        [Influence.leverage, leverage],
        [Influence.influence, influence],
        [Influence.scratch, memory.allocate(influenceScratchBytes(fixture.paddedColumns, outputs))],
      ];
      for (const [slot, value] of slots) memory.setU32(task, slot, value);
      run(task, 0);
      return [memory.f32(leverage, numValues).slice(), memory.f32(influence, numRows).slice()];
    });
    const [ours, reference] = results;
    // Leverages are good to 2e-6; the student-t residual at 1.5 √v changes by up to four times as much, relatively.
    const tolerance = model.family === Family.studentT ? 8e-6 : 2e-6;
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

test("scratch sizes are the kernels'", async () => {
  const memory = new EngineMemory();
  const kernels = (await loadKernels(memory)) as unknown as Record<string, (...sizes: number[]) => number>;
  for (const [columns, outputs] of [
    [8, 1],
    [40, 3],
    [1000, 1],
    [792, 10],
  ]) {
    expect(passScratchBytes(columns, outputs, Weights.none)).toBe(kernels.passScratchSize(columns, outputs, 0, 0));
    expect(passScratchBytes(columns, outputs, Weights.given)).toBe(kernels.passScratchSize(columns, outputs, 1, 0));
    expect(influenceScratchBytes(columns, outputs)).toBe(kernels.influenceScratchSize(columns, outputs));
    expect(chainScratchBytes(columns, outputs)).toBe(kernels.chainScratchSize(columns, outputs));
  }
  expect(Model.slots).toBe(21);
});
