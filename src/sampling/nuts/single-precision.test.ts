import { afterEach, expect, it } from "vitest";
import { problemOf, quadraticTarget, skewedTarget, type Target } from "../../../test/conformance/targets.ts";
import { createInlineEngine, type Engine } from "../../engine/engine.ts";
import { type PrepareGradients, prepareGradients } from "../../rows/full-gradients.ts";
import { inSinglePrecision } from "./single-precision.ts";

const engines: Engine[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.executor.close()));
});

/** Whether gradients are taken in single precision, and by how much an energy differs from that in double precision. */
async function chosenFor(target: Target) {
  const engine = await createInlineEngine();
  engines.push(engine);
  const { local } = await problemOf(engine, target);
  const inDouble: PrepareGradients = (...asked) => prepareGradients(local.workspace, local.model, ...asked);
  const chosen = await inSinglePrecision(local, inDouble);
  const { mode, laplaceCovariance } = local;
  const away = mode.map((value, j) => value + Math.sqrt(laplaceCovariance.data[j * (mode.length + 1)]));
  const [rise, exactRise] = await Promise.all(
    [chosen, inDouble].map(async (prepare) => {
      const [atMode, elsewhere] = await prepare(2)([mode, away]);
      return elsewhere.loss - atMode.loss;
    }),
  );
  return { isDouble: chosen === inDouble, difference: Math.abs(rise - exactRise) };
}

it.each([quadraticTarget(), skewedTarget()])("is taken where energies are the same ($name)", async (target) => {
  const { isDouble, difference } = await chosenFor(target);
  expect(isDouble).toBe(false);
  expect(difference).toBeLessThan(1e-3);
  expect(difference).toBeGreaterThan(0);
});

it("is not taken where the noise is small beside the predictor's rounding", async () => {
  const target = quadraticTarget();
  const sigma = 1e-4;
  const y = target.x.map((row, n) => 0.5 * row[0] - row[1] + sigma * Math.sin(n));
  const { isDouble } = await chosenFor({ ...target, y: Float64Array.from(y), auxiliaries: { sigma } });
  expect(isDouble).toBe(true);
});

it("is not there for sparse rows", async () => {
  const { isDouble } = await chosenFor({ ...skewedTarget(), storage: "sparse" });
  expect(isDouble).toBe(true);
});
