import { describe, expect, test } from "vitest";
import { Chain } from "../../../kernels/layout/chain.ts";
import { Model } from "../../../kernels/layout/model.ts";
import { nextWordsInto, seedStream } from "../../rng/xoshiro.ts";
import type { GradientKind } from "../bindings/words.ts";
import { type Kernels, loadKernels } from "../kernels.ts";
import { EngineMemory } from "../memory.ts";
import { type ChainFixtureOptions, chainOutput, createChain } from "./fixture-chain.ts";
import { columnCounts, createFixture, type FixtureOptions, kernelModels, relativeError } from "./kernel-fixtures.ts";
import { runChainReference } from "./reference-chain.ts";

const gradients: [string, GradientKind][] = [
  ["minibatch", "minibatch"],
  ["control variate", "control-variate"],
];
const kinds = ["none", "scalar", "diagonal", "dense"] as const;

async function compare(model: FixtureOptions, chain: ChainFixtureOptions, steps: number) {
  const memory = new EngineMemory();
  const kernels = await loadKernels(memory);
  const fixture = createFixture(memory, model);
  const ours = createChain(fixture, chain);
  const reference = createChain(fixture, chain);
  kernels.runChain(ours, steps);
  runChainReference(memory, reference, steps);
  const moved = memory
    .f64(memory.getU32(reference, Chain.position), fixture.dimension)
    .map((v, j) => v - fixture.position[j]);
  const difference = moved.map(
    (v, j) => memory.f64(memory.getU32(ours, Chain.position), fixture.dimension)[j] - fixture.position[j] - v,
  );
  expect(moved.every(Number.isFinite)).toBe(true);
  return {
    memory,
    /** Error of the movement made, over its largest entry or that of a gradient of size 1. */
    moveError: Math.max(...difference.map(Math.abs)) / Math.max(...moved.map(Math.abs), 0.01 / (1 + model.numColumns)),
    ours: chainOutput(fixture, ours),
    reference: chainOutput(fixture, reference),
  };
}

describe.each(kernelModels)("runChain, %s", (name, model) => {
  describe.each(gradients)("%s", (_, gradient) => {
    test.each(columnCounts(name))(
      "D = %i: the error of a gradient is below 5e-6 of it, or of 1",
      async (numColumns) => {
        for (const batchSize of [1, 3, 4, 20, 300]) {
          const chain: ChainFixtureOptions = { gradient, batchSize, stepKind: "scalar", noiseKind: "none", pull: 0 };
          const { reference, moveError } = await compare({ ...model, numColumns }, chain, 1);
          const isZero = gradient === "control-variate" && model.family === "gaussian" && !model.auxiliary;
          if (isZero) expect(Math.max(...reference.position)).toBeLessThan(10);
          else expect(moveError, `S = ${batchSize}`).toBeLessThan(5e-6);
        }
      },
    );

    test("all kinds of step and noise, twin and records: after 82 steps within 1e-6", async () => {
      const kindsHere = columnCounts(name).length > 3 ? kinds : (["dense"] as const);
      for (const stepKind of kindsHere) {
        for (const noiseKind of kindsHere) {
          for (const numColumns of [3, 8]) {
            // 13 draws of 3 moments each leave the buffer of four with three iterates at the end.
            const chain: ChainFixtureOptions = {
              gradient,
              batchSize: 5,
              stepKind,
              noiseKind,
              coupled: true,
              numDraws: 13,
            };
            const { ours, reference } = await compare({ ...model, numColumns }, chain, 1000);
            for (const name of Object.keys(reference)) {
              expect(relativeError(ours[name], reference[name]), `${name} ${stepKind} ${noiseKind}`).toBeLessThan(1e-6);
            }
          }
        }
      }
    });

    test("rows drawn by an alias table, weighted: after 50 steps within 1e-6", async () => {
      for (const batchSize of [1, 6, 300]) {
        const chain: ChainFixtureOptions = { gradient, batchSize, stepKind: "diagonal", noiseKind: "none" };
        const { ours, reference } = await compare({ ...model, numColumns: 5, aliased: true }, chain, 50);
        expect(relativeError(ours.position, reference.position)).toBeLessThan(1e-6);
      }
    });
  });
});

/** A chain whose draws reveal its rows: f = ½(y − η)² with x = 1, η ≈ 0 and unit steps adds y_n to θ. */
async function drawnRows(
  numRows: number,
  batchSize: number,
  steps: number,
  run: (kernels: Kernels, memory: EngineMemory, chain: number) => void,
) {
  const memory = new EngineMemory();
  const kernels = await loadKernels(memory);
  const fixture = createFixture(memory, { family: "gaussian", auxiliary: 0, numColumns: 1, numRows });
  const rows = memory.f32(memory.getU32(fixture.address, Model.rows), numRows * 8);
  rows.fill(0);
  for (let n = 0; n < numRows; n++) {
    rows[8 * n] = 1;
    rows[8 * n + 7] = n;
  }
  memory.setF64(fixture.address, Model.fixedAuxiliary, 0);
  memory.f64(memory.getU32(fixture.address, Model.priorPrecision), 1)[0] = 0;
  const chain = createChain(fixture, {
    ...{ gradient: "minibatch", batchSize, stepKind: "scalar", noiseKind: "none" },
    ...{ pull: 0, stepsPerDraw: 1, momentEvery: 1, burnInSteps: 0, numDraws: steps },
  });
  memory.f64(memory.getU32(chain, Chain.step), 1)[0] = 1;
  memory.f64(memory.getU32(chain, Chain.position), 1)[0] = 0;
  run(kernels, memory, chain);
  return memory.f64(memory.getU32(chain, Chain.draws), steps).slice();
}

describe("the rows of a chain", () => {
  test.each([1, 2, 5, 203, 1000])("of %i are the reference's, to the bit", async (numRows) => {
    const ours = await drawnRows(numRows, 1, 2000, (kernels, _, chain) => kernels.runChain(chain, 2000));
    const reference = await drawnRows(numRows, 1, 2000, (_, memory, chain) => runChainReference(memory, chain, 2000));
    expect(ours).toEqual(reference);
  });

  test("of 3·2³⁰ are drawn again where they would be drawn too often", async () => {
    // A third of all words must be refused here; without that, every third row would come twice as often.
    const numRows = 3 * 2 ** 30;
    const memory = new EngineMemory();
    const kernels = (await loadKernels(memory)) as unknown as Record<string, (...args: number[]) => void>;
    const stream = seedStream(4, 0, 0);
    const [state, rows, weights] = [64, 4000, 4000].map((bytes) => memory.allocate(bytes));
    memory.u32(state, 16).set(stream);
    const model = memory.allocateZeroed(8 * Model.slots);
    memory.setU32(model, Model.numRows, numRows);
    memory.setU32(model, Model.stride, 1);
    kernels.drawRows(state, 1000, model, rows, weights);
    const words = new Uint32Array(4);
    const expected: number[] = [];
    while (expected.length < 1000) {
      nextWordsInto(stream, words);
      const products = Array.from(words, (word) => BigInt(word) * BigInt(numRows));
      if (products.every((product) => (product & 0xffffffffn) >= 2n ** 30n))
        expected.push(...products.map((p) => Number(p >> 32n)));
    }
    // Addresses of rows of 4 bytes each, which wrap around.
    expect([...memory.u32(rows, 1000)]).toEqual(expected.map((row) => (4 * row) % 2 ** 32));
  });

  test("are uniform: χ² of 2e5 draws from 7 rows below its 1e-6 quantile", async () => {
    const count = 200_000;
    const draws = await drawnRows(7, 1, count, (kernels, _, chain) => kernels.runChain(chain, count));
    const counts = new Float64Array(7);
    for (const row of draws) counts[row]++;
    const chiSquare = counts.reduce((sum, observed) => sum + (observed - count / 7) ** 2 / (count / 7), 0);
    expect(chiSquare).toBeLessThan(38.3); // qchisq(1 - 1e-6, 6) = 38.26
  });
});

describe("the way without noise, for scalar and diagonal steps", () => {
  // More rows than there are, which take the plain version long, at one width.
  test.each([
    [1, [1, 7]],
    [8, [1, 2, 7]],
    [9, [1, 2, 300]],
    [130, [1, 20]],
  ])("D = %i: after 64 steps within 1e-6 of the reference", async (numColumns, batchSizes) => {
    for (const [, model] of kernelModels.filter(([, { auxiliary }]) => !auxiliary)) {
      for (const batchSize of batchSizes) {
        for (const stepKind of ["scalar", "diagonal"] as const) {
          const chain: ChainFixtureOptions = {
            gradient: "minibatch",
            batchSize,
            stepKind,
            noiseKind: "none",
            momentEvery: 6,
            stepsPerDraw: 12,
          };
          const { ours, reference } = await compare({ ...model, numColumns }, chain, 1000);
          for (const name of Object.keys(reference)) {
            expect(relativeError(ours[name], reference[name]), `${name} ${batchSize} ${stepKind}`).toBeLessThan(1e-6);
          }
        }
      }
    }
  });
});

describe("a chain cut into calls of any length leaves the same bits", () => {
  const dense = { stepKind: "dense", noiseKind: "dense", coupled: true } as const;
  const lean = { stepKind: "scalar", noiseKind: "none" } as const;
  test.each([
    ["dense step and noise", 7, true, dense],
    ["one row a step", 1, false, lean],
    ["scalar step", 300, false, lean],
  ])("%s", async (_, batchSize, auxiliary, parts) => {
    const memory = new EngineMemory();
    const kernels = await loadKernels(memory);
    const fixture = createFixture(memory, {
      family: "gaussian",
      auxiliary: Number(auxiliary),
      numColumns: 9,
      aliased: auxiliary,
    });
    const outputs = [[1000], [1, 2, 3, 5, 8, 13, 21, 1000], Array(64).fill(1)].map((calls) => {
      const chain = createChain(fixture, { gradient: "minibatch", batchSize, ...parts });
      for (const steps of calls) kernels.runChain(chain, steps);
      expect(memory.getU32(chain, Chain.stepsDone)).toBe(64);
      return chainOutput(fixture, chain);
    });
    expect(outputs[1]).toEqual(outputs[0]);
    expect(outputs[2]).toEqual(outputs[0]);
  });
});

test("a diverging chain neither traps nor hangs", async () => {
  const memory = new EngineMemory();
  const kernels = await loadKernels(memory);
  for (const [, model] of kernelModels) {
    for (const [, gradient] of gradients) {
      const fixture = createFixture(memory, { ...model, numColumns: 3 });
      const chain = createChain(fixture, {
        gradient,
        batchSize: 3,
        stepKind: "scalar",
        noiseKind: "scalar",
      });
      memory.f64(memory.getU32(chain, Chain.step), 1)[0] = 1e6;
      kernels.runChain(chain, 1000);
      expect(memory.getU32(chain, Chain.stepsDone)).toBe(64);
    }
  }
});

test("the logistic gradient is accurate to 3e-7 and finite for |η| up to 1e30", async () => {
  const memory = new EngineMemory();
  const kernels = (await loadKernels(memory)) as unknown as Record<string, (...args: number[]) => void>;
  const etas = Float32Array.from({ length: 4000 }, (_, i) => (i - 2000) / 40);
  etas.set([1e30, -1e30, 200, -200, 88, -88, 0, 1e-30]);
  const [eta, target, out] = [0, 1, 2].map(() => memory.allocateZeroed(16_000));
  memory.f32(eta, 4000).set(etas);
  kernels.bernoulliGradient(eta, target, out, 4000);
  const error = memory.f32(out, 4000).map((value, i) => Math.abs(value - 1 / (1 + Math.exp(-etas[i]))));
  expect(Math.max(...error)).toBeLessThan(3e-7);
});

test("a control-variate residual is accurate to 3e-6 of ½ δ² or of 1", async () => {
  const memory = new EngineMemory();
  const kernels = (await loadKernels(memory)) as unknown as Record<string, (...args: number[]) => void>;
  const size = 8000;
  const etas = Float32Array.from({ length: size }, (_, i) => ((i % 97) - 48) / 6);
  const deltas = Float32Array.from({ length: size }, (_, i) => (i % 2 ? 1 : -1) * 10 ** (-5 + (6.5 * i) / size));
  const [eta, delta, out] = [0, 1, 2].map(() => memory.allocateZeroed(size * 4));
  memory.f32(eta, size).set(etas);
  memory.f32(delta, size).set(deltas);
  kernels.bernoulliResidual(eta, delta, out, size);
  const worst = memory.f32(out, size).map((value, i) => {
    const m = 1 / (1 + Math.exp(-etas[i]));
    const growth = Math.expm1(deltas[i]);
    const v = 1 / (2 + 2 * Math.cosh(etas[i]));
    const exact = v * (growth / (1 + m * growth) - deltas[i]);
    return Math.abs(value - exact) / Math.max(0.5 * Math.min(deltas[i] ** 2, 2), Math.abs(exact));
  });
  expect(Math.max(...worst)).toBeLessThan(3e-6);
});
