import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { effectiveSampleSize } from "../../../src/diagnostics/statistics/effective-sample-size.ts";
import type { Posterior } from "../../../src/fit/posterior.ts";
import { fit } from "../../../src/node.ts";
import { centredColumns } from "../../centred-data.ts";

// The No-U-Turn sampler against a long reference run and against laws that are known exactly, within its own Monte Carlo
// error: it is what the other samplers are measured against.
const shared = new URL("../../../../shared/", import.meta.url);
const hasShared = existsSync(shared);
if (!hasShared) console.warn("../../shared is absent: the comparisons with real data are skipped");
const file = (path: string) => new URL(path, shared).pathname;

interface Reference {
  /** On the standardised scale, with the reference's own standard error where it has one. */
  readonly mean: ArrayLike<number>;
  readonly sd: ArrayLike<number>;
  readonly meanError?: ArrayLike<number>;
}

/** The worst errors: of a mean in sds, of an sd relative, and both in standard errors. */
function compare({ coefficients, draws }: Posterior, { mean, sd, meanError }: Reference) {
  const found = { mean: 0, sd: 0, meanInErrors: 0, sdInErrors: 0 };
  coefficients.forEach(({ name, standardized }, j) => {
    const chains = draws.get(name)!;
    const center = coefficients[j].mean;
    const squares = chains.map((chain) => chain.map((value) => (value - center) ** 2));
    const all = squares.flatMap((chain) => [...chain]);
    const variance = all.reduce((sum, value) => sum + value, 0) / all.length;
    const fourth = all.reduce((sum, value) => sum + value ** 2, 0) / all.length;
    // Delta method: the sd's relative standard error is half the variance's.
    const sdOfSquares = Math.sqrt(fourth / variance ** 2 - 1);
    const ownSdError = (0.5 * sdOfSquares) / Math.sqrt(effectiveSampleSize(squares));
    const ownMeanError = 1 / Math.sqrt(effectiveSampleSize(chains));
    const meanOff = Math.abs(standardized.mean - mean[j]) / sd[j];
    const sdOff = Math.abs(standardized.sd / sd[j] - 1);
    found.mean = Math.max(found.mean, meanOff);
    found.sd = Math.max(found.sd, sdOff);
    found.meanInErrors = Math.max(
      found.meanInErrors,
      meanOff / Math.hypot(ownMeanError, (meanError?.[j] ?? 0) / sd[j]),
    );
    found.sdInErrors = Math.max(found.sdInErrors, sdOff / ownSdError);
  });
  return found;
}

function expectAgreement(title: string, seed: number, posterior: Posterior, reference: Reference) {
  const found = compare(posterior, reference);
  const { coefficients, certificate, timing, settings } = posterior;
  const rHat = Math.max(...coefficients.map((c) => c.r_hat ?? Number.NaN));
  const gradients = timing.passes / (settings.chains * settings.draws);
  const check = certificate.checks.find(({ id }) => id === "nuts");
  console.log(title, "seed", seed, found, { rHat, seconds: timing.total, passesPerDraw: gradients }, check?.message);
  // The largest of 50 standard normal deviates passes 4 in one run of 300.
  expect(found.meanInErrors).toBeLessThan(4);
  expect(found.sdInErrors).toBeLessThan(4);
  expect(rHat).toBeLessThan(1.01);
  expect(check?.passed, check?.message).toBe(true);
}

describe.skipIf(!hasShared)("German credit, against a long reference run", () => {
  const reference = hasShared
    ? JSON.parse(readFileSync(file("data/german-credit/german_credit_numeric_logistic.json"), "utf8"))
    : {};
  const input = { path: file("data/german-credit/german.data-numeric"), formula: "column24 ~ ." };
  const priors = { prior: "normal(0, 1)", interceptPrior: "normal(0, 1)" };
  it.each(["full", "diagonal"] as const)(
    "%s mass matrix: within Monte Carlo error, seeds 1 to 3",
    async (preconditioner) => {
      for (const seed of [1, 2, 3]) {
        const posterior = await fit(input, { ...priors, sampler: "nuts", preconditioner, seed });
        expectAgreement(`German credit, ${preconditioner},`, seed, posterior, {
          mean: reference.IDENTITY_MEAN,
          sd: reference.IDENTITY_STANDARD_DEVIATION,
          meanError: reference.IDENTITY_MEAN_STANDARD_ERROR,
        });
      }
    },
  );
});

describe.skipIf(!hasShared)("wine-white, where the posterior is known", () => {
  it.each([1, "learned"] as const)("sigma %s: within Monte Carlo error of the exact law", async (sigma) => {
    const data = await centredColumns({ path: file("data/wine/winequality-white.csv") });
    const input = { data, formula: "quality ~ 0 + ." };
    const options = { sigma, prior: "normal(0, 1)" };
    // Means and covariances of `conjugate` are integrals, not averages over draws.
    const exact = await fit(input, { ...options, sampler: "conjugate" });
    for (const seed of [1, 2]) {
      const posterior = await fit(input, { ...options, sampler: "nuts", seed });
      const standardized = exact.coefficients.map((c) => c.standardized);
      expectAgreement(`wine-white, sigma ${sigma},`, seed, posterior, {
        mean: standardized.map((c) => c.mean),
        sd: standardized.map((c) => c.sd),
      });
    }
  });
});
