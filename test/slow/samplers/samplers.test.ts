import { describe, expect, it } from "vitest";
import { invertPositiveDefinite } from "../../../src/linalg/cholesky.ts";
import { add, identity, matrix } from "../../../src/linalg/matrix.ts";
import { fit } from "../../../src/node.ts";
import { createRandom } from "../../../src/rng/xoshiro.ts";
import { iasg } from "../../../src/sampling/algorithms/iasg.ts";
import { sgfs } from "../../../src/sampling/algorithms/sgfs.ts";
import { fitTo, hasShared, measured, names } from "../paper-data.ts";

// The paper's samplers on real data: every sd as predicted, within four Monte Carlo standard errors. Minutes, not seconds.
const variants = [sgfs, iasg].flatMap((sampler) =>
  sampler.preconditioners.flatMap((preconditioner) =>
    (sampler === iasg && preconditioner === "full" ? (["posterior", "sandwich"] as const) : [undefined]).map(
      (covariance) => ({
        sampler: sampler.name,
        preconditioner,
        covariance,
      }),
    ),
  ),
);

describe.skipIf(!hasShared).each(names)("%s (skipped where ../shared is absent)", (name) => {
  it.each(variants)("$sampler $preconditioner $covariance", async (variant) => {
    const { posterior, deviations } = await fitTo(name, variant);
    const { certificate, settings } = posterior;
    console.log(
      [
        name,
        variant.sampler,
        variant.preconditioner,
        variant.covariance ?? "",
        `S ${settings.batchSize} rate ${settings.learningRate?.toPrecision(3)} m ${settings.window} draws ${settings.draws}`,
        ...measured(posterior, deviations),
        ...certificate.assumptions.filter((c) => !c.passed).map((c) => `${c.id}: ${c.message}`),
        ...certificate.notes,
      ].join(" | "),
    );
    expect(Math.max(...deviations)).toBeLessThan(4);
  });
});

// The synthetic data of section 7.2: N = 10,000 rows, D = 10 standard normal features, coefficients from the prior,
// unit noise. 10,000 windows have a covariance with a relative Frobenius error of about √((D + 1)/10,000) = 3.3% by chance.
it("iasg on the paper's synthetic data: covariance within 5% of the posterior's in Frobenius norm", async () => {
  const random = createRandom(1, 0, 13);
  const [rows, columns] = [10_000, 10];
  const beta = Array.from({ length: columns }, () => random.normal());
  const x = Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.normal()));
  const y = x.map((row) => row.reduce((sum, value, j) => sum + value * beta[j], random.normal()));
  const names = beta.map((_, j) => `x${j + 1}`);
  const posterior = await fit(
    { x, y, names, intercept: false },
    { sampler: "iasg", sigma: 1, prior: "normal(0, 1)", standardize: "none", draws: 2500 },
  );
  const precision = matrix(columns, columns);
  for (const row of x)
    for (let i = 0; i < columns; i++)
      for (let j = 0; j < columns; j++) precision.data[i * columns + j] += row[i] * row[j];
  const exact = invertPositiveDefinite(add(precision, identity(columns)));
  const draws = names.map((name) => posterior.draws.get(name)!.flatMap((chain) => [...chain]));
  const means = draws.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length);
  let squares = 0;
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j < columns; j++) {
      const products = draws[i].map((value, n) => (value - means[i]) * (draws[j][n] - means[j]));
      const covariance = products.reduce((sum, value) => sum + value, 0) / (products.length - 1);
      squares += (covariance - exact.data[i * columns + j]) ** 2;
    }
  }
  const error = Math.sqrt(squares / exact.data.reduce((sum, value) => sum + value ** 2, 0));
  console.log(
    `synthetic | relative Frobenius error ${error.toFixed(4)} | window ${posterior.settings.window} | ${posterior.certificate.verdict} | ${posterior.timing.sample.toFixed(1)} s`,
  );
  expect(posterior.settings.draws * posterior.settings.chains).toBe(10_000);
  expect(error).toBeLessThan(0.05);
});
