// Independent reference fits for end-to-end tests: Newton's method in double precision on small dense problems.
import { cholesky, choleskySolve, invertPositiveDefinite } from "../../src/linalg/cholesky.ts";
import { matrix } from "../../src/linalg/matrix.ts";

export interface ReferenceFit {
  readonly estimates: readonly number[];
  readonly sds: readonly number[];
}

type Link = "gaussian" | "bernoulli" | "poisson";

/** Mean and variance of a row by its linear predictor. */
const laws: Record<Link, (eta: number) => { mean: number; variance: number }> = {
  gaussian: (eta) => ({ mean: eta, variance: 1 }),
  bernoulli: (eta) => {
    const mean = 1 / (1 + Math.exp(-eta));
    return { mean, variance: mean * (1 - mean) };
  },
  poisson: (eta) => ({ mean: Math.exp(eta), variance: Math.exp(eta) }),
};

/** Maximum likelihood and its asymptotic sds; of gaussian rows with the noise's variance estimated from N − D. */
export function maximumLikelihood(
  rows: readonly (readonly number[])[],
  y: readonly number[],
  link: Link,
): ReferenceFit {
  const size = rows[0].length;
  let beta = new Float64Array(size);
  let information = matrix(size, size);
  for (let iteration = 0; iteration < 60; iteration++) {
    const score = new Float64Array(size);
    information = matrix(size, size);
    rows.forEach((row, n) => {
      const { mean, variance } = laws[link](row.reduce((sum, x, j) => sum + x * beta[j], 0));
      for (let i = 0; i < size; i++) {
        score[i] += (y[n] - mean) * row[i];
        for (let j = 0; j < size; j++) information.data[i * size + j] += variance * row[i] * row[j];
      }
    });
    const step = choleskySolve(cholesky(information), score);
    const length = Math.min(1, 4 / Math.max(...step.map(Math.abs), 1e-300));
    beta = beta.map((value, j) => value + (link === "gaussian" ? 1 : length) * step[j]);
  }
  const squares = rows.reduce((sum, row, n) => sum + (y[n] - row.reduce((eta, x, j) => eta + x * beta[j], 0)) ** 2, 0);
  const noise = link === "gaussian" ? squares / (rows.length - size) : 1;
  const inverse = invertPositiveDefinite(information);
  return {
    estimates: [...beta],
    sds: Array.from({ length: size }, (_, j) => Math.sqrt(noise * inverse.data[j * (size + 1)])),
  };
}
