import { describe, expect, it } from "vitest";
import { fit } from "../../../src/fit/fit-inline.ts";
import { createRandom } from "../../../src/rng/xoshiro.ts";

/** y = Xβ + noise, β ~ N(0, I), D columns of N rows. */
function gaussianTable(numRows: number, numColumns: number, seed: number) {
  const random = createRandom(seed, numColumns, 21);
  const noise = [0.3, 1, 3][seed % 3];
  const beta = Array.from({ length: numColumns }, () => random.normal());
  const columns = beta.map(() => Array.from({ length: numRows }, () => random.normal()));
  const y = Array.from({ length: numRows }, (_, n) =>
    columns.reduce((sum, column, j) => sum + beta[j] * column[n], noise * random.normal()),
  );
  return { y, ...Object.fromEntries(columns.map((column, j) => [`x${j}`, column])) };
}

const ratios = [0.8, 1.2, 1.5, 2, 3, 6, 10];
const designs = [2, 5, 9].flatMap((numColumns) =>
  ratios.flatMap((ratio) =>
    [numColumns % 3].map((seed) => ({ numColumns, numRows: Math.max(3, Math.round(ratio * (numColumns + 2))), seed })),
  ),
);

const asked: readonly (readonly [
  string,
  { readonly sampler?: string; readonly damping?: number; readonly batchSize?: number },
])[] = [
  ["control-variate", { sampler: "control-variate" }],
  ["auto with a damping", { damping: 0.5 }],
  ["auto with a batch size", { batchSize: 8 }],
  ["nuts", { sampler: "nuts" }],
  ["laplace", { sampler: "laplace" }],
  ["mean-field", { sampler: "mean-field" }],
  ["constant-sgd", { sampler: "constant-sgd" }],
];

describe.each(asked)("gaussian models of 0.8 to 10 rows a parameter, %s", (_, options) => {
  it("certificate not failed: means within 0.1 sd and sds within 5% of the exact ones, beyond chance; or refused in a sentence", async () => {
    let fitted = 0;
    for (const { numRows, numColumns, seed } of designs) {
      const input = { data: gaussianTable(numRows, numColumns, seed), formula: "y ~ ." };
      const exact = await fit(input, { sampler: "conjugate", draws: 4000, seed: 1 });
      const run = await fit(input, { ...options, draws: 400, seed: seed + 1 }).catch((error: Error) => error);
      if (run instanceof Error) {
        expect(run.name, run.message).toBe("InputError");
        expect(run.message).not.toMatch(/NaN|Infinity/);
        continue;
      }
      if (run.certificate.verdict === "failed") continue;
      fitted++;
      run.coefficients.forEach((coefficient, j) => {
        const { mean, sd } = exact.coefficients[j];
        const draws = Math.max(1, coefficient.ess_bulk ?? 1);
        const what = `${numRows} × ${numColumns}, seed ${seed}, ${coefficient.name}`;
        expect(Math.abs(coefficient.mean - mean) / sd, what).toBeLessThan(0.1 + 4 / Math.sqrt(draws));
        expect(Math.abs(coefficient.sd / sd - 1), what).toBeLessThan(0.05 + 4 / Math.sqrt(2 * draws));
      });
    }
    // What is not refused or failed is not nothing, where the sampler can do it.
    if (!["laplace", "mean-field", "constant-sgd"].includes(options.sampler ?? "")) expect(fitted).toBeGreaterThan(10);
  });
});
