import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRandom } from "../../rng/xoshiro.ts";
import { writePassRecords } from "../bindings/pass-record.ts";
import { loadKernels } from "../kernels.ts";
import { EngineMemory } from "../memory.ts";
import { createFixture, relativeError } from "./kernel-fixtures.ts";

test("loss, gradient and Hessian of a pass are each the derivative of the one before", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 1000 }),
      async (numPredictors, numColumns, hasReference, seed) => {
        const memory = new EngineMemory();
        const kernels = await loadKernels(memory);
        const family = { family: "categorical", auxiliary: 0, numPredictors, hasReference } as const;
        const fixture = createFixture(memory, { ...family, numColumns, seed, numRows: 40 });
        const { dimension } = fixture;
        const sumsAt = (theta: Float64Array, gram: "none" | "curvature") => {
          const mark = memory.mark();
          const { tasks, sums } = writePassRecords(fixture, theta, { gram }, [{ from: 0, to: 40 }]);
          kernels.passRows(tasks[0].address, 0);
          const [{ loss, gradient, gram: hessian }] = sums();
          memory.release(mark);
          return { loss, gradient: gradient.slice(), gram: hessian.slice() };
        };
        const here = sumsAt(fixture.position, "curvature");
        const step = 1e-4;
        for (let j = 0; j < dimension; j++) {
          const moved = (by: number) =>
            sumsAt(
              fixture.position.map((value, i) => value + (i === j ? by : 0)),
              "none",
            );
          const [up, down] = [moved(step), moved(-step)];
          const slope = (up.loss - down.loss) / (2 * step);
          const column = up.gradient.map((value, i) => (value - down.gradient[i]) / (2 * step));
          // Central differences: errors of step² times the third derivative, and of rounding over the step.
          expect(Math.abs(slope - here.gradient[j])).toBeLessThan(1e-5);
          expect(relativeError(here.gram.subarray(j * dimension, (j + 1) * dimension), column, 1)).toBeLessThan(1e-5);
        }
      },
    ),
    { numRuns: 25, seed: 5 },
  );
});

describe("softmax of five classes of which the first is the reference", () => {
  const numPredictors = 4;
  const chunk = 256;

  async function load() {
    const memory = new EngineMemory();
    const kernels = (await loadKernels(memory)) as unknown as Record<string, (...args: number[]) => void>;
    const array = () => memory.allocateZeroed(numPredictors * chunk * 4);
    const [eta, delta, target, out] = [array(), array(), array(), array()];
    const f32 = (address: number) => memory.f32(address, numPredictors * chunk);
    return { kernels, eta, delta, target, out, f32 };
  }

  const meansOf = (eta: readonly number[]) => {
    const top = Math.max(0, ...eta);
    const terms = eta.map((value) => Math.exp(value - top));
    const sum = terms.reduce((total, term) => total + term, Math.exp(-top));
    return terms.map((term) => term / sum);
  };

  test("the gradient is accurate to 3e-7 and finite for |η| up to 1e30", async () => {
    const { kernels, eta, target, out, f32 } = await load();
    const random = createRandom(2, 0, 9);
    for (let n = 0; n < chunk; n++) {
      f32(target)[n] = n % 5;
      for (let k = 0; k < numPredictors; k++) f32(eta)[k * chunk + n] = 10 ** ((n % 6) / 2 - 1) * random.normal();
    }
    f32(eta).set([1e30, -1e30, 200, -200, 88, -88, 0, 1e-30]);
    kernels.softmaxGradient(eta, target, out, numPredictors, 1, chunk);
    for (let n = 0; n < chunk; n++) {
      const means = meansOf(Array.from({ length: numPredictors }, (_, k) => f32(eta)[k * chunk + n]));
      means.forEach((mean, k) => {
        const expected = mean - (n % 5 === k + 1 ? 1 : 0);
        expect(Math.abs(f32(out)[k * chunk + n] - expected)).toBeLessThan(3e-7);
      });
    }
  });

  test("a control-variate residual is accurate to 5e-6 of μ̂ max δ² or of the largest", async () => {
    const { kernels, eta, delta, out, f32 } = await load();
    const random = createRandom(3, 0, 9);
    for (let n = 0; n < chunk; n++) {
      for (let k = 0; k < numPredictors; k++) {
        f32(eta)[k * chunk + n] = 2 * random.normal();
        f32(delta)[k * chunk + n] = 10 ** (-5 + (6 * n) / chunk) * random.normal();
      }
    }
    kernels.softmaxResidual(eta, delta, out, numPredictors, 1, chunk);
    for (let n = 0; n < chunk; n++) {
      const center = Array.from({ length: numPredictors }, (_, k) => f32(eta)[k * chunk + n]);
      const d = Array.from({ length: numPredictors }, (_, k) => f32(delta)[k * chunk + n]);
      const means = meansOf(center);
      const average = (values: readonly number[]) => means.reduce((sum, mean, k) => sum + mean * values[k], 0);
      // μ_k(η̂ + δ) − μ̂_k = μ̂_k (E_k − Ē)/(1 + Ē); subtracting δ_k first keeps the digits that the test needs.
      const growths = d.map(Math.expm1);
      const remainders = d.map((value, k) => remainder(value, growths[k]));
      const exact = means.map(
        (mean, k) =>
          (mean * (remainders[k] - average(remainders) - average(growths) * (d[k] - average(d)))) /
          (1 + average(growths)),
      );
      const largest = Math.max(...d.map(Math.abs));
      const scale = Math.max(Math.min(largest ** 2, 1), ...exact.map(Math.abs));
      exact.forEach((value, k) => {
        expect(Math.abs(f32(out)[k * chunk + n] - value) / scale, `row ${n}`).toBeLessThan(5e-6);
      });
    }
  });

  /** e^δ − 1 − δ */
  function remainder(delta: number, growth: number): number {
    if (Math.abs(delta) > 1e-2) return growth - delta;
    return delta ** 2 * (1 / 2 + delta * (1 / 6 + delta * (1 / 24 + delta / 120)));
  }
});
