import { describe, expect, it } from "vitest";
import type { Posterior } from "../../src/fit/posterior.ts";
import { fit } from "../../src/node.ts";
import { type FamilyCase, familyCases, learnedCases } from "./family-cases.ts";
import { type ImportanceSample, importanceSample, type Moments, moments } from "./importance-sampling.ts";
import { normal, type TextbookPosterior, textbookPosterior } from "./textbook-posteriors.ts";

// Every family against importance sampling from its posterior, written out anew: means within 0.05 sd, sds within 3%.
const largestMeanError = 0.05;
const largestSdError = 0.03;
/** Of the reference, so that its own Monte Carlo error is a small part of the tolerances. */
const minEffective = 20_000;

function fitCase({ table, options }: FamilyCase, seed = 1): Promise<Posterior> {
  const { columns, y, offset, weights } = table;
  const data = {
    ...columns,
    y,
    ...(offset && { exposure: offset.map(Math.exp) }),
    ...(weights && { weight: weights }),
  };
  const formula = `y ~ ${Object.keys(columns).join(" + ")}${offset ? " + offset(log(exposure))" : ""}`;
  return fit({ data, formula }, { ...options, seed });
}

/** Starts where the fit found the mode; the sample does not depend on it. */
function referenceFor(posterior: Posterior, textbook: TextbookPosterior): ImportanceSample {
  const { names, numScales, logDensity } = textbook;
  const found = names.map((name) => posterior.coefficients.find((c) => c.name === name)!.standardized);
  const isScale = (j: number) => j >= names.length - numScales;
  const start = Float64Array.from(found, (c, j) => (isScale(j) ? Math.log(c.laplaceMean) : c.laplaceMean));
  const scale = Float64Array.from(found, (c, j) => (isScale(j) ? c.laplaceSd / c.laplaceMean : c.laplaceSd));
  return importanceSample(logDensity, start, scale);
}

describe("by default every family is within 0.05 sd and 3% of importance sampling", () => {
  it.each(familyCases.map((each) => [each.name, each] as const))("%s", async (_, each) => {
    const posterior = await fitCase(each);
    const textbook = textbookPosterior(each.table, each.likelihood, each.posterior);
    const { names, numScales } = textbook;
    expect(posterior.coefficients.map(({ name }) => name).sort()).toEqual([...names].sort());
    const sample = referenceFor(posterior, textbook);
    expect(sample.effective).toBeGreaterThan(minEffective);
    expect(sample.paretoShape).toBeLessThan(0.5);
    const rows = names.map((name, j) => {
      const isScale = j >= names.length - numScales;
      const expected = moments(sample, (theta) => (isScale ? Math.exp(theta[j]) : theta[j]));
      return compare(posterior, name, expected);
    });
    report(each.name, posterior, sample, rows);
    for (const { name, mean, sd, essBulk } of rows) {
      expect(Math.abs(mean), `mean of ${name}, in sds`).toBeLessThan(largestMeanError);
      expect(Math.abs(sd), `sd of ${name}, relative`).toBeLessThan(largestSdError);
      if (posterior.certificate.verdict === "ok") expect(essBulk, name).toBeGreaterThan(400);
    }
  });
});

/** Differences to the reference on the standardised scale. */
function compare({ coefficients }: Posterior, name: string, expected: Moments) {
  const { standardized, ess_bulk } = coefficients.find((c) => c.name === name)!;
  return {
    name,
    mean: (standardized.mean - expected.mean) / expected.sd,
    sd: standardized.sd / expected.sd - 1,
    laplace: (standardized.laplaceMean - expected.mean) / expected.sd,
    laplaceSd: standardized.laplaceSd / expected.sd - 1,
    meanError: expected.meanError / expected.sd,
    sdError: expected.sdError / expected.sd,
    essBulk: ess_bulk ?? 0,
  };
}

function report(name: string, posterior: Posterior, sample: ImportanceSample, rows: ReturnType<typeof compare>[]) {
  const worst = (key: "mean" | "sd" | "laplace" | "laplaceSd" | "meanError" | "sdError") => {
    const row = rows.reduce((a, b) => (Math.abs(b[key]) > Math.abs(a[key]) ? b : a));
    return `${row[key].toFixed(4)} (${row.name})`;
  };
  console.info(
    `${name}: ${posterior.settings.sampler}, ${posterior.certificate.verdict}, ${posterior.timing.total.toFixed(1)} s, A4 ${posterior.certificate.assumptions[3].value?.toFixed(2)}; mean ${worst("mean")}, sd ${worst("sd")}; ` +
      `Laplace's mean ${worst("laplace")}, sd ${worst("laplaceSd")}; least ESS ${Math.round(Math.min(...rows.map((row) => row.essBulk)))}; ` +
      `reference: ESS ${Math.round(sample.effective)}, largest weight ${sample.largestWeight.toExponential(1)}, k ${sample.paretoShape.toFixed(2)}, mean ± ${worst("meanError")}, sd ± ${worst("sdError")}`,
  );
}

describe("learned priors are at the maximum of the evidence", () => {
  it.each(learnedCases.map((each) => [each.name, each] as const))("%s", async (_, each) => {
    const posterior = await fitCase(each);
    const [{ precision, error, limit, columns }] = posterior.prior!.groups;
    expect(limit).toBeNull();
    const learned = normal(0, 1 / Math.sqrt(precision));
    const textbook = textbookPosterior(each.table, each.likelihood, {
      ...each.posterior,
      priors: { default: learned },
    });
    const sample = referenceFor(posterior, textbook);
    expect(sample.effective).toBeGreaterThan(minEffective);
    const squares = Float64Array.from(sample.draws, (theta) =>
      columns.reduce((sum, name) => sum + theta[textbook.names.indexOf(name)] ** 2, 0),
    );
    // p(y | λ)/p(y | λ₀) = E[p(θ | λ)/p(θ | λ₀)] over the posterior of λ₀.
    const evidence = (log: number) => {
      const change = Math.exp(log) - precision;
      const ratio = squares.reduce((sum, square, k) => sum + sample.weights[k] * Math.exp(-0.5 * change * square), 0);
      return 0.5 * columns.length * log + Math.log(ratio);
    };
    const learnedLog = Math.log(precision);
    let best = learnedLog - 1;
    for (let log = best; log < learnedLog + 1; log += 0.005) if (evidence(log) > evidence(best)) best = log;
    console.info(`${each.name}: log λ ${learnedLog} ± ${error}, by the evidence ${best}, ESS ${sample.effective}`);
    expect(Math.abs(learnedLog - best)).toBeLessThan(4 * error + 0.005);
  });
});
