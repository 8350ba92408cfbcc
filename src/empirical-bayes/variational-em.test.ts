import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemOf, type Target } from "../../test/conformance/targets.ts";
import { createInlineEngine, type Engine } from "../engine/engine.ts";
import { estimate } from "../estimation/estimate.ts";
import type { DenseApproximation } from "../estimation/local-approximation.ts";
import { cholesky, choleskySolve, logDeterminant } from "../linalg/cholesky.ts";
import { add, diagonalMatrix, dot, matrix, scale } from "../linalg/matrix.ts";
import { withHyperparameters } from "../models/create-model.ts";
import { priorLoss } from "../models/prior-terms.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { rowsOf } from "../rows/rows-of.ts";
import type { PriorGroup } from "../theory/evidence.ts";
import { learnHyperparameters } from "./variational-em.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await createInlineEngine();
});
afterAll(() => engine.executor.close());

/** Two groups of coefficients, drawn with sds of their own; the second group's columns are correlated. */
function twoGroups(family: "gaussian" | "bernoulli", numRows: number, sds: readonly [number, number]): Target {
  const random = createRandom(31, 0, 9);
  const beta = Float64Array.from({ length: 14 }, (_, j) => sds[j < 8 ? 0 : 1] * random.normal());
  const x = Array.from({ length: numRows }, () => {
    const shared = random.normal();
    return Float64Array.from({ length: 14 }, (_, j) => random.normal() + (j < 8 ? 0 : 0.8 * shared));
  });
  const y = Float64Array.from(x, (row) => {
    const eta = dot(row, beta);
    if (family === "gaussian") return eta + random.normal();
    return random.uniform() < 1 / (1 + Math.exp(-eta)) ? 1 : 0;
  });
  return { name: "two groups", x, y, family, auxiliaries: { sigma: 1 }, prior: { mean: 0, sd: 2.5 } };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, k) => from + k);
const groups: readonly PriorGroup[] = [
  { name: "first", parameters: range(0, 8) },
  { name: "second", parameters: range(8, 14) },
];

function precisionsOf(local: DenseApproximation, of: readonly PriorGroup[], logs: readonly number[]): Float64Array {
  const precision = Float64Array.from(local.model.priorPrecision);
  of.forEach(({ parameters }, g) => {
    for (const j of parameters) precision[j] = Math.exp(logs[g]);
  });
  return precision;
}

/** Maximises over each coordinate in turn, by golden section within ±12 of the start. */
async function maximise(f: (point: number[]) => Promise<number>, start: readonly number[]): Promise<number[]> {
  const point = [...start];
  const fraction = (Math.sqrt(5) - 1) / 2;
  for (let sweep = 0; sweep < 6; sweep++) {
    for (let k = 0; k < point.length; k++) {
      const width = sweep === 0 ? 12 : 2 / 2 ** sweep;
      let [low, high] = [point[k] - width, point[k] + width];
      const at = (value: number) => f(point.map((old, i) => (i === k ? value : old)));
      while (high - low > 1e-3) {
        const [a, b] = [high - fraction * (high - low), low + fraction * (high - low)];
        if ((await at(a)) > (await at(b))) high = b;
        else low = a;
      }
      point[k] = (low + high) / 2;
    }
  }
  return point;
}

/** log p(y | λ, σ) of the linear model, from XᵀX, Xᵀy and yᵀy: closed form, as m = 0. */
async function linearEvidence(local: DenseApproximation) {
  const { workspace, model, numRows } = local;
  const zero = new Float64Array(model.dimension);
  const unit = withHyperparameters(model, { sigma: 1 });
  const sums = await rowsOf(workspace, unit).pass(zero, { gram: "curvature" });
  const xy = sums.gradient.map((value) => -value);
  return (precision: Float64Array, sigma: number): number => {
    const posterior = cholesky(add(scale(sums.gram, sigma ** -2), diagonalMatrix(precision)));
    const scaled = xy.map((value) => value / sigma ** 2);
    const quadratic = (2 * sums.loss) / sigma ** 2 - dot(scaled, choleskySolve(posterior, scaled));
    const logPrior = precision.reduce((sum, value) => sum + Math.log(value), 0);
    return 0.5 * (logPrior - logDeterminant(posterior) - quadratic) - numRows * Math.log(sigma);
  };
}

describe("variational EM", () => {
  it("finds the precisions that maximise a linear model's evidence", async () => {
    const { local } = await problemOf(engine, twoGroups("gaussian", 1500, [0.3, 0.08]));
    const evidence = await linearEvidence(local);
    const best = await maximise(async (logs) => evidence(precisionsOf(local, groups, logs), 1), [0, 0]);
    const learned = await learnHyperparameters(local.workspace, local.model, { groups, seed: 2 });
    expect(learned.converged).toBe(true);
    learned.groups.forEach(({ precision, error, limit, sd }, g) => {
      expect(limit).toBeNull();
      expect(error).toBeLessThan(0.05);
      expect(Math.abs(Math.log(precision) - best[g]), `group ${g}, error ${error}`).toBeLessThan(4 * error);
      expect(sd).toBeCloseTo(precision ** -0.5, 12);
      expect(learned.model.priorPrecision[groups[g].parameters[0]]).toBe(precision);
    });
  });

  it("learns the noise scale with them", async () => {
    const { local } = await problemOf(engine, {
      ...twoGroups("gaussian", 1500, [0.3, 0.08]),
      auxiliaries: { sigma: 3 },
    });
    const evidence = await linearEvidence(local);
    const best = await maximise(
      async ([first, second, log]) => evidence(precisionsOf(local, groups, [first, second]), Math.exp(log)),
      [0, 0, 0],
    );
    const { workspace, model } = local;
    const learned = await learnHyperparameters(workspace, model, { groups, noiseScale: true, seed: 3 });
    const { sigma, error } = learned.noiseScale ?? { sigma: Number.NaN, error: Number.NaN };
    expect(learned.converged).toBe(true);
    expect(Math.abs(Math.log(sigma) - best[2])).toBeLessThan(4 * error + 1e-3);
    expect(error).toBeLessThan(0.005);
    expect(learned.model.fixedTau[0]).toBeCloseTo(Math.log(sigma), 12);
    learned.groups.forEach((group, g) => {
      expect(Math.abs(Math.log(group.precision) - best[g])).toBeLessThan(4 * group.error);
    });
  });

  it("finds the precisions that maximise a logistic model's Laplace evidence", async () => {
    const { local } = await problemOf(engine, twoGroups("bernoulli", 3000, [0.5, 0.15]));
    const { workspace, model } = local;
    // The target has an intercept, the last column, whose prior stays.
    const laplaceEvidence = async (logs: readonly number[]) => {
      const mark = engine.memory.mark();
      const changed = withHyperparameters(model, { priorPrecision: precisionsOf(local, groups, logs) });
      const { mode, hessian, numRows } = await estimate(workspace, changed, 1);
      const { loss } = await rowsOf(workspace, changed).pass(mode, { gram: "none" });
      const logPrior = changed.priorPrecision.reduce((sum, value) => sum + Math.log(value), 0);
      engine.memory.release(mark);
      const joint = -loss - priorLoss(changed, mode);
      return joint + 0.5 * (logPrior - logDeterminant(cholesky(scale(hessian, numRows))));
    };
    const learned = await learnHyperparameters(workspace, model, { groups, seed: 4 });
    const logs = learned.groups.map(({ precision }) => Math.log(precision));
    // The evidence's slope at what was learned, against its curvature: a Newton step is the distance to its maximum.
    for (const g of [0, 1]) {
      const at = (shift: number) => laplaceEvidence(logs.map((log, k) => (k === g ? log + shift : log)));
      const [below, here, above] = [await at(-0.1), await at(0), await at(0.1)];
      const distance = (0.5 * (above - below) * 0.1) / (2 * here - above - below);
      expect(Math.abs(distance), `group ${g}, error ${learned.groups[g].error}`).toBeLessThan(
        4 * learned.groups[g].error,
      );
    }
    expect(learned.model.priorPrecision[14]).toBe(model.priorPrecision[14]);
  });

  it("holds where joint gradient descent over (θ, λ) runs into λ = ∞, θ = 0", async () => {
    // The joint loss ½ N |θ − b|² + ½ λ |θ|² − ½ D log λ has a minimum besides λ = ∞ only where |b|² > 4 D/N; the evidence
    // has its maximum at finite λ from |b|² > D/N on.
    const numRows = 1000;
    const random = createRandom(41, 0, 9);
    const x = Array.from({ length: numRows }, () => Float64Array.from({ length: 10 }, () => random.normal()));
    const beta = Float64Array.from({ length: 10 }, (_, j) => (j % 2 ? 1 : -1) * Math.sqrt(2 / numRows));
    const noise = Float64Array.from(x, () => random.normal());
    const y = Float64Array.from(x, (row, n) => dot(row, beta) + noise[n]);
    const target: Target = {
      name: "faint",
      x,
      y,
      family: "gaussian",
      auxiliaries: { sigma: 1 },
      prior: { mean: 0, sd: 2.5 },
    };
    const { local } = await problemOf(engine, target);
    const { workspace, model } = local;
    const all: PriorGroup = { name: "all", parameters: range(0, 10) };

    let theta = Float64Array.from(local.mode);
    let log = Math.log(model.priorPrecision[0]);
    const gram = scale(local.hessian, numRows);
    for (let step = 0; step < 20_000 && log < 20; step++) {
      const lambda = Math.exp(log);
      const pull = matrix(10, 10, Float64Array.from(gram.data));
      const offset = theta.map((value, j) => value - local.mode[j]);
      const gradient = offset.map((_, i) => {
        let sum = (lambda - model.priorPrecision[0]) * theta[i];
        for (let j = 0; j < 10; j++) sum += pull.data[i * 10 + j] * offset[j];
        return sum;
      });
      // The prior's part at the mode is balanced by the data's: the gradient above is exact for the quadratic loss.
      log += 0.05 * (1 - (lambda * dot(theta, theta)) / 10);
      theta = theta.map((value, j) => value - (0.2 / (numRows + lambda)) * gradient[j]);
    }
    expect(Math.exp(log)).toBeGreaterThan(1e6);
    expect(Math.sqrt(dot(theta, theta))).toBeLessThan(1e-2);

    const evidence = await linearEvidence(local);
    const best = await maximise(async (logs) => evidence(precisionsOf(local, [all], logs), 1), [3]);
    const learned = await learnHyperparameters(workspace, model, { groups: [all], seed: 5 });
    const [{ precision, error, limit }] = learned.groups;
    expect(limit).toBeNull();
    expect(Math.abs(Math.log(precision) - best[0])).toBeLessThan(4 * error);
  });

  it("ends at a limit where the data carry no sign of a group's coefficients", async () => {
    // Targets orthogonal to the columns: the evidence rises with λ for ever.
    const random = createRandom(51, 0, 9);
    const half = Array.from({ length: 300 }, () => Float64Array.from({ length: 6 }, () => random.normal()));
    const x = [...half, ...half];
    const y = Float64Array.from(x, (_, n) => (n < 300 ? 1 : -1));
    const target: Target = {
      name: "no sign",
      x,
      y,
      family: "gaussian",
      auxiliaries: { sigma: 1 },
      prior: { mean: 0, sd: 2.5 },
    };
    const { local } = await problemOf(engine, target);
    const group: PriorGroup = { name: "x", parameters: range(0, 6) };
    const learned = await learnHyperparameters(local.workspace, local.model, { groups: [group] });
    expect(learned.groups[0].limit).toBe("upper");
    expect(learned.groups[0].precision).toBeCloseTo(30 * 600, -2);
  });

  it("gives the same λ for the same seed, and traces its way", async () => {
    const { local } = await problemOf(engine, twoGroups("gaussian", 600, [0.3, 0.1]));
    const run = () => learnHyperparameters(local.workspace, local.model, { groups, seed: 6 });
    const [first, second] = [await run(), await run()];
    expect(first.trace).toEqual(second.trace);
    expect(first.groups).toEqual(second.groups);
    expect(first.trace.length).toBeGreaterThanOrEqual(8);
    expect(first.trace[0].precisions).toHaveLength(2);
  });
});
