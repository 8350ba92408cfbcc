import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createInlineEngine, type Engine } from "../engine/engine.ts";
import { families } from "../families/families.ts";
import { createModel } from "../models/create-model.ts";
import { createGroupModel, type Grouping } from "../models/group-model.ts";
import type { EffectsOfFactor, Model } from "../models/model.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { drawEffects, sumEffects } from "./group-effects.ts";
import type { Workspace } from "./workspace.ts";

let engine: Engine;
let workspace: Workspace;
beforeAll(async () => {
  engine = await createInlineEngine();
  workspace = { executor: engine.executor, counter: { rowsVisited: 0 } };
});
afterAll(() => engine.executor.close());

const sdPrior = { kind: "half-student-t", degrees: 3, scale: 2.5 } as const;
const intercept: EffectsOfFactor = { columns: [-1], blocks: [1], sdPriors: [sdPrior], correlationShapes: [1] };
type Family = "bernoulli" | "poisson" | "gaussian";

interface Rows {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly weights: readonly number[];
  readonly offset: readonly number[];
}

const sizes = [1, 3, 2, 6, 1, 4];
const outerStarts = [0, 3, 4, 6];

function simulated(family: Family): Rows {
  const random = createRandom(23, 0, 9);
  const numRows = sizes.reduce((a, b) => a + b, 0);
  const x = Array.from({ length: numRows }, () => random.normal());
  const y = x.map((a, n) => {
    if (family === "gaussian") return a + random.normal();
    // Groups of one value only, whose effects have the most skewed laws.
    if (family === "bernoulli") return n < 4 ? 1 : Number(random.uniform() < 0.6);
    return Math.floor(4 * random.uniform());
  });
  return { x, y, weights: x.map((_, n) => 1 + (n % 2)), offset: x.map(() => 0.3 * random.normal()) };
}

function modelOf(
  family: Family,
  { x, y, weights, offset }: Rows,
  grouping: Omit<Grouping, "innerStarts">,
  nodes: number,
) {
  const stride = 8;
  const address = engine.memory.allocate(x.length * stride * 4, 64);
  const rows = engine.memory.f32(address, x.length * stride).fill(0);
  x.forEach((value, n) => {
    rows[n * stride] = value;
    rows.set([weights[n], offset[n], y[n]], (n + 1) * stride - 3);
  });
  const block = {
    ...{ address, numRows: x.length, numColumns: 1, paddedColumns: stride, stride },
    ...{ hasOffset: true, hasWeights: true },
  };
  const flat = createModel(engine.memory, block, { family });
  const innerStarts = [0];
  for (const size of sizes) innerStarts.push(innerStarts.at(-1)! + size);
  return createGroupModel(flat, { ...grouping, innerStarts }, { outer: nodes, inner: nodes });
}

/** β, log σ of gaussian rows, log τ of the factors. */
function thetaOf(family: Family, taus: readonly number[]): Float64Array {
  return Float64Array.of(0.4, ...(family === "gaussian" ? [Math.log(0.8)] : []), ...taus.map(Math.log));
}

const step = 0.02;
const grid = Array.from({ length: 801 }, (_, k) => (k - 400) * step);

/** log ∏ p(y | η + b) over the rows of an inner group. */
function logLikelihood(family: Family, rows: Rows, group: number, theta: Float64Array, b: number): number {
  const first = sizes.slice(0, group).reduce((a, c) => a + c, 0);
  const tau = family === "gaussian" ? theta[1] : 0;
  let sum = 0;
  for (let n = first; n < first + sizes[group]; n++) {
    const f32 = Math.fround;
    const eta = theta[0] * f32(rows.x[n]) + f32(rows.offset[n]) + b;
    sum -= rows.weights[n] * families[family].row!.loss(eta, [tau, 0], f32(rows.y[n]));
  }
  return sum;
}

/** Moments 1 to 3 of a density on the grid. */
function momentsOf(logDensity: readonly number[]): number[] {
  const top = Math.max(...logDensity);
  const density = logDensity.map((value) => Math.exp(value - top));
  const total = density.reduce((a, b) => a + b, 0);
  return [1, 2, 3].map((power) => density.reduce((sum, p, k) => sum + (p / total) * grid[k] ** power, 0));
}

const repeated = (theta: Float64Array, times: number) => ({
  positions: Float64Array.from({ length: times * theta.length }, (_, k) => theta[k % theta.length]),
  numPositions: times,
});

async function expectDraws(model: Model, theta: Float64Array, expected: { inner: number[][]; outer?: number[][] }) {
  const count = 4000;
  const drawn = await drawEffects(workspace, model, repeated(theta, count), 5);
  for (const [values, moments] of [
    [drawn.inner, expected.inner],
    ...(expected.outer ? ([[drawn.outer!, expected.outer]] as const) : []),
  ] as const) {
    moments.forEach((own, level) => {
      const draws = values.subarray(level * count, (level + 1) * count);
      own.forEach((moment, k) => {
        const powers = draws.map((b) => b ** (k + 1));
        const mean = powers.reduce((a, b) => a + b, 0) / count;
        const variance = powers.reduce((a, b) => a + (b - mean) ** 2, 0) / count;
        expect(Math.abs(mean - moment)).toBeLessThan(4.5 * Math.sqrt(variance / count));
      });
    });
  }
}

describe.each(["bernoulli", "poisson", "gaussian"] as const)("effects of %s groups given θ", (family) => {
  const rows = simulated(family);

  it("have the moments and the draws of their densities", async () => {
    const tau = 1.5;
    const theta = thetaOf(family, [tau]);
    const model = modelOf(family, rows, { inner: intercept }, family === "gaussian" ? 3 : 31);
    const expected = sizes.map((_, group) =>
      momentsOf(grid.map((b) => logLikelihood(family, rows, group, theta, b) - 0.5 * (b / tau) ** 2)),
    );
    const weights = Float64Array.of(0.25, 2, 0.75, -1);
    const { inner, outer } = await sumEffects(workspace, model, repeated(theta, 2), weights);
    expect(outer).toBeUndefined();
    expected.forEach(([mean, square], level) => {
      const [first, second, product] = inner.subarray(level * 3, level * 3 + 3);
      expect(first).toBeCloseTo(mean, 4);
      expect(second).toBeCloseTo(mean, 4);
      expect(product).toBeCloseTo(square, 4);
    });
    await expectDraws(model, theta, { inner: expected });
  });

  it("have them where factors are nested", async () => {
    const [outerTau, tau] = [1.2, 0.9];
    const theta = thetaOf(family, [outerTau, tau]);
    const model = modelOf(
      family,
      rows,
      { outerStarts, outer: intercept, inner: intercept },
      family === "gaussian" ? 3 : 25,
    );
    const coarse = grid.filter((_, k) => k % 8 === 0);
    const outerExpected: number[][] = [];
    const innerExpected = sizes.map(() => [0, 0]);
    const crossExpected = sizes.map(() => 0);
    for (let g = 0; g + 1 < outerStarts.length; g++) {
      const levels = Array.from({ length: outerStarts[g + 1] - outerStarts[g] }, (_, k) => outerStarts[g] + k);
      const atNodes = coarse.map((u) => {
        const inner = levels.map((level) => {
          const logs = grid.map((b) => logLikelihood(family, rows, level, theta, u + b) - 0.5 * (b / tau) ** 2);
          const top = Math.max(...logs);
          const total = logs.reduce((sum, value) => sum + Math.exp(value - top), 0);
          return { logIntegral: top + Math.log(total), moments: momentsOf(logs) };
        });
        return { u, inner, log: inner.reduce((sum, own) => sum + own.logIntegral, -0.5 * (u / outerTau) ** 2) };
      });
      const top = Math.max(...atNodes.map(({ log }) => log));
      const shares = atNodes.map(({ log }) => Math.exp(log - top));
      const total = shares.reduce((a, b) => a + b, 0);
      const average = (of: (node: (typeof atNodes)[number]) => number) =>
        atNodes.reduce((sum, node, k) => sum + (shares[k] / total) * of(node), 0);
      outerExpected.push([average(({ u }) => u), average(({ u }) => u * u)]);
      levels.forEach((level, k) => {
        innerExpected[level] = [
          average(({ inner }) => inner[k].moments[0]),
          average(({ inner }) => inner[k].moments[1]),
        ];
        crossExpected[level] = average(({ u, inner }) => u * inner[k].moments[0]);
      });
    }
    const { inner, outer } = await sumEffects(workspace, model, repeated(theta, 1), Float64Array.of(1));
    outerExpected.forEach(([mean, square], level) => {
      expect(outer![2 * level]).toBeCloseTo(mean, 4);
      expect(outer![2 * level + 1]).toBeCloseTo(square, 4);
    });
    innerExpected.forEach(([mean, square], level) => {
      expect(inner[3 * level]).toBeCloseTo(mean, 4);
      expect(inner[3 * level + 1]).toBeCloseTo(square, 4);
      expect(inner[3 * level + 2]).toBeCloseTo(crossExpected[level], 4);
    });
    await expectDraws(model, theta, { inner: innerExpected, outer: outerExpected });
  });
});
