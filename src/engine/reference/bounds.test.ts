import { describe, expect, test } from "vitest";
import { Chain, Gradient, Influence, MatrixKind, NoiseEstimate, Pass, Weights } from "../../../kernels/layout.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { chainScratchBytes, influenceScratchBytes, passScratchBytes } from "../bindings/scratch.ts";
import { loadKernels } from "../kernels.ts";
import { EngineMemory } from "../memory.ts";
import {
  type ChainFixtureOptions,
  createChain,
  createFixture,
  type Fixture,
  type FixtureOptions,
  kernelModels,
  relativeError,
} from "./kernel-fixtures.ts";
import { passRowsReference } from "./reference-pass.ts";

const memory = new EngineMemory();
const kernels = await loadKernels(memory);
const models = kernelModels.flatMap(([name, model]) =>
  [false, true].map((sparse) => [`${name}, ${sparse ? "sparse" : "dense"}`, { ...model, sparse }] as const),
);

/** A range of the memory that a kernel may write to. */
type Range = readonly [address: number, bytes: number];

/** Runs a kernel and expects every byte of the memory outside the ranges to be what it was. */
function expectWithin(ranges: readonly Range[], run: () => void, what: string): void {
  const { buffer } = memory.memory;
  const before = Buffer.from(buffer.slice(0));
  run();
  expect(memory.memory.buffer, "the memory has grown").toBe(buffer);
  const after = Buffer.from(buffer.slice(0));
  for (const [address, bytes] of ranges) after.set(before.subarray(address, address + bytes), address);
  expect(before.equals(after), what).toBe(true);
}

function onFixture(options: FixtureOptions, work: (fixture: Fixture) => void): void {
  const mark = memory.mark();
  work(createFixture(memory, { numRows: 131, ...options }));
  memory.release(mark);
}

const allWeights = [Weights.none, Weights.curvature, Weights.squaredGradient, Weights.squaredResidual, Weights.given];
/** Rows in one piece, spread out, and by a list. */
const choices = [{}, { from: 3, step: 7 }, { rowList: [5, 5, 130, 0, 17] }] as const;
type Choice = { readonly from?: number; readonly step?: number; readonly rowList?: readonly number[] };

function createPass(fixture: Fixture, weights: Weights, isDiagonal: boolean, { from = 0, step = 1, rowList }: Choice) {
  const { dimension, outputs, numRows, paddedColumns, sparse } = fixture;
  const pass = memory.allocateZeroed(Pass.slots * 8);
  const vector = (values: ArrayLike<number>) => {
    const address = memory.allocateF64(values.length);
    memory.f64(address, values.length).set(values);
    return address;
  };
  const numValues = (numRows * outputs * (outputs + 1)) / 2;
  const rowValues = memory.allocate(numValues * 4);
  memory.f32(rowValues, numValues).set(Array.from({ length: numValues }, (_, n) => 0.1 + (n % 5)));
  const list = memory.allocate(4 * (rowList?.length ?? 0));
  if (rowList) memory.u32(list, rowList.length).set(rowList);
  const gram = weights === Weights.none ? 0 : isDiagonal ? dimension : dimension ** 2;
  const output: Range = [memory.allocateF64(3 + 2 * dimension + gram), 8 * (3 + 2 * dimension + gram)];
  const bytes = passScratchBytes(paddedColumns, outputs, weights, sparse ? "sparse" : "dense", isDiagonal);
  const scratch: Range = [memory.allocate(bytes), bytes];
  // Room behind the last buffer, so that writing past it is seen.
  memory.allocateZeroed(64 * 1024);
  const slots: [Pass, number][] = [
    [Pass.model, fixture.model],
    [Pass.position, vector(fixture.position)],
    [Pass.center, vector(fixture.center)],
    [Pass.weights, weights],
    [Pass.from, from],
    [Pass.to, rowList?.length ?? numRows],
    [Pass.step, step],
    [Pass.rowList, rowList ? list : 0],
    [Pass.rowValues, rowValues],
    [Pass.output, output[0]],
    [Pass.scratch, scratch[0]],
    [Pass.isDiagonal, isDiagonal ? 1 : 0],
  ];
  for (const [slot, value] of slots) memory.setU32(pass, slot, value);
  return { pass, output, scratch, read: () => memory.f64(output[0], output[1] / 8).slice() };
}

describe.each(models)("passRows, %s", (_, model) => {
  test("writes to its output and its scratch alone, for every combination of flags, and the diagonal is the matrix's", () => {
    for (const numColumns of [2, 8, 31])
      for (const weights of allWeights)
        for (const isDiagonal of [false, true])
          for (const choice of choices)
            onFixture({ ...model, numColumns, aliased: true }, (fixture) => {
              const what = JSON.stringify({ numColumns, weights, isDiagonal, choice });
              const { pass, output, scratch, read } = createPass(fixture, weights, isDiagonal, choice);
              expectWithin([output, scratch], () => kernels.passRows(pass, 0), what);
              if (!isDiagonal) return;
              const { dimension } = fixture;
              const actual = read();
              passRowsReference(memory, pass, 0);
              const expected = read();
              const sums = 3 + 2 * dimension;
              for (const part of [
                [3, 3 + dimension],
                [sums, actual.length],
              ])
                expect(relativeError(actual.subarray(...part), expected.subarray(...part), 0.1), what).toBeLessThan(
                  1e-6,
                );
            });
  });
});

describe.each(models)("influenceRows, %s", (_, model) => {
  test("writes to its values and its scratch alone, whatever is wanted", () => {
    for (const numColumns of [2, 8, 31])
      for (const wanted of [["leverage"], ["influence"], ["leverage", "influence"]])
        onFixture({ ...model, numColumns }, (fixture) => {
          const { dimension, numRows, outputs, paddedColumns } = fixture;
          const random = createRandom(3, 0, 9);
          const task = memory.allocateZeroed(Influence.slots * 8);
          const center = memory.allocateF64(dimension);
          memory.f64(center, dimension).set(fixture.center);
          const factor = memory.allocateF64(dimension ** 2);
          const covariance = memory.allocateF64(dimension ** 2);
          const k = memory.f64(factor, dimension ** 2);
          for (let i = 0; i < dimension; i++)
            for (let j = 0; j <= i; j++) k[i * dimension + j] = i === j ? 0.2 : 0.02 * random.normal();
          const p = memory.f64(covariance, dimension ** 2);
          for (let i = 0; i < dimension; i++)
            for (let j = 0; j < dimension; j++)
              for (let l = 0; l < dimension; l++) p[i * dimension + j] += k[i * dimension + l] * k[j * dimension + l];
          const buffer = (bytes: number): Range => [memory.allocate(bytes), bytes];
          const leverage = buffer((4 * (numRows * outputs * (outputs + 1))) / 2);
          const influence = buffer(4 * numRows);
          const scratch = buffer(influenceScratchBytes(paddedColumns, outputs));
          memory.allocateZeroed(64 * 1024);
          const slots: [Influence, number][] = [
            [Influence.model, fixture.model],
            [Influence.center, center],
            [Influence.factor, factor],
            [Influence.covariance, covariance],
            [Influence.from, 1],
            [Influence.to, numRows],
            [Influence.leverage, wanted.includes("leverage") ? leverage[0] : 0],
            [Influence.influence, wanted.includes("influence") ? influence[0] : 0],
            [Influence.scratch, scratch[0]],
          ];
          for (const [slot, value] of slots) memory.setU32(task, slot, value);
          const allowed = [scratch, ...(wanted.includes("leverage") ? [leverage] : [])];
          if (wanted.includes("influence")) allowed.push(influence);
          expectWithin(allowed, () => kernels.influenceRows(task, 0), `${numColumns} ${wanted}`);
        });
  });
});

const chainOptions: readonly Omit<ChainFixtureOptions, "gradient" | "batchSize">[] = [
  { stepKind: MatrixKind.dense, noiseKind: MatrixKind.dense, coupled: true },
  { stepKind: MatrixKind.scalar, noiseKind: MatrixKind.none, keep: 0.7 },
  { stepKind: MatrixKind.diagonal, noiseKind: MatrixKind.diagonal, wide: true },
  { stepKind: MatrixKind.diagonal, noiseKind: MatrixKind.scalar, rate: { offset: 20, exponent: 0.4 } },
];

/** The f64 that each of a chain's buffers has room for. */
function chainBuffers(fixture: Fixture, numDraws: number): readonly [Chain, number][] {
  const { dimension: m, paddedColumns, outputs } = fixture;
  return [
    [Chain.position, m],
    [Chain.rowStream, 8],
    [Chain.noiseStream, 8],
    [Chain.draws, numDraws * m],
    [Chain.intervalMeans, numDraws * m],
    [Chain.moments, m * m],
    [Chain.coupled, m],
    [Chain.coupledDifferences, 2 * numDraws * m],
    [Chain.velocity, m],
    [Chain.noiseSums, m * m],
    [Chain.intervalWeights, numDraws],
    [Chain.previousNoise, m],
    [Chain.scratch, chainScratchBytes(paddedColumns, outputs) / 8],
  ];
}

describe.each(models)("runChain, %s", (_, model) => {
  test("writes to its record and its buffers alone", () => {
    for (const numColumns of [2, 8, 31])
      for (const gradient of [Gradient.minibatch, Gradient.controlVariate])
        for (const batchSize of [0, 1, 6, 131])
          for (const options of chainOptions)
            onFixture({ ...model, numColumns, aliased: batchSize === 6 }, (fixture) => {
              const estimates = gradient === Gradient.minibatch && batchSize > 1 && !options.wide;
              const noiseEstimate = { kind: NoiseEstimate.withinBatch, every: 2, shape: MatrixKind.dense };
              const chain = createChain(fixture, {
                ...{ ...options, gradient, batchSize, numDraws: 5 },
                ...(estimates && { noiseEstimate }),
              });
              memory.allocateZeroed(64 * 1024);
              const buffers = chainBuffers(fixture, 5).flatMap(([slot, length]): Range[] => {
                const address = memory.getU32(chain, slot);
                return address === 0 ? [] : [[address, 8 * length]];
              });
              const record: Range = [chain, 8 * Chain.slots];
              const what = JSON.stringify({ numColumns, gradient, batchSize, options });
              expectWithin([record, ...buffers], () => kernels.runChain(chain, 50), what);
            });
  });
});
