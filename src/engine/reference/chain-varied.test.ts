import { describe, expect, test } from "vitest";
import { Chain } from "../../../kernels/layout/chain.ts";
import type { NoiseEstimateKind } from "../bindings/words.ts";
import { type Kernels, loadKernels } from "../kernels.ts";
import { EngineMemory } from "../memory.ts";
import { type ChainFixtureOptions, chainOutput, createChain } from "./fixture-chain.ts";
import { createFixture, type Fixture, relativeError, typicalModels } from "./kernel-fixtures.ts";
import { runChainReference } from "./reference-chain.ts";

// Velocities, falling rates, intervals of unequal length and noise estimates of the kernel runChain.
const plain = { gradient: "minibatch", stepKind: "scalar", noiseKind: "none" } as const;
const withinBatch = { kind: "within-batch", every: 3, shape: "dense" } as const;
const firstRow = { kind: "first-row", every: 1, shape: "diagonal" } as const;
const intervalEnds = [2, 4, 12, 14, 22, 36, 38, 40, 50, 60];
const falling = { rate: { offset: 5, exponent: 0.55 }, intervalEnds };

async function createBench() {
  const memory = new EngineMemory();
  return { memory, kernels: await loadKernels(memory) };
}

/** What a chain of 64 steps leaves behind, made by calls of the given lengths. */
function outputOf(kernels: Kernels, fixture: Fixture, options: ChainFixtureOptions, calls: readonly number[] = [64]) {
  const chain = createChain(fixture, options);
  for (const steps of calls) kernels.runChain(chain, steps);
  expect(fixture.memory.getU32(chain, Chain.stepsDone)).toBe(64);
  return chainOutput(fixture, chain);
}

describe.each(typicalModels)("%s", (_, model) => {
  const mechanisms: [string, Partial<ChainFixtureOptions>][] = [
    ["velocity", { keep: 0.8 }],
    ["falling rate", { ...falling, coupled: true }],
    ["falling rate and velocity", { keep: 0.6, ...falling }],
    ["intervals of unequal length", { intervalEnds, coupled: true }],
    ["within-batch noise, dense", { noiseEstimate: withinBatch }],
    ["within-batch noise, diagonal", { noiseEstimate: { ...withinBatch, shape: "diagonal" } }],
    ["first-row noise, dense", { noiseEstimate: { ...firstRow, shape: "dense" } }],
    ["first-row noise, diagonal", { noiseEstimate: firstRow, keep: 0.5 }],
  ];
  const parts = [
    { stepKind: "scalar", noiseKind: "none" },
    { stepKind: "dense", noiseKind: "dense" },
  ] as const;
  test.each(mechanisms)("%s: after 64 steps within 1e-6 of the reference", async (_, mechanism) => {
    const { memory, kernels } = await createBench();
    // More rows than there are, which take the time, at one width.
    for (const [numColumns, batchSizes] of [
      [1, [1, 2]],
      [7, [2, 7, 300]],
      [8, [1, 7]],
    ] as const) {
      for (const batchSize of batchSizes) {
        for (const part of parts) {
          const fixture = createFixture(memory, { ...model, numColumns });
          const options = { ...plain, ...part, batchSize, ...mechanism };
          const ours = outputOf(kernels, fixture, options);
          const chain = createChain(fixture, options);
          runChainReference(memory, chain, 64);
          const reference = chainOutput(fixture, chain);
          for (const name of Object.keys(reference)) {
            const title = `${name} D = ${numColumns}, S = ${batchSize}`;
            // A velocity is a sum of steps, each with its gradient's error of 5e-6 of it, or of 1.
            const step = 0.01 / (1 + numColumns) / (1 - (options.keep ?? 0));
            if (name === "velocity") expect(relativeError(ours[name], reference[name], step), title).toBeLessThan(5e-6);
            else expect(relativeError(ours[name], reference[name]), title).toBeLessThan(1e-6);
          }
        }
      }
    }
  });

  test("cutting calls leaves the same bits", async () => {
    const { memory, kernels } = await createBench();
    const fixture = createFixture(memory, { ...model, numColumns: 9 });
    for (const estimate of [withinBatch, firstRow]) {
      const options = { ...plain, batchSize: 270, keep: 0.7, ...falling, noiseEstimate: estimate };
      const whole = outputOf(kernels, fixture, options);
      expect(whole.noiseCount[0]).toBe(estimate === withinBatch ? 22 : 64);
      expect(outputOf(kernels, fixture, options, [1, 2, 3, 5, 8, 13, 21, 34])).toEqual(whole);
      expect(outputOf(kernels, fixture, options, Array(64).fill(1))).toEqual(whole);
    }
  });
});

describe("limits", () => {
  const model = { family: "bernoulli", auxiliary: 0, numColumns: 9 } as const;
  const dense = { ...plain, stepKind: "dense", batchSize: 5, pull: 0 } as const;

  test("a velocity of which nothing is kept leaves the bits of none, and its rounding on the lean path", async () => {
    const { memory, kernels } = await createBench();
    const fixture = createFixture(memory, model);
    for (const options of [dense, { ...plain, batchSize: 5, pull: 0 }]) {
      const { velocity, ...forgetful } = outputOf(kernels, fixture, { ...options, keep: 0 });
      expect(velocity).toHaveLength(9);
      const { velocity: absent, ...without } = outputOf(kernels, fixture, options);
      expect(absent).toHaveLength(0);
      if (options === dense) expect(forgetful).toEqual(without);
      else expect(relativeError(forgetful.draws, without.draws)).toBeLessThan(1e-12);
    }
  });

  test("a rate that falls too slowly to be seen leaves the bits of a constant one", async () => {
    const { memory, kernels } = await createBench();
    const fixture = createFixture(memory, model);
    const options = { ...dense, noiseKind: "dense", pull: 0.01, coupled: true } as const;
    const constant = outputOf(kernels, fixture, options);
    expect(outputOf(kernels, fixture, { ...options, rate: { offset: 5, exponent: 1e-300 } })).toEqual(constant);
    expect(constant.intervalWeights).toEqual(new Float64Array(10).fill(3));
    const ends = Array.from({ length: 10 }, (_, k) => 6 * (k + 1));
    expect(outputOf(kernels, fixture, { ...options, intervalEnds: ends })).toEqual(constant);
  });

  test("means and moments under a falling rate are averages over diffusion time", async () => {
    const { memory, kernels } = await createBench();
    const fixture = createFixture(memory, model);
    const each = { ...plain, batchSize: 5, momentEvery: 1, burnInSteps: 4, rate: falling.rate };
    const steps = outputOf(kernels, fixture, { ...each, stepsPerDraw: 1, numDraws: 60 });
    const output = outputOf(kernels, fixture, { ...each, intervalEnds });
    const rate = (k: number) => ((falling.rate.offset + 4 + k) / falling.rate.offset) ** -falling.rate.exponent;
    const moments = new Float64Array(81);
    let from = 0;
    intervalEnds.forEach((to, index) => {
      let total = 0;
      const mean = new Float64Array(9);
      for (let k = from; k < to; k++) {
        total += rate(k);
        for (let j = 0; j < 9; j++) {
          mean[j] += rate(k) * steps.draws[9 * k + j];
          for (let i = 0; i <= j; i++) {
            const product = [i, j].map((l) => steps.draws[9 * k + l] - fixture.center[l]).reduce((a, b) => a * b);
            moments[9 * j + i] += rate(k) * product;
          }
        }
      }
      expect(output.intervalWeights[index]).toBeCloseTo(total, 12);
      mean.forEach((sum, j) => {
        expect(output.intervalMeans[9 * index + j]).toBeCloseTo(sum / total, 12);
      });
      from = to;
    });
    expect(relativeError(output.moments, moments)).toBeLessThan(1e-12);
  });
});

describe("noise estimates average to C", () => {
  const numColumns = 3;

  /** Averages of `chains` chains at a fixed position, each over 60 batches; M×M row-major, lower triangle. */
  async function averages(kind: NoiseEstimateKind, auxiliary: boolean, batchSize: number, chains: number) {
    const { memory, kernels } = await createBench();
    const fixture = createFixture(memory, { family: "gaussian", auxiliary: Number(auxiliary), numColumns });
    const estimates = Array.from({ length: chains }, (_, chain) => {
      const address = createChain(fixture, {
        ...{ ...plain, stepKind: "none", batchSize, pull: 0, chain, burnInSteps: 0 },
        noiseEstimate: { kind, every: 1, shape: "dense" },
      });
      kernels.runChain(address, 60);
      const { noiseSums, noiseCount } = chainOutput(fixture, address);
      expect(noiseCount[0]).toBe(60);
      return noiseSums.map((sum) => sum / 60);
    });
    return { estimates, exact: exactCovariance(fixture) };
  }

  function exactCovariance(fixture: Fixture): Float64Array {
    const { memory, dimension, position } = fixture;
    const { address, numRows } = fixture.rows;
    const rows = memory.f32(address, numRows * 8);
    const auxiliary = dimension > numColumns;
    const tau = auxiliary ? position[numColumns] : -0.2;
    const gradients = Array.from({ length: numRows }, (_, n) => {
      const x = rows.subarray(8 * n, 8 * n + numColumns);
      const error = x.reduce((sum, value, j) => sum + value * position[j], 0) - rows[8 * n + 7];
      const gradient = Float64Array.from({ length: dimension }, (_, j) => error * Math.exp(-2 * tau) * (x[j] ?? 0));
      if (auxiliary) gradient[numColumns] = 1 - error * error * Math.exp(-2 * tau);
      return gradient;
    });
    const mean = gradients[0].map((_, j) => gradients.reduce((sum, g) => sum + g[j] / numRows, 0));
    const covariance = new Float64Array(dimension ** 2);
    for (let i = 0; i < dimension; i++)
      for (let j = 0; j <= i; j++)
        for (const g of gradients) covariance[i * dimension + j] += ((g[i] - mean[i]) * (g[j] - mean[j])) / numRows;
    return covariance;
  }

  const chains = 150;
  for (const auxiliary of [false, true]) {
    for (const batchSize of [2, 10]) {
      test(`batches of ${batchSize}${auxiliary ? ", learned scale" : ""}: within 4.5 standard errors; within-batch varies less`, async () => {
        const spreads = [];
        for (const kind of ["within-batch", "first-row"] as const) {
          const { estimates, exact } = await averages(kind, auxiliary, batchSize, chains);
          let spread = 0;
          exact.forEach((value, k) => {
            const mean = estimates.reduce((sum, estimate) => sum + estimate[k], 0) / chains;
            const variance = estimates.reduce((sum, estimate) => sum + (estimate[k] - mean) ** 2, 0) / (chains - 1);
            expect(Math.abs(mean - value)).toBeLessThanOrEqual(4.5 * Math.sqrt(variance / chains));
            spread += variance;
          });
          spreads.push(spread);
        }
        // The first row alone has about 1/S of the batch's information; at S = 2 both estimates are the same.
        if (batchSize === 2) expect(spreads[1] / spreads[0]).toBeCloseTo(1, 5);
        else expect(spreads[1] / spreads[0]).toBeGreaterThan(5);
      });
    }
  }
});
