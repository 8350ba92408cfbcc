import { describe, expect, it } from "vitest";
import { createRandom } from "../rng/xoshiro.ts";
import { samplerWithoutStep } from "../sampling/choose.ts";
import { fit } from "./fit-inline.ts";

const length = { chains: 2, draws: 100, tolerance: 0.02, seed: 1 };

/** Counts that are 0 wherever the city is Rome, unless told. */
function table(romanCounts = 0) {
  const random = createRandom(3, 0, 5);
  const city = Array.from({ length: 200 }, (_, n) => (n % 4 === 0 ? "Rome" : "Lima"));
  const x = city.map(() => random.normal());
  const y = city.map((name, n) => (name === "Rome" ? romanCounts * (n % 3) : n % 5));
  return { data: { y, x, city }, formula: "y ~ x + city" };
}

describe("auto", () => {
  it("takes NUTS where the prior alone bounds a coefficient and rows are few, and says why", async () => {
    const { settings, coefficients } = await fit(table(), { family: "poisson", ...length });
    expect(settings.sampler).toBe("nuts");
    expect(settings.because).toMatch(/far from normal, and the rows are few enough/);
    // Several iterations a draw, so that sds are known better than the draws alone would tell.
    expect(settings.stepsPerDraw).toBe(8);
    const rome = coefficients.find(({ name }) => name === "city[Rome]")!;
    expect(rome.standardized.mean).toBeLessThan(rome.standardized.laplaceMean - 0.3 * rome.standardized.laplaceSd);
  });

  it("takes control variates where the posterior is nearly normal", async () => {
    const { settings } = await fit(table(2), { family: "poisson", ...length });
    expect([settings.sampler, settings.because]).toEqual(["control-variate", expect.stringMatching(/\(auto\)/)]);
  });
});

it("where no step is stable, few rows make it NUTS, many a coreset, and too many columns the normal approximation", () => {
  const sized = (numRows: number, columns: number) =>
    ({ numRows, model: { numPredictors: 1, dimension: columns, rows: { paddedColumns: columns } } }) as Parameters<
      typeof samplerWithoutStep
    >[0];
  const usual = { ...length, chains: 4, draws: 1000 };
  const other = (numRows: number, columns = 8) => samplerWithoutStep(sized(numRows, columns), usual);
  expect(other(5000)).toMatchObject({ sampler: { name: "nuts" }, isExact: true });
  expect(other(2_000_000)).toMatchObject({ sampler: { name: "coreset-nuts" }, isExact: true });
  expect(other(2_000_000, 1000)).toMatchObject({ sampler: { name: "laplace" }, isExact: false });
});
