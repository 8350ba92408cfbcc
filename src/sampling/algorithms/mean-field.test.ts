import { afterEach, describe, expect, it } from "vitest";
import { problemOf, separatedTarget, skewedTarget, type Target } from "../../../test/conformance/targets.ts";
import { createInlineEngine, type Engine } from "../../engine/engine.ts";
import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { fit } from "../../fit/fit-inline.ts";
import { diagonal, matrixFromRows, multiplyVector, scale } from "../../linalg/matrix.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { prepareGradients } from "../../rows/full-gradients.ts";
import { meanFieldOptimum, type OptimumOptions, pairsPerIteration } from "../tuning/mean-field-optimum.ts";

const engines: Engine[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.executor.close()));
});

async function problemOn(target: Target) {
  const engine = await createInlineEngine();
  engines.push(engine);
  return problemOf(engine, target);
}

function optimumOf({ workspace, model, mode, hessian, numRows }: DenseApproximation, options: OptimumOptions) {
  const evaluate = prepareGradients(workspace, model, 2 * pairsPerIteration);
  return meanFieldOptimum(evaluate, { mode, precision: scale(hessian, numRows) }, createRandom(3, 0, 2), options);
}

describe("the mean-field optimum", () => {
  const precision = matrixFromRows([
    [4, 3, 0],
    [3, 9, -1],
    [0, -1, 0.25],
  ]);
  const mode = Float64Array.of(1, -2, 30);
  const quadratic = async (positions: readonly Float64Array[]) =>
    positions.map((position) => ({
      gradient: multiplyVector(
        precision,
        position.map((value, k) => value - mode[k]),
      ),
    }));

  it("of a quadratic loss has the mode as its mean and s² = 1/(N A_kk), from wherever it starts", async () => {
    const start = { mean: Float64Array.of(5, 3, 10), sd: Float64Array.of(3, 0.05, 0.4) };
    const options = { goal: 1e-4, maxIterations: 10_000, start };
    const found = await meanFieldOptimum(quadratic, { mode, precision }, createRandom(3, 0, 2), options);
    expect(found.converged).toBe(true);
    found.sd.forEach((sd, k) => {
      const exact = 1 / Math.sqrt(precision.data[4 * k]);
      expect(Math.abs(found.mean[k] - mode[k]) / exact).toBeLessThan(2e-4);
      expect(Math.abs(sd / exact - 1)).toBeLessThan(2e-4);
    });
  });

  /** −E_q U + Σ log s of a logistic model with two columns, by quadrature: each row's η is normal under q. */
  function lowerBound(local: DenseApproximation, rows: Float32Array) {
    const { stride, numRows } = local.model.rows;
    const { priorPrecision, priorMean } = local.model;
    // The trapezoidal rule at steps of ½ integrates a smooth function against a normal density to 1e-9 and better.
    const nodes = Array.from({ length: 29 }, (_, i) => (i - 14) / 2);
    const weights = nodes.map((z) => (0.5 * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI));
    return ([m0, m1, log0, log1]: readonly number[]) => {
      const [s0, s1] = [Math.exp(log0), Math.exp(log1)];
      let loss = 0;
      for (let n = 0; n < numRows; n++) {
        const [x0, x1, y] = [rows[n * stride], rows[n * stride + 1], rows[n * stride + stride - 1]];
        const [center, spread] = [x0 * m0 + x1 * m1, Math.hypot(x0 * s0, x1 * s1)];
        loss -= y * center;
        nodes.forEach((z, i) => {
          const eta = center + spread * z;
          loss += weights[i] * (Math.max(eta, 0) + Math.log1p(Math.exp(-Math.abs(eta))));
        });
      }
      loss += 0.5 * priorPrecision[0] * ((m0 - priorMean[0]) ** 2 + s0 * s0);
      loss += 0.5 * priorPrecision[1] * ((m1 - priorMean[1]) ** 2 + s1 * s1);
      return log0 + log1 - loss;
    };
  }

  /** The maximum by golden sections along one coordinate after the other: slow, and knows nothing of gradients. */
  function maximise(f: (x: readonly number[]) => number, start: readonly number[], widths: readonly number[]) {
    const x = [...start];
    const golden = (Math.sqrt(5) - 1) / 2;
    for (let sweep = 0, width = 1; sweep < 40; sweep++, width = Math.max(0.02, 0.8 * width)) {
      for (let k = 0; k < x.length; k++) {
        let [low, high] = [x[k] - width * widths[k], x[k] + width * widths[k]];
        const at = (value: number) => f(x.map((old, j) => (j === k ? value : old)));
        let [left, right] = [high - golden * (high - low), low + golden * (high - low)];
        let [atLeft, atRight] = [at(left), at(right)];
        for (let cut = 0; cut < 14; cut++) {
          if (atLeft > atRight) {
            [high, right, atRight] = [right, left, atLeft];
            left = high - golden * (high - low);
            atLeft = at(left);
          } else {
            [low, left, atLeft] = [left, right, atRight];
            right = low + golden * (high - low);
            atRight = at(right);
          }
        }
        x[k] = 0.5 * (low + high);
      }
    }
    return x;
  }

  it.each([
    ["skewed", skewedTarget(), 0.005, 0.1],
    ["separated", separatedTarget(), 0.03, 0.3],
  ])("of a %s posterior is that of the evidence lower bound by quadrature", async (_, target, goal, farFromStart) => {
    const { local, rows } = await problemOn(target);
    const first = diagonal(local.hessian).map((curvature) => 1 / Math.sqrt(local.numRows * curvature));
    const start = [...local.mode, ...first.map(Math.log)];
    const exact = maximise(lowerBound(local, rows()), start, [...first, 0.5, 0.5]);
    const found = await optimumOf(local, { goal, maxIterations: 50_000 });
    expect(found.converged).toBe(true);
    let moved = 0;
    for (let k = 0; k < 2; k++) {
      const sd = Math.exp(exact[2 + k]);
      expect(Math.abs(found.mean[k] - exact[k]) / sd, `mean ${k}`).toBeLessThan(2 * goal);
      expect(Math.abs(Math.log(found.sd[k] / sd)), `sd ${k}`).toBeLessThan(2 * goal);
      moved = Math.max(moved, Math.abs(exact[k] - local.mode[k]) / sd, Math.abs(Math.log(first[k] / sd)));
    }
    // The quadratic law would not pass for it.
    expect(moved).toBeGreaterThan(farFromStart);
  });

  it("is said not to be found where the iterations end too early", async () => {
    const { local } = await problemOn(skewedTarget());
    const found = await optimumOf(local, { goal: 1e-6, maxIterations: 100 });
    expect(found).toMatchObject({ converged: false, iterations: 70 });
    expect(found.error).toBeGreaterThan(1e-6);
  });
});

describe("a fit with --sampler mean-field", () => {
  it("warns that correlated columns make its sds too small, by √(1 − R²)", async () => {
    const random = createRandom(4, 0, 2);
    const x = Array.from({ length: 4000 }, () => {
      const shared = random.normal();
      return Float64Array.of(0.8 * shared + 0.6 * random.normal(), shared);
    });
    const y = Float64Array.from(x, ([a, b]) => a - b + random.normal());
    const { certificate, coefficients } = await fit({ x, y }, { family: "gaussian", sampler: "mean-field" });
    const { verdict, checks, maxSdError } = certificate;
    expect(verdict).toBe("warning");
    expect(checks.map(({ id, passed }) => [id, passed])).toEqual([
      ["convergence", true],
      ["prediction", true],
      ["accuracy", false],
      ["prior", true],
    ]);
    expect(checks[2].message).toMatch(/wrong by up to 40%.*too narrow where columns are correlated/);
    // R² of either column on the other is 0.64, known from 4000 rows to 0.01.
    expect(maxSdError.predicted).toBeCloseTo(1 - Math.sqrt(1 - 0.64), 1.7);
    expect(certificate.notes).toEqual([]);
    const { laplaceSd, sd, predictedSd } = coefficients[0].standardized;
    expect(sd / laplaceSd).toBeCloseTo(0.6, 1);
    // 4000 independent draws know an sd to 1.1%.
    expect(Math.abs(sd / predictedSd - 1)).toBeLessThan(0.05);
  });
});
