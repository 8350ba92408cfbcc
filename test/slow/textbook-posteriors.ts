import logGamma from "@stdlib/math-base-special-gammaln";
import type { LogDensity } from "./importance-sampling.ts";

// Posteriors written out from the definitions, and from nothing of src/: what the families, kernels and priors are held to.

/** Rows of a test: columns of numbers or of texts, a target, and what goes beside them. */
export interface Table {
  readonly columns: Readonly<Record<string, readonly number[] | readonly string[]>>;
  readonly y: readonly number[];
  readonly offset?: readonly number[];
  readonly weights?: readonly number[];
}

/** log p(x) up to a constant. */
export type LogPrior = (x: number) => number;
export const normal =
  (mean: number, sd: number): LogPrior =>
  (x) =>
    -0.5 * ((x - mean) / sd) ** 2;
export const studentT =
  (degrees: number, mean: number, scale: number): LogPrior =>
  (x) =>
    -0.5 * (degrees + 1) * Math.log1p(((x - mean) / scale) ** 2 / degrees);
export const laplace =
  (mean: number, scale: number): LogPrior =>
  (x) =>
    -Math.abs(x - mean) / scale;
export const gamma =
  (shape: number, rate: number): LogPrior =>
  (s) =>
    (shape - 1) * Math.log(s) - rate * s;
export const exponential = (rate: number) => gamma(1, rate);

/** log p(y | η, s) of all rows: η[k][n], k the linear predictor; s the other parameters. */
interface Likelihood {
  readonly scales: readonly { readonly name: string; readonly prior: LogPrior }[];
  log(y: Float64Array, eta: readonly Float64Array[], scales: readonly number[], weights: Float64Array): number;
}

const sumOf = (weights: Float64Array, term: (n: number) => number) => {
  let sum = 0;
  for (let n = 0; n < weights.length; n++) sum += weights[n] * term(n);
  return sum;
};

export const likelihoods = {
  poisson: (): Likelihood => ({
    scales: [],
    log: (y, [eta], _, w) => sumOf(w, (n) => y[n] * eta[n] - Math.exp(eta[n])),
  }),
  bernoulli: (): Likelihood => ({
    scales: [],
    log: (y, [eta], _, w) => sumOf(w, (n) => y[n] * eta[n] - Math.log1p(Math.exp(eta[n]))),
  }),
  gaussian: (): Likelihood => ({
    scales: [{ name: "sigma", prior: exponential(1) }],
    log: (y, [eta], [sigma], w) => sumOf(w, (n) => -0.5 * ((y[n] - eta[n]) / sigma) ** 2 - Math.log(sigma)),
  }),
  /** y ~ Poisson(μ g), g ~ Gamma(r, r), r = 1/α: Γ(y + r)/(Γ(r) y!) (μ/(μ + r))^y (r/(μ + r))^r. */
  negativeBinomial: (): Likelihood => ({
    scales: [{ name: "dispersion", prior: exponential(1) }],
    log(y, [eta], [alpha], w) {
      const r = 1 / alpha;
      // Γ(y + r)/Γ(r) as a product, as the logarithms of both are too large to tell them apart where r is.
      const rising = risingCounts(y, w);
      let sum = 0;
      for (let k = 0; k < rising.length; k++) sum += rising[k] * (Math.log(r) + Math.log1p(k / r));
      return (
        sum + sumOf(w, (n) => y[n] * (eta[n] - Math.log(Math.exp(eta[n]) + r)) - r * Math.log1p(Math.exp(eta[n]) / r))
      );
    },
  }),
  studentT: (fixedNu?: number): Likelihood => ({
    scales: [
      { name: "sigma", prior: exponential(1) },
      ...(fixedNu === undefined ? [{ name: "nu", prior: gamma(2, 0.1) }] : []),
    ],
    log(y, [eta], [sigma, nu = fixedNu!], w) {
      const level = logGamma((nu + 1) / 2) - logGamma(nu / 2) - 0.5 * Math.log(nu * Math.PI) - Math.log(sigma);
      return sumOf(w, (n) => level - 0.5 * (nu + 1) * Math.log1p(((y[n] - eta[n]) / sigma) ** 2 / nu));
    },
  }),
  /** Classes 0, 1, …, the first with η = 0. */
  categorical: (): Likelihood => ({
    scales: [],
    log: (y, eta, _, w) =>
      sumOf(w, (n) => {
        let total = 1;
        for (const values of eta) total += Math.exp(values[n]);
        return (y[n] > 0 ? eta[y[n] - 1][n] : 0) - Math.log(total);
      }),
  }),
};

const risingCache = new WeakMap<Float64Array, Float64Array>();

/** How many counts are above k, k = 0, 1, … */
function risingCounts(y: Float64Array, weights: Float64Array): Float64Array {
  let counts = risingCache.get(y);
  if (!counts) {
    counts = new Float64Array(y.reduce((a, b) => Math.max(a, b)));
    for (let n = 0; n < y.length; n++) for (let k = 0; k < y[n]; k++) counts[k] += weights[n];
    risingCache.set(y, counts);
  }
  return counts;
}

export interface TextbookPosterior {
  /** As the command calls them; intercepts last of their class. */
  readonly names: readonly string[];
  /** How many of the last parameters are logarithms of positive numbers. */
  readonly numScales: number;
  readonly logDensity: LogDensity;
}

export interface PosteriorOptions {
  readonly standardizeTarget?: boolean;
  /** Beside class 0, of a categorical target called y. */
  readonly classes?: number;
  /** By the name of a column; `default` for the others. */
  readonly priors?: Readonly<Record<string, LogPrior>>;
}

/** The posterior of coefficients of standardised columns, intercept of the centred design, and logarithms of scales. */
export function textbookPosterior(
  table: Table,
  likelihood: Likelihood,
  options: PosteriorOptions = {},
): TextbookPosterior {
  const { classes, priors = {} } = options;
  const columns = designColumns(table);
  const names = [...columns.keys(), "Intercept"];
  const design = [...columns.values()].map(standardised);
  design.push(new Float64Array(table.y.length).fill(1));
  const y = options.standardizeTarget ? standardised(table.y) : Float64Array.from(table.y);
  const weights = Float64Array.from(table.y, (_, n) => table.weights?.[n] ?? 1);
  const numPredictors = classes ?? 1;
  const priorOf = names.map((name) =>
    name === "Intercept" ? normal(0, 10) : (priors[name] ?? priors.default ?? normal(0, 2.5)),
  );
  const eta = Array.from({ length: numPredictors }, () => new Float64Array(y.length));
  const logDensity = (theta: Float64Array) => {
    let log = 0;
    for (let k = 0; k < numPredictors; k++) {
      if (table.offset) eta[k].set(table.offset);
      else eta[k].fill(0);
      for (let j = 0; j < design.length; j++) {
        const beta = theta[k * design.length + j];
        const column = design[j];
        const predictor = eta[k];
        for (let n = 0; n < predictor.length; n++) predictor[n] += beta * column[n];
        log += priorOf[j](beta);
      }
    }
    const taus = [...theta.subarray(numPredictors * design.length)];
    const scales = taus.map(Math.exp);
    // The density of log s is p(s) s.
    likelihood.scales.forEach(({ prior }, k) => {
      log += prior(scales[k]) + taus[k];
    });
    return log + likelihood.log(y, eta, scales, weights);
  };
  const coefficients =
    classes === undefined ? names : eta.flatMap((_, k) => names.map((name) => `y[${k + 1}]:${name}`));
  return {
    names: [...coefficients, ...likelihood.scales.map(({ name }) => name)],
    numScales: likelihood.scales.length,
    logDensity,
  };
}

/** (x − mean)/population sd */
function standardised(values: readonly number[]): Float64Array {
  const mean = values.reduce((a, b) => a + b) / values.length;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  return Float64Array.from(values, (value) => (value - mean) / sd);
}

/** Texts become an indicator for every level but the first in sorted order. */
function designColumns({ columns }: Table): Map<string, readonly number[]> {
  const result = new Map<string, readonly number[]>();
  for (const [name, values] of Object.entries(columns)) {
    if (typeof values[0] === "number") {
      result.set(name, values as readonly number[]);
      continue;
    }
    const levels = [...new Set(values as readonly string[])].sort();
    for (const level of levels.slice(1))
      result.set(
        `${name}[${level}]`,
        (values as readonly string[]).map((value) => (value === level ? 1 : 0)),
      );
  }
  return result;
}
