import { describe, expect, test } from "vitest";
import { Chain } from "../../../kernels/layout/chain.ts";
import { Influence, Pass, PassOutput } from "../../../kernels/layout/pass.ts";
import {
  chainScratchBytes,
  densePassScratchBytes,
  influenceScratchBytes,
  sparsePassScratchBytes,
} from "../../../kernels/layout/scratch.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { writeInfluenceRecords } from "../bindings/influence-record.ts";
import { gramLength, type RowChoice, writePassRecords } from "../bindings/pass-record.ts";
import type { GramKind } from "../bindings/words.ts";
import { loadKernels } from "../kernels.ts";
import { EngineMemory } from "../memory.ts";
import { type ChainFixtureOptions, createChain } from "./fixture-chain.ts";
import {
  createFixture,
  type Fixture,
  type FixtureOptions,
  gramKinds,
  gramRequest,
  kernelModels,
  pairsOf,
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

let copy = Buffer.alloc(0);

/** Runs a kernel and expects every byte of the memory outside the ranges to be what it was. */
function expectWithin(ranges: readonly Range[], run: () => void, what: string): void {
  const { buffer } = memory.memory;
  const now = Buffer.from(buffer);
  if (copy.length !== now.length) copy = Buffer.alloc(now.length);
  now.copy(copy);
  run();
  expect(memory.memory.buffer, "the memory has grown").toBe(buffer);
  for (const [address, bytes] of ranges) now.copy(copy, address, address, address + bytes);
  expect(copy.equals(now), what).toBe(true);
}

function onFixture(options: FixtureOptions, work: (fixture: Fixture) => void): void {
  const mark = memory.mark();
  work(createFixture(memory, { numRows: 131, ...options }));
  memory.release(mark);
}

/** Rows in one piece, spread out, and by a list. */
const choices = [{}, { from: 3, step: 7 }, { rowList: [5, 5, 130, 0, 17] }] as const;
type Choice = RowChoice & { readonly from?: number };

function createPass(fixture: Fixture, gram: GramKind, isDiagonal: boolean, { from = 0, ...choice }: Choice) {
  const { numPredictors, dimension, rows } = fixture;
  const request = { ...gramRequest(fixture, gram, isDiagonal), ...choice };
  const range = { from, to: choice.rowList?.length ?? rows.numRows };
  const { tasks, sums } = writePassRecords(fixture, fixture.position, request, [range]);
  const pass = tasks[0].address;
  const bytes = (rows.sparse ? sparsePassScratchBytes : densePassScratchBytes)(
    ...([rows.paddedColumns, numPredictors, gram !== "none", isDiagonal] as const),
  );
  const output: Range = [
    memory.getU32(pass, Pass.output),
    PassOutput.gradient + 8 * (dimension + gramLength(fixture, request)),
  ];
  const scratch: Range = [memory.getU32(pass, Pass.scratch), bytes];
  // Room behind the last buffer, so that writing past it is seen.
  memory.allocateZeroed(64 * 1024);
  const read = () => sums().map(({ gradient, gram }) => [gradient.slice(), gram.slice()])[0];
  return { pass, output, scratch, read };
}

describe.each(models)("passRows, %s", (_, model) => {
  test("writes to its output and its scratch alone, for every combination of flags, and the diagonal is the matrix's", () => {
    for (const numColumns of [2, 8, 31])
      for (const gram of gramKinds)
        for (const isDiagonal of [false, true])
          for (const choice of choices)
            onFixture({ ...model, numColumns, aliased: true }, (fixture) => {
              const what = JSON.stringify({ numColumns, gram, isDiagonal, choice });
              const { pass, output, scratch, read } = createPass(fixture, gram, isDiagonal, choice);
              expectWithin([output, scratch], () => kernels.passRows(pass, 0), what);
              if (!isDiagonal) return;
              const actual = read();
              passRowsReference(memory, pass, 0);
              read().forEach((expected, part) => {
                expect(relativeError(actual[part], expected, 0.1), what).toBeLessThan(1e-6);
              });
            });
  });
});

describe.each(models)("influenceRows, %s", (_, model) => {
  test("writes to its values and its scratch alone, whatever is wanted", () => {
    for (const numColumns of [2, 8, 31])
      for (const wanted of [["leverage"], ["influence"], ["leverage", "influence"]])
        onFixture({ ...model, numColumns }, (fixture) => {
          const { dimension, numPredictors } = fixture;
          const { numRows, paddedColumns } = fixture.rows;
          const random = createRandom(3, 0, 9);
          const [factor, covariance] = [new Float64Array(dimension ** 2), new Float64Array(dimension ** 2)];
          for (let i = 0; i < dimension; i++)
            for (let j = 0; j <= i; j++) factor[i * dimension + j] = i === j ? 0.2 : 0.02 * random.normal();
          for (let i = 0; i < dimension; i++)
            for (let j = 0; j < dimension; j++)
              for (let l = 0; l < dimension; l++)
                covariance[i * dimension + j] += factor[i * dimension + l] * factor[j * dimension + l];
          const buffer = (bytes: number): Range => [memory.allocate(bytes), bytes];
          const leverage = buffer(4 * numRows * pairsOf(fixture));
          const influence = buffer(4 * numRows);
          const request = {
            ...{ center: fixture.center, law: { factor, covariance } },
            ...(wanted.includes("leverage") && { leverage: leverage[0] }),
            ...(wanted.includes("influence") && { influence: influence[0] }),
          };
          const [{ address: task }] = writeInfluenceRecords(fixture, request, [{ from: 1, to: numRows }]).tasks;
          const scratch: Range = [
            memory.getU32(task, Influence.scratch),
            influenceScratchBytes(paddedColumns, numPredictors),
          ];
          memory.allocateZeroed(64 * 1024);
          const allowed = [scratch, ...(wanted.includes("leverage") ? [leverage] : [])];
          if (wanted.includes("influence")) allowed.push(influence);
          expectWithin(allowed, () => kernels.influenceRows(task, 0), `${numColumns} ${wanted}`);
        });
  });
});

const chainOptions: readonly Omit<ChainFixtureOptions, "gradient" | "batchSize">[] = [
  { stepKind: "dense", noiseKind: "dense", coupled: true },
  { stepKind: "scalar", noiseKind: "none", keep: 0.7 },
  { stepKind: "diagonal", noiseKind: "diagonal", wide: true },
  { stepKind: "diagonal", noiseKind: "scalar", rate: { offset: 20, exponent: 0.4 } },
];

/** The f64 that each of a chain's buffers has room for. */
function chainBuffers(fixture: Fixture, numDraws: number): readonly [Chain, number][] {
  const { dimension: m, numPredictors, rows } = fixture;
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
    [Chain.scratch, chainScratchBytes(rows.paddedColumns, numPredictors) / 8],
  ];
}

describe.each(models)("runChain, %s", (_, model) => {
  test("writes to its record and its buffers alone", () => {
    for (const numColumns of [2, 8, 31])
      for (const gradient of ["minibatch", "control-variate"] as const)
        for (const batchSize of [0, 1, 6, 131])
          for (const options of chainOptions)
            onFixture({ ...model, numColumns, aliased: batchSize === 6 }, (fixture) => {
              const estimates = gradient === "minibatch" && batchSize > 1 && !options.wide;
              const noiseEstimate = { kind: "within-batch", every: 2, shape: "dense" } as const;
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
