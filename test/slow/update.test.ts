import { expect, it } from "vitest";
import { fit } from "../../src/fit/fit-inline.ts";
import type { Posterior } from "../../src/fit/posterior.ts";
import { differences, simulated } from "../../src/fit/update/update-fixtures.ts";

// What the certificate of an update says against what it is: fits of some rows are updated with others, and compared with the fit of all
// rows. The sizes are such that some updates are good and some are not, and so are the base rates and what drifts.
const sizes = [
  [200, 50],
  [300, 300],
  [1500, 300],
  [400, 2000],
];
const circumstances = [
  { base: -0.8, drift: 0 },
  { base: -2.3, drift: 0 },
  { base: -0.8, drift: 0.3 },
];
const models: readonly (readonly [string, object])[] = [
  ["late ~ x + z + city", {}],
  ["count ~ x + z + city + offset(exposure)", { family: "poisson" }],
  ["y ~ x + z + city", { weights: "w" }],
  ["y ~ x + city", { family: "student-t" }],
  ["hits | trials(trials) ~ x + z", {}],
  ["kind ~ x + city", {}],
  ["late ~ x*city + z", { prior: "laplace(0, 0.5)" }],
];

/** Four standard errors of what chance adds in two fits of 4,000 draws each. */
const byChance = { mean: 0.05, sd: 0.03 };

const passes = ({ certificate }: Posterior) => certificate.checks.find(({ id }) => id === "update")!.passed;

it.each(models)("an update that passes is as near to the fit of all rows as it says: %s", async (formula, options) => {
  let good = 0;
  let seed = 0;
  for (const { base, drift } of circumstances)
    for (const [before, added] of sizes) {
      seed++;
      const [old, rows] = [simulated(before, seed, 0.5, base), simulated(added, 100 + seed, 0.5 + drift, base)];
      const updated = await (await fit({ data: old, formula }, options)).update(rows);
      const error = differences(updated, await fit({ data: [...old, ...rows], formula }, options));
      const about = `${before} + ${added} rows, base ${base}, drift ${drift}: ${error.mean.toFixed(3)} sd, ${(100 * error.sd).toFixed(1)}%, ${passes(updated)}`;
      if (process.env.SHOW) console.log(formula, about);
      if (!passes(updated)) continue;
      good++;
      expect(error.mean, about).toBeLessThan(0.1 + byChance.mean);
      expect(error.sd, about).toBeLessThan(0.05 + byChance.sd);
    }
  expect(good).toBeGreaterThanOrEqual(6);
});
