import { afterEach, describe, expect, it } from "vitest";
import { categoricalTarget, problemOf, skewedTarget, type Target } from "../../test/conformance/targets.ts";
import { createInlineEngine, type Engine } from "../engine/engine.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { prepareGradients } from "../rows/full-gradients.ts";
import { prepareCoresets } from "./coreset.ts";
import type { DenseApproximation } from "./local-approximation.ts";

const engines: Engine[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.executor.close()));
});

async function problemFor(target: Target): Promise<DenseApproximation> {
  const engine = await createInlineEngine();
  engines.push(engine);
  return (await problemOf(engine, target)).local;
}

const weighted = (target: Target): Target => {
  const offset = target.family === "categorical" ? undefined : target.y.map((_, n) => 0.3 * Math.sin(n));
  return { ...target, offset, weights: target.y.map((_, n) => 1 + (n % 3)) };
};

const targets: [string, Target][] = [
  ["dense", skewedTarget()],
  ["dense, offset and weights", weighted(skewedTarget())],
  ["sparse, offset and weights", { ...weighted(skewedTarget()), storage: "sparse" }],
  ["classes", weighted(categoricalTarget())],
];

/** A few posterior sds from the mode, where the loss is not quadratic. */
function pointsAround({ mode, laplaceFactor }: DenseApproximation): Float64Array[] {
  const size = mode.length;
  return [-2.5, -1, 1.5, 3].map((distance) =>
    mode.map((value, j) => value + distance * Math.sqrt(j + 1) * 0.7 * laplaceFactor.data[j * size + j]),
  );
}

describe.each(targets)("a coreset (%s)", (_, target) => {
  it("of all rows has the loss and the gradient of all rows", async () => {
    const local = await problemFor(target);
    const points = pointsAround(local);
    const coreset = await (await prepareCoresets(local)).draw(local.numRows, createRandom(1, 0, 1));
    const full = await prepareGradients(local.workspace, local.model, points.length)(points);
    const own = await coreset.prepareLoss(points.length)(points);
    const apart = full[0].loss - own[0].loss;
    full.forEach(({ loss, gradient }, k) => {
      expect(own[k].loss + apart).toBeCloseTo(loss, 6);
      gradient.forEach((value, j) => {
        expect(Math.abs(own[k].gradient[j] - value)).toBeLessThan(1e-6 * (1 + Math.abs(value)));
      });
    });
  });

  it("of few rows has the gradient of its own loss", async () => {
    const local = await problemFor(target);
    const coreset = await (await prepareCoresets(local)).draw(local.numRows / 5, createRandom(3, 0, 1));
    const evaluate = coreset.prepareLoss(1);
    const step = 1e-4;
    for (const point of pointsAround(local)) {
      const [{ gradient }] = await evaluate([point]);
      for (const [j, slope] of gradient.entries()) {
        const at = async (sign: number) =>
          (await evaluate([point.map((value, i) => value + (i === j ? sign * step : 0))]))[0].loss;
        const difference = ((await at(1)) - (await at(-1))) / (2 * step);
        expect(Math.abs(slope - difference)).toBeLessThan(1e-4 * (1 + Math.abs(difference)));
      }
    }
  });

  it("of few rows is right on average over coresets, and much nearer than rows drawn alike", async () => {
    const local = await problemFor(target);
    const { model, numRows, mode } = local;
    const points = [mode, ...pointsAround(local)];
    const full = await prepareGradients(local.workspace, model, points.length)(points);
    const coresets = await prepareCoresets(local);
    const random = createRandom(2, 0, 1);
    const count = 200;
    const errors = points.map(() => [] as number[]);
    for (let k = 0; k < count; k++) {
      const mark = model.memory.mark();
      const coreset = await coresets.draw(numRows / 5, random);
      expect(Math.abs(coreset.numRows - numRows / 5)).toBeLessThan(0.05 * numRows);
      const own = await coreset.prepareLoss(points.length)(points);
      own.forEach(({ loss }, k) => {
        errors[k].push(loss - own[0].loss - (full[k].loss - full[0].loss));
      });
      model.memory.release(mark);
    }
    errors.slice(1).forEach((own, k) => {
      const mean = own.reduce((sum, error) => sum + error, 0) / count;
      const sd = Math.sqrt(own.reduce((sum, error) => sum + (error - mean) ** 2, 0) / (count - 1));
      expect(Math.abs(mean)).toBeLessThan((4 * sd) / Math.sqrt(count) + 1e-6);
      // The loss rises by several units at these points.
      expect(sd).toBeLessThan(0.05 * (full[k + 1].loss - full[0].loss));
    });
  });
});
