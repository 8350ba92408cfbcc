import { describe, expect, test } from "vitest";
import { Pass } from "../../../kernels/layout/pass.ts";
import { sparsePassScratchBytes } from "../../../kernels/layout/scratch.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { writeInfluenceRecords } from "../bindings/influence-record.ts";
import { type PassSums, type RowChoice, writePassRecords } from "../bindings/pass-record.ts";
import type { GramKind } from "../bindings/words.ts";
import { loadKernels } from "../kernels.ts";
import { EngineMemory } from "../memory.ts";
import { type ChainFixtureOptions, chainOutput, createChain } from "./fixture-chain.ts";
import {
  createFixture,
  type Fixture,
  type FixtureOptions,
  gramKinds,
  gramRequest,
  kernelModels,
  pairsOf,
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
      ["minibatch", "minibatch"],
      ["control variate", "control-variate"],
    ] as const)("%s: as the plain version, after 40 steps within 2e-6", (_, gradient) => {
      for (const numColumns of [2, 8, 31]) {
        for (const batchSize of [1, 6, 300]) {
          for (const aliased of [false, true]) {
            onFixture({ ...model, numColumns, aliased }, (fixture) => {
              const stepKind = aliased ? "diagonal" : "dense";
              const noiseKind = aliased ? "none" : "diagonal";
              const options: ChainFixtureOptions = { gradient, batchSize, stepKind, noiseKind, numDraws: 6 };
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
            const options: ChainFixtureOptions = {
              ...{ gradient: "minibatch", batchSize, stepKind: "diagonal" },
              ...{ noiseKind: "diagonal", numDraws: 6, wide: true },
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
      for (const kind of ["first-row", "within-batch"] as const) {
        onFixture({ ...model, numColumns: 9 }, (fixture) => {
          const shape = kind === "first-row" ? ("dense" as const) : ("diagonal" as const);
          const noiseEstimate = { kind, every: 2, shape };
          const chains = [0, 1].map(() =>
            createChain(fixture, {
              ...{ gradient: "minibatch", batchSize: 7, stepKind: "scalar" },
              ...{ noiseKind: "none", noiseEstimate },
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

/** The sums of every second row from the third on, or of those listed. */
function runPass(
  fixture: Fixture,
  gram: GramKind,
  { isDiagonal = false, rowList }: { isDiagonal?: boolean } & RowChoice,
  run: (pass: number) => void,
): PassSums {
  const { numPredictors, rows } = fixture;
  const request = { ...gramRequest(fixture, gram, isDiagonal), ...(rowList ? { rowList } : { step: 2 }) };
  const range = rowList ? { from: 0, to: rowList.length } : { from: 3, to: rows.numRows };
  const { tasks, sums } = writePassRecords(fixture, fixture.position, request, [range]);
  const [{ address }] = tasks;
  const bytes = sparsePassScratchBytes(rows.paddedColumns, numPredictors, gram !== "none", isDiagonal);
  const scratch = memory.getU32(address, Pass.scratch);
  memory.allocate(8, 1);
  memory.u8(scratch, bytes + 8).fill(255);
  for (const values of [sums()[0].gradient, sums()[0].gram]) values.fill(Number.NaN);
  run(address);
  expect([...memory.u8(scratch + bytes, 8)]).toEqual(new Array(8).fill(255));
  const [{ loss, count, gradient, gram: sum }] = sums();
  return { loss, count, gradient: gradient.slice(), gram: sum.slice() };
}

describe.each(models)("passRows over sparse rows, %s", (_, model) => {
  test("loss and gradient within 1e-11, Gram matrix and its diagonal within 1e-6", () => {
    for (const numColumns of [2, 8, 31]) {
      for (const gram of gramKinds) {
        for (const rowList of [undefined, [5, 5, 200, 0, 17]]) {
          onFixture({ ...model, numColumns, aliased: true }, (fixture) => {
            const expected = runPass(fixture, gram, { rowList }, (pass) => passRowsReference(memory, pass, 0));
            const actual = runPass(fixture, gram, { rowList }, (pass) => kernels.passRows(pass, 0));
            const scale = Math.max(1, ...expected.gradient.map(Math.abs));
            expect(actual.count).toBe(expected.count);
            expect(Math.abs(actual.loss / expected.loss - 1)).toBeLessThan(1e-11);
            expect(relativeError(actual.gradient, expected.gradient, scale)).toBeLessThan(1e-11);
            expect(relativeError(actual.gram, expected.gram, 1e-3)).toBeLessThan(1e-6);
            if (gram === "none") return;
            const diagonal = runPass(fixture, gram, { rowList, isDiagonal: true }, (pass) => kernels.passRows(pass, 0));
            expect([diagonal.loss, diagonal.count]).toEqual([actual.loss, actual.count]);
            expect(diagonal.gradient).toEqual(actual.gradient);
            const entries = expected.gram.filter((_, at) => at % (fixture.dimension + 1) === 0);
            expect(relativeError(diagonal.gram, entries, 1e-3)).toBeLessThan(1e-6);
          });
        }
      }
    }
  });

  test("leverage and influence within 1e-5", () => {
    for (const numColumns of [2, 8, 30]) {
      onFixture({ ...model, numColumns }, (fixture) => {
        const { dimension } = fixture;
        const { numRows } = fixture.rows;
        const random = createRandom(2, 0, 9);
        const [factor, covariance] = [new Float64Array(dimension ** 2), new Float64Array(dimension ** 2)];
        for (let i = 0; i < dimension; i++)
          for (let j = 0; j <= i; j++)
            factor[i * dimension + j] = 0.2 * (i === j ? 1 + random.uniform() : 0.3 * random.normal());
        for (let i = 0; i < dimension; i++)
          for (let j = 0; j < dimension; j++)
            for (let l = 0; l <= Math.min(i, j); l++)
              covariance[i * dimension + j] += factor[i * dimension + l] * factor[j * dimension + l];
        const results = [kernels.influenceRows, influenceRowsReference.bind(null, memory)].map((run) => {
          const [leverage, influence] = [memory.allocate(4 * numRows * pairsOf(fixture)), memory.allocate(4 * numRows)];
          const request = { center: fixture.center, law: { factor, covariance }, leverage, influence };
          const [task] = writeInfluenceRecords(fixture, request, [{ from: 0, to: numRows }]).tasks;
          run(task.address, 0);
          return [memory.f32(leverage, numRows * pairsOf(fixture)).slice(), memory.f32(influence, numRows).slice()];
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
