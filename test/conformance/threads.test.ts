import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { createNodeEngine } from "../../src/engine/node-engine.ts";
import type { FamilyName } from "../../src/families/families.ts";
import { families } from "../../src/families/families.ts";
import { fitWithEngine } from "../../src/fit/fit.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { denseSamplers } from "../../src/sampling/registry.ts";

// The same bits on 1, 2 and 4 threads: every sampler with every family that it takes, dense and sparse, from rows to summary.
const threads = [1, 2, 4];
const options = { tolerance: 0.5, chains: 3, draws: 12, seed: 5 };

let engines: Engine[] = [];
beforeAll(async () => {
  engines = await Promise.all(threads.map((count) => createNodeEngine(count)));
});
afterAll(() => Promise.all(engines.map((engine) => engine.executor.close())));

/** More rows than one piece of a pass has, with weights. */
function rowsOf(family: FamilyName) {
  const random = createRandom(77, 0, 9);
  const rows = Array.from({ length: 3000 }, (_, n) => ({ x: random.normal(), g: "abc"[n % 3], w: 1 + (n % 2) }));
  const y = rows.map(({ x }) => {
    const eta = Float64Array.of(0.3 * x + 0.5, -0.2 * x);
    return families[family].predictive.draw(random, eta, Float64Array.of(0.6, 6));
  });
  const text = (value: number) => (family === "categorical" ? `class ${value}` : value);
  return {
    ...Object.fromEntries(["x", "g", "w"].map((name) => [name, rows.map((row) => row[name as "x"])])),
    y: y.map(text),
  };
}

describe.each(Object.keys(families) as FamilyName[])("%s", (family) => {
  const data = rowsOf(family);
  // Conjugate draws exist for the gaussian family only.
  const suited = denseSamplers.filter(({ name }) => name !== "conjugate" || family === "gaussian");

  it.each(suited.map(({ name }) => name))("%s gives the same bits on any number of threads", async (sampler) => {
    const storage =
      sampler === "control-variate" || sampler === "constant-sgd"
        ? (["dense", "sparse"] as const)
        : (["dense"] as const);
    for (const form of storage) {
      const input = { data, formula: "y ~ x + g" };
      const fits = [];
      for (const engine of engines)
        fits.push(await fitWithEngine(input, { ...options, family, sampler, storage: form, weights: "w" }, engine));
      for (const { draws, coefficients, certificate } of fits.slice(1)) {
        expect(draws).toEqual(fits[0].draws);
        expect(coefficients).toEqual(fits[0].coefficients);
        expect(certificate).toEqual(fits[0].certificate);
      }
    }
  });
});
