import { describe, expect, it } from "vitest";
import { createRandom } from "../rng/xoshiro.ts";
import { RunAwayError } from "../sampling/chains/run-away.ts";
import { samplersWithoutStep } from "../sampling/choose.ts";
import type { Sampler } from "../sampling/sampler.ts";
import { fit } from "./fit-inline.ts";
import { firstThatRuns } from "./run-selected.ts";

const length = { chains: 2, draws: 100, tolerance: 0.02, seed: 1 };

/** Counts that are 0 wherever the city is Rome, unless told. */
function table(romanCounts = 0, numRows = 200) {
  const random = createRandom(3, 0, 5);
  const city = Array.from({ length: numRows }, (_, n) => (n % 4 === 0 ? "Rome" : "Lima"));
  const x = city.map(() => random.normal());
  const y = city.map((name, n) => (name === "Rome" ? romanCounts * (n % 3) : n % 5));
  return { data: { y, x, city }, formula: "y ~ x + city" };
}

describe("auto", () => {
  it("takes NUTS where the prior alone bounds a coefficient and rows are few, and says why", async () => {
    const { settings, coefficients } = await fit(table(), { family: "poisson", ...length });
    expect(settings.sampler).toBe("nuts");
    expect(settings.because).toMatch(/the rows are few enough/);
    // Several iterations a draw, so that sds are known better than the draws alone would tell.
    expect(settings.stepsPerDraw).toBe(8);
    const rome = coefficients.find(({ name }) => name === "city[Rome]")!;
    expect(rome.standardized.mean).toBeLessThan(rome.standardized.laplaceMean - 0.3 * rome.standardized.laplaceSd);
  });

  it("takes control variates where the posterior is nearly normal and rows are more", async () => {
    const draws = 1000;
    const { settings } = await fit(table(2), { family: "poisson", ...length, draws });
    expect(settings.sampler).toBe("nuts");
    const { settings: ofMany } = await fit(table(2, 50_000), { family: "poisson", ...length, draws });
    expect([ofMany.sampler, ofMany.because]).toEqual(["control-variate", expect.stringMatching(/\(auto\)/)]);
  });
});

it("where no step is stable, few rows make it NUTS, many a coreset, and too many columns the normal approximation", () => {
  const sized = (numRows: number, columns: number) =>
    ({ numRows, model: { numPredictors: 1, dimension: columns, rows: { paddedColumns: columns } } }) as Parameters<
      typeof samplersWithoutStep
    >[0];
  const usual = { ...length, chains: 4, draws: 1000 };
  const other = (numRows: number, columns = 8) =>
    samplersWithoutStep(sized(numRows, columns), usual).map(({ sampler, isExact }) => [sampler.name, isExact]);
  expect(other(5000)).toEqual([
    ["nuts", true],
    ["laplace", false],
  ]);
  expect(other(100_000)).toEqual([
    ["coreset-nuts", true],
    ["nuts", true],
    ["laplace", false],
  ]);
  expect(other(2_000_000)).toEqual([
    ["coreset-nuts", true],
    ["laplace", false],
  ]);
  expect(other(2_000_000, 1000)).toEqual([["laplace", false]]);
});

describe("where the first sampler cannot be run", () => {
  const candidates = ["control-variate", "coreset-nuts", "nuts"].map((name) => ({
    sampler: { name } as Sampler,
    rationale: name,
    isExact: true,
  }));
  const selected = { ...candidates[0], instead: candidates.slice(1) };
  const fails = (count: number, error: Error) => {
    const heard: (string | undefined)[] = [];
    const run = firstThatRuns(selected, async ({ rationale }, failure) => {
      heard.push(failure?.message);
      if (heard.length <= count) throw error;
      return rationale;
    });
    return { run, heard };
  };
  const runAway = new RunAwayError("test", null);

  it("the others are, one after the other, and hear why", async () => {
    const { run, heard } = fails(2, runAway);
    expect(await run).toBe("nuts");
    expect(heard).toEqual([undefined, runAway.message, runAway.message]);
  });

  it("the last one's refusal stands, and any other error", async () => {
    await expect(fails(3, runAway).run).rejects.toBe(runAway);
    const { run, heard } = fails(1, new TypeError("other"));
    await expect(run).rejects.toThrow("other");
    expect(heard).toHaveLength(1);
  });
});
