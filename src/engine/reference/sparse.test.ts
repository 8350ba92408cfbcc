import { describe, expect, test } from "vitest";
import {
  Chain,
  Family,
  Gradient,
  Influence,
  MatrixKind,
  Model,
  NoiseEstimate,
  Pass,
  Weights,
} from "../../../kernels/layout.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { passScratchBytes } from "../bindings/scratch.ts";
import { loadKernels } from "../kernels.ts";
import { EngineMemory } from "../memory.ts";
import {
  chainOutput,
  createChain,
  createFixture,
  type Fixture,
  type FixtureOptions,
  kernelModels,
  relativeError,
  typicalModels,
} from "./kernel-fixtures.ts";
import { runChainReference } from "./reference-chain.ts";
import { influenceRowsReference, passRowsReference } from "./reference-pass.ts";

const models = kernelModels.map(([name, model]) => [name, { ...model, sparse: true }] as const);
const memory = new EngineMemory();
const kernels = await loadKernels(memory);

/** Runs `work` on a fixture, and takes its memory back. */
function onFixture<Result>(options: FixtureOptions, work: (fixture: Fixture) => Result): Result {
  const mark = memory.mark();
  const result = work(createFixture(memory, options));
  memory.release(mark);
  return result;
}

describe.each(models.filter(([name]) => typicalModels.some(([typical]) => typical === name)))(
  "runChain over sparse rows, %s",
  (_, model) => {
    test.each([
      ["minibatch", Gradient.minibatch],
      ["control variate", Gradient.controlVariate],
    ])("%s: as the plain version, after 40 steps within 2e-6", (_, gradient) => {
      for (const numColumns of [2, 8, 31]) {
        for (const batchSize of [1, 6, 300]) {
          for (const aliased of [false, true]) {
            onFixture({ ...model, numColumns, aliased }, (fixture) => {
              const stepKind = aliased ? MatrixKind.diagonal : MatrixKind.dense;
              const noiseKind = aliased ? MatrixKind.none : MatrixKind.diagonal;
              const options = { gradient, batchSize, stepKind, noiseKind, numDraws: 6 };
              const [ours, reference] = [createChain(fixture, options), createChain(fixture, options)];
              kernels.runChain(ours, 25);
              kernels.runChain(ours, 15);
              runChainReference(memory, reference, 40);
              const [a, b] = [chainOutput(fixture, ours), chainOutput(fixture, reference)];
              expect(relativeError(a.position, fixture.position)).toBeGreaterThan(1e-4);
              for (const name of Object.keys(b))
                expect(relativeError(a[name], b[name]), `${name} ${numColumns} ${batchSize}`).toBeLessThan(2e-6);
            });
          }
        }
      }
    });

    test("rows in order, two directions beside the diagonal and averaged noise: within 2e-6", () => {
      for (const sparse of [false, true]) {
        for (const batchSize of [5, 203]) {
          onFixture({ ...model, sparse, numColumns: 9 }, (fixture) => {
            const options = {
              ...{ gradient: Gradient.minibatch, batchSize, stepKind: MatrixKind.diagonal },
              ...{ noiseKind: MatrixKind.diagonal, numDraws: 6, wide: true },
            };
            const [ours, reference] = [createChain(fixture, options), createChain(fixture, options)];
            kernels.runChain(ours, 13);
            kernels.runChain(ours, 27);
            runChainReference(memory, reference, 40);
            const [a, b] = [chainOutput(fixture, ours), chainOutput(fixture, reference)];
            for (const name of Object.keys(b)) expect(relativeError(a[name], b[name]), name).toBeLessThan(2e-6);
          });
        }
      }
    });

    test("C estimated from batches within 1e-5", () => {
      for (const kind of [NoiseEstimate.firstRow, NoiseEstimate.withinBatch]) {
        onFixture({ ...model, numColumns: 9 }, (fixture) => {
          const shape = kind === NoiseEstimate.firstRow ? MatrixKind.dense : MatrixKind.diagonal;
          const noiseEstimate = { kind, every: 2, shape };
          const chains = [0, 1].map(() =>
            createChain(fixture, {
              ...{ gradient: Gradient.minibatch, batchSize: 7, stepKind: MatrixKind.scalar },
              ...{ noiseKind: MatrixKind.none, noiseEstimate },
            }),
          );
          kernels.runChain(chains[0], 20);
          runChainReference(memory, chains[1], 20);
          const [a, b] = chains.map((chain) => chainOutput(fixture, chain));
          expect(b.noiseCount[0]).toBe(10);
          expect(relativeError(a.noiseSums, b.noiseSums)).toBeLessThan(1e-5);
        });
      }
    });
  },
);

function runPass(
  fixture: Fixture,
  weights: Weights,
  { isDiagonal = false, rowList }: { isDiagonal?: boolean; rowList?: readonly number[] },
  run: (pass: number) => void,
): Float64Array {
  const { dimension, outputs, numRows } = fixture;
  const pass = memory.allocateZeroed(Pass.slots * 8);
  const vector = (values: ArrayLike<number>) => {
    const address = memory.allocateF64(values.length);
    memory.f64(address, values.length).set(values);
    return address;
  };
  const numValues = (numRows * outputs * (outputs + 1)) / 2;
  const rowValues = memory.allocate(numValues * 4);
  memory.f32(rowValues, numValues).set(Array.from({ length: numValues }, (_, n) => 0.1 + (n % 5)));
  const gramLength = weights === Weights.none ? 0 : isDiagonal ? dimension : dimension ** 2;
  const output = memory.allocateF64(3 + 2 * dimension + gramLength);
  memory.f64(output, 3 + 2 * dimension + gramLength).fill(Number.NaN);
  const bytes = passScratchBytes(fixture.paddedColumns, outputs, weights, "sparse", isDiagonal);
  const scratch = memory.allocate(bytes + 8);
  memory.u8(scratch, bytes + 8).fill(255);
  const list = memory.allocate(4 * (rowList?.length ?? 0));
  if (rowList) memory.u32(list, rowList.length).set(rowList);
  const slots: [Pass, number][] = [
    [Pass.model, fixture.model],
    [Pass.position, vector(fixture.position)],
    [Pass.center, vector(fixture.center)],
    [Pass.weights, weights],
    [Pass.from, rowList ? 0 : 3],
    [Pass.to, rowList?.length ?? numRows],
    [Pass.step, rowList ? 1 : 2],
    [Pass.rowList, rowList ? list : 0],
    [Pass.rowValues, rowValues],
    [Pass.output, output],
    [Pass.scratch, scratch],
    [Pass.isDiagonal, isDiagonal ? 1 : 0],
  ];
  for (const [slot, value] of slots) memory.setU32(pass, slot, value);
  run(pass);
  expect([...memory.u8(scratch + bytes, 8)]).toEqual(new Array(8).fill(255));
  return memory.f64(output, 3 + 2 * dimension + gramLength).slice();
}

describe.each(models)("passRows over sparse rows, %s", (_, model) => {
  const allWeights = [Weights.none, Weights.curvature, Weights.squaredGradient, Weights.squaredResidual, Weights.given];
  test("loss and gradient within 1e-11, Gram matrix and its diagonal within 1e-6", () => {
    for (const numColumns of [2, 8, 31]) {
      for (const weights of allWeights) {
        for (const rowList of [undefined, [5, 5, 200, 0, 17]]) {
          onFixture({ ...model, numColumns, aliased: true }, (fixture) => {
            const expected = runPass(fixture, weights, { rowList }, (pass) => passRowsReference(memory, pass, 0));
            const actual = runPass(fixture, weights, { rowList }, (pass) => kernels.passRows(pass, 0));
            const { dimension } = fixture;
            const gramStart = 3 + 2 * dimension;
            const scale = Math.max(1, ...expected.slice(3, 3 + dimension).map(Math.abs));
            expect(actual[2]).toBe(expected[2]);
            expect(Math.abs(actual[0] / expected[0] - 1)).toBeLessThan(1e-11);
            expect(Math.abs(actual[1] / expected[1] - 1)).toBeLessThan(1e-11);
            const end = 3 + dimension;
            expect(relativeError(actual.subarray(3, end), expected.subarray(3, end), scale)).toBeLessThan(1e-11);
            expect(relativeError(actual.subarray(gramStart), expected.subarray(gramStart), 1e-3)).toBeLessThan(1e-6);
            if (weights === Weights.none) return;
            const diagonal = runPass(fixture, weights, { rowList, isDiagonal: true }, (pass) =>
              kernels.passRows(pass, 0),
            );
            expect(diagonal.subarray(0, end)).toEqual(actual.subarray(0, end));
            const entries = Float64Array.from(
              { length: dimension },
              (_, j) => expected[gramStart + j * (dimension + 1)],
            );
            expect(relativeError(diagonal.subarray(gramStart), entries, 1e-3)).toBeLessThan(1e-6);
          });
        }
      }
    }
  });

  test("leverage and influence within 1e-5", () => {
    for (const numColumns of [2, 8, 30]) {
      onFixture({ ...model, numColumns }, (fixture) => {
        const { dimension, numRows, outputs } = fixture;
        const random = createRandom(2, 0, 9);
        const factor = memory.allocateF64(dimension ** 2);
        const covariance = memory.allocateF64(dimension ** 2);
        const [k, p] = [memory.f64(factor, dimension ** 2), memory.f64(covariance, dimension ** 2)];
        for (let i = 0; i < dimension; i++)
          for (let j = 0; j <= i; j++)
            k[i * dimension + j] = 0.2 * (i === j ? 1 + random.uniform() : 0.3 * random.normal());
        for (let i = 0; i < dimension; i++)
          for (let j = 0; j < dimension; j++)
            for (let l = 0; l <= Math.min(i, j); l++)
              p[i * dimension + j] += k[i * dimension + l] * k[j * dimension + l];
        const center = memory.allocateF64(dimension);
        memory.f64(center, dimension).set(fixture.center);
        const pairs = (outputs * (outputs + 1)) / 2;
        const results = [
          (task: number) => kernels.influenceRows(task, 0),
          (task: number) => influenceRowsReference(memory, task, 0),
        ].map((run) => {
          const [leverage, influence] = [memory.allocate(4 * numRows * pairs), memory.allocate(4 * numRows)];
          const task = memory.allocateZeroed(Influence.slots * 8);
          const scratch = memory.allocate(2 ** 23);
          const slots = [fixture.model, center, factor, 0, numRows, leverage, influence, scratch, covariance];
          for (const [slot, value] of slots.entries()) memory.setU32(task, slot, value);
          run(task);
          return [memory.f32(leverage, numRows * pairs).slice(), memory.f32(influence, numRows).slice()];
        });
        const [ours, reference] = results;
        expect(relativeError(ours[0], reference[0])).toBeLessThan(1e-6);
        ours[1].forEach((value, n) => {
          expect(Math.abs(value - reference[1][n])).toBeLessThanOrEqual(1e-5 * reference[1][n] + 1e-12);
        });
      });
    }
  });
});

test("scratch sizes are the kernels'", () => {
  const { sparsePassScratchSize } = kernels as unknown as { sparsePassScratchSize(...args: number[]): number };
  for (const [columns, outputs] of [
    [8, 1],
    [40, 1],
    [16, 3],
  ])
    for (const isDiagonal of [false, true])
      for (const weights of [Weights.none, Weights.curvature])
        expect(passScratchBytes(columns, outputs, weights, "sparse", isDiagonal)).toBe(
          sparsePassScratchSize(columns, outputs, weights, isDiagonal ? 1 : 0),
        );
  expect([Family.bernoulli, Chain.slots, Model.slots]).toEqual([1, 40, 21]);
});
