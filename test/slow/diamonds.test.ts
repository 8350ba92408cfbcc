import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fit } from "../../src/node.ts";

// posteriordb's diamonds: 24 nearly collinear columns, unknown sigma, student-t priors on the intercept and on sigma.
const folder = new URL("../../../shared/data/posteriordb-diamonds/", import.meta.url);
const hasData = existsSync(folder);
if (!hasData) console.warn("../shared is absent: the comparison with posteriordb is skipped");
const read = (name: string) => JSON.parse(readFileSync(new URL(name, folder), "utf8"));

describe.skipIf(!hasData)("posteriordb-diamonds", () => {
  it.each([1, 2])("means within 0.05 sd, sds within 3%, seed %i", async (seed) => {
    const { X, Y } = read("data.json") as { X: number[][]; Y: number[] };
    const reference = read("draws.summary.json") as Record<string, { mean: number; sd: number }>;
    // The first column is 1 in every row; the model is that of centred columns, whose intercept is reported as such.
    const means = X[0].slice(1).map((_, j) => X.reduce((sum, row) => sum + row[j + 1], 0) / X.length);
    const names = means.map((_, j) => `b[${j + 1}]`);
    const posterior = await fit(
      { x: X.map((row) => means.map((mean, j) => row[j + 1] - mean)), y: Y, names },
      {
        family: "gaussian",
        standardize: "none",
        prior: "normal(0, 1)",
        interceptPrior: "student-t(3, 8, 10)",
        sigmaPrior: "half-student-t(3, 10)",
        seed,
      },
    );
    expect(posterior.coefficients.map(({ name }) => name)).toEqual([...names, "Intercept", "sigma"]);
    const found = posterior.coefficients.map(({ name, mean, sd, ess_bulk }) => {
      const expected = reference[name];
      return { name, mean: Math.abs(mean - expected.mean) / expected.sd, sd: Math.abs(sd / expected.sd - 1), ess_bulk };
    });
    const { sampler } = posterior.settings;
    const { verdict } = posterior.certificate;
    console.info(
      `diamonds: ${sampler}, ${verdict}; mean ${Math.max(...found.map(({ mean }) => mean))}, sd ${Math.max(...found.map(({ sd }) => sd))}`,
    );
    for (const { name, mean, sd, ess_bulk } of found) {
      expect(mean, name).toBeLessThan(0.05);
      expect(sd, name).toBeLessThan(0.03);
      if (verdict === "ok") expect(ess_bulk, name).toBeGreaterThan(400);
    }
  });
});
