import { afterEach, describe, expect, it } from "vitest";
import { emptyCellsTarget, problemOf, separatedTarget, type skewedTarget } from "../../../test/conformance/targets.ts";
import { createInlineEngine, type Engine } from "../../engine/engine.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { type PrepareGradients, prepareGradients } from "../../rows/full-gradients.ts";
import { transportCoordinates } from "./transport.ts";

const engines: Engine[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.executor.close()));
});

async function coordinatesOf(target: ReturnType<typeof skewedTarget>) {
  const engine = await createInlineEngine();
  engines.push(engine);
  const { local } = await problemOf(engine, target);
  const prepareLoss: PrepareGradients = (capacity) => prepareGradients(local.workspace, local.model, capacity);
  return { local, prepareLoss, coordinates: await transportCoordinates(local, prepareLoss) };
}

describe("warped coordinates", () => {
  it("have the gradient of their own loss, and the loss of θ with its volume", async () => {
    const { local, prepareLoss, coordinates } = await coordinatesOf(separatedTarget());
    expect(coordinates.skewed.length).toBeGreaterThan(0);
    const ofZ = coordinates.prepare(prepareLoss)(1);
    const ofTheta = prepareLoss(1);
    const random = createRandom(1, 0, 2);
    const size = local.mode.length;
    const step = 1e-5;
    /** log |det ∂θ/∂z| by differences, of two parameters. */
    const volume = (z: Float64Array) => {
      const columns = [0, 1].map((j) => {
        const to = (sign: number) =>
          coordinates.positions([z.map((value, i) => value + (i === j ? sign * step : 0))])[0];
        const [after, before] = [to(1), to(-1)];
        return after.map((value, i) => (value - before[i]) / (2 * step));
      });
      return Math.log(Math.abs(columns[0][0] * columns[1][1] - columns[0][1] * columns[1][0]));
    };
    expect(size).toBe(2);
    let apart = Number.NaN;
    for (let k = 0; k < 20; k++) {
      const z = Float64Array.from({ length: size }, () => 1.5 * random.normal());
      const [{ loss, gradient }] = await ofZ([z]);
      for (let j = 0; j < size; j++) {
        const at = async (sign: number) =>
          (await ofZ([z.map((value, i) => value + (i === j ? sign * step : 0))]))[0].loss;
        const difference = ((await at(1)) - (await at(-1))) / (2 * step);
        expect(Math.abs(gradient[j] - difference)).toBeLessThan(1e-4 * (1 + Math.abs(difference)));
      }
      const [inTheta] = await ofTheta(coordinates.positions([z]));
      const difference = inTheta.loss - volume(z) - loss;
      if (k === 0) apart = difference;
      expect(difference).toBeCloseTo(apart, 5);
    }
  });

  it.each([separatedTarget(), emptyCellsTarget()])(
    "make the posterior of $name nearly normal: its loss is ½|z|² but for little",
    async (target) => {
      const { prepareLoss, coordinates, local } = await coordinatesOf(target);
      const ofZ = coordinates.prepare(prepareLoss)(1);
      const random = createRandom(2, 0, 2);
      const excess: number[] = [];
      for (let k = 0; k < 400; k++) {
        const z = Float64Array.from(local.mode, () => random.normal());
        const [{ loss }] = await ofZ([z]);
        excess.push(loss - 0.5 * z.reduce((sum, value) => sum + value ** 2, 0));
      }
      const mean = excess.reduce((sum, value) => sum + value, 0) / excess.length;
      const sd = Math.sqrt(excess.reduce((sum, value) => sum + (value - mean) ** 2, 0) / excess.length);
      expect(sd).toBeLessThan(1);
    },
  );
});
