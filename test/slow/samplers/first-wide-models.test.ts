import { expect, it } from "vitest";
import { fit } from "../../../src/fit/fit-inline.ts";
import { createRandom } from "../../../src/rng/xoshiro.ts";

/** Numbers of which each bears on two rows, so that every column is told something. */
function table(numColumns: number, target: "number" | "binary" | "classes") {
  const random = createRandom(numColumns, 0, 9);
  const numRows = 2 * numColumns + 40;
  const x = Array.from({ length: numRows }, (_, n) => {
    const row = new Float32Array(numColumns);
    const column = n >> 1;
    if (column < numColumns) row[column] = 1 + random.uniform();
    return row;
  });
  const y = x.map((_, n) => (target === "number" ? random.normal() : target === "binary" ? n % 2 === 0 : `c${n % 3}`));
  return { x, y: y as number[] };
}

it.each([
  ["1,999 columns, the intercept and sigma", { family: "gaussian" }, "number", 1999],
  ["2,000 columns and the intercept, sigma known", { family: "gaussian", sigma: 1 }, "number", 2000],
  ["2,000 columns and the intercept", { family: "bernoulli" }, "binary", 2000],
  ["1,000 columns and the intercept, of three classes", { classCoding: "reference" }, "classes", 1000],
  ["700 columns and the intercept, of three classes alike", { classCoding: "symmetric" }, "classes", 700],
] as const)(
  "the first models that are too wide for matrices of all pairs are fitted: %s",
  async (_, options, target, columns) => {
    const { settings, coefficients } = await fit(table(columns, target), {
      ...{ ...options, seed: 1, chains: 2, draws: 12, tolerance: 0.4 },
    } as Parameters<typeof fit>[1]);
    expect(settings.sampler).toBe("wide-langevin");
    expect(coefficients.length).toBeGreaterThan(2000);
    const { mean, sd } = coefficients[0].standardized;
    expect([mean, sd].every(Number.isFinite)).toBe(true);
    expect(sd).toBeLessThan(2.7);
  },
);
