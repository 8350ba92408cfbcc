import { afterAll, beforeAll, expect, it } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import { createNodeEngine } from "../../src/engine/node-engine.ts";
import { type FamilyName, families } from "../../src/families/families.ts";
import { fitWithEngine } from "../../src/fit/fit.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { denseSamplers } from "../../src/sampling/registry.ts";

// The same bits on any number of threads, from rows to summary.
const options = { tolerance: 0.5, chains: 3, draws: 12, seed: 5 };

/** More rows than one piece of a pass has, with weights. */
function rowsOf(family: FamilyName) {
  const random = createRandom(77, 0, 9);
  const rows = Array.from({ length: 3000 }, (_, n) => ({ x: random.normal(), g: "abc"[n % 3], w: 1 + (n % 2), t: 2 }));
  const y = rows.map(({ x }) => {
    const eta = Float64Array.of(0.3 * x + 0.5, -0.2 * x);
    return families[family].predictive.draw(random, eta, Float64Array.of(0.6, 6));
  });
  const text = (value: number) => (family === "categorical" ? `class ${value}` : value);
  return {
    ...Object.fromEntries(["x", "g", "w", "t"].map((name) => [name, rows.map((row) => row[name as "x"])])),
    y: y.map(text),
  };
}

interface Combination {
  readonly family: FamilyName;
  readonly sampler: string;
  readonly storage: "dense" | "sparse";
}

/** Every sampler that takes so few parameters (low-rank.test.ts has the others) with every family that it takes, dense, and sparse too where it reads the rows of batches. */
export const combinations: readonly Combination[] = (Object.keys(families) as FamilyName[]).flatMap((family) =>
  denseSamplers
    // Conjugate draws exist for the gaussian family only.
    .filter(({ name }) => name !== "conjugate" || family === "gaussian")
    .flatMap(({ name }) =>
      (["control-variate", "constant-sgd"].includes(name) ? (["dense", "sparse"] as const) : (["dense"] as const)).map(
        (storage) => ({ family, sampler: name, storage }),
      ),
    ),
);

export function describeThreads(threads: readonly number[], chosen: readonly Combination[]): void {
  let engines: Engine[] = [];
  beforeAll(async () => {
    engines = await Promise.all(threads.map((count) => createNodeEngine(count)));
  });
  afterAll(() => Promise.all(engines.map((engine) => engine.executor.close())));

  it.each(chosen)("$family: $sampler gives the same bits on any number of threads, $storage", async (combination) => {
    const input = {
      data: rowsOf(combination.family),
      formula: combination.family === "binomial" ? "y | trials(t) ~ x + g" : "y ~ x + g",
    };
    const fits = [];
    for (const engine of engines)
      fits.push(await fitWithEngine(input, { ...options, ...combination, weights: "w" }, engine));
    for (const { draws, coefficients, certificate } of fits.slice(1)) {
      expect(draws).toEqual(fits[0].draws);
      expect(coefficients).toEqual(fits[0].coefficients);
      expect(certificate).toEqual(fits[0].certificate);
    }
  });
}
