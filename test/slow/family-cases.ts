import type { FitOptions } from "../../src/options/options.ts";
import { drawGamma, drawPoisson } from "../../src/rng/variates.ts";
import { createRandom, type Xoshiro } from "../../src/rng/xoshiro.ts";
import { laplace, likelihoods, type PosteriorOptions, studentT, type Table } from "./textbook-posteriors.ts";

/** A table with its fit, and the likelihood of the textbook that belongs to it. */
export interface FamilyCase {
  readonly name: string;
  readonly table: Table;
  readonly options: FitOptions;
  readonly likelihood: ReturnType<(typeof likelihoods)["gaussian"]>;
  readonly posterior?: PosteriorOptions;
}

const cities = (random: Xoshiro, count: number) =>
  Array.from({ length: count }, () => {
    const u = random.uniform();
    return u < 0.6 ? "Lima" : u < 0.85 ? "Oslo" : u < 0.97 ? "Quito" : "Rome";
  });
const cityEffect: Record<string, number> = { Lima: 0, Oslo: 0.3, Quito: -0.4, Rome: 0.5 };
const normals = (random: Xoshiro, count: number) => Array.from({ length: count }, () => random.normal());
const uniforms = (random: Xoshiro, count: number) => Array.from({ length: count }, () => random.uniform());
const studentNoise = (random: Xoshiro, nu: number) => random.normal() / Math.sqrt((2 * drawGamma(random, nu / 2)) / nu);
const gammaPoisson = (random: Xoshiro, mean: number, alpha: number) =>
  drawPoisson(random, alpha === 0 ? mean : mean * alpha * drawGamma(random, 1 / alpha));

function counts(seed: number, size: number, level: number, alpha: number): Table {
  const random = createRandom(seed, 0, 21);
  const columns = { x: normals(random, size), skewed: normals(random, size).map(Math.exp), city: cities(random, size) };
  const y = columns.x.map((x, n) =>
    gammaPoisson(random, Math.exp(level + 0.4 * x - 0.1 * columns.skewed[n] + cityEffect[columns.city[n]]), alpha),
  );
  return { columns, y };
}

function withExposure(table: Table, seed: number): Table {
  const random = createRandom(seed, 0, 22);
  const exposure = uniforms(random, table.y.length).map((u) => 0.2 + 5 * u * u);
  const y = table.columns.x.map((x, n) => drawPoisson(random, exposure[n] * Math.exp(-0.5 + 0.3 * (x as number))));
  return { columns: table.columns, y, offset: exposure.map(Math.log) };
}

function numbers(seed: number, size: number, noise: (random: Xoshiro) => number): Table {
  const random = createRandom(seed, 0, 23);
  const columns = { x: normals(random, size), skewed: normals(random, size).map(Math.exp), city: cities(random, size) };
  const y = columns.x.map(
    (x, n) => 20 + 3 * x + 0.5 * columns.skewed[n] + cityEffect[columns.city[n]] + 2 * noise(random),
  );
  return { columns, y };
}

function binary(seed: number, size: number, level: number): Table {
  const random = createRandom(seed, 0, 24);
  const columns = { x: normals(random, size), skewed: normals(random, size).map(Math.exp), city: cities(random, size) };
  const y = columns.x.map((x, n) =>
    Number(random.uniform() < 1 / (1 + Math.exp(-level - 0.6 * x - 0.2 * columns.skewed[n]))),
  );
  return { columns, y };
}

function classes(seed: number, size: number, levels: readonly number[]): Table {
  const random = createRandom(seed, 0, 25);
  const columns = { x: normals(random, size), z: normals(random, size) };
  const y = columns.x.map((x, n) => {
    const odds = levels.map((level, k) => Math.exp(level + (k - 1) * 0.4 * x - (k % 2) * 0.5 * columns.z[n]));
    let left = random.uniform() * odds.reduce((a, b) => a + b);
    return odds.findIndex((value) => {
      left -= value;
      return left < 0;
    });
  });
  return { columns, y };
}

const scaled = { standardizeTarget: true };
const frequency = (table: Table): Table => ({ ...table, weights: table.y.map((_, n) => 1 + (n % 3)) });
const strict = { x: studentT(3, 0.2, 0.1), "city[Rome]": laplace(0, 0.05), default: laplace(0, 0.2) };
const strictPriors = ["laplace(0, 0.2)", "x: student-t(3, 0.2, 0.1)", "city[Rome]: laplace(0, 0.05)"];

export const familyCases: readonly FamilyCase[] = [
  {
    name: "poisson with an exposure",
    table: withExposure(counts(1, 1500, 0, 0), 1),
    options: { family: "poisson" },
    likelihood: likelihoods.poisson(),
  },
  {
    name: "poisson, events in 2 of 100 rows",
    table: counts(2, 1500, -4, 0),
    options: { family: "poisson" },
    likelihood: likelihoods.poisson(),
  },
  {
    name: "negative-binomial, overdispersed",
    table: counts(3, 1000, 1.2, 0.8),
    options: { family: "negative-binomial" },
    likelihood: likelihoods.negativeBinomial(),
  },
  {
    name: "negative-binomial, nearly Poisson",
    table: counts(4, 1000, 0.7, 0.01),
    options: { family: "negative-binomial" },
    likelihood: likelihoods.negativeBinomial(),
  },
  {
    name: "negative-binomial, Poisson",
    table: counts(5, 500, 0.5, 0),
    options: { family: "negative-binomial" },
    likelihood: likelihoods.negativeBinomial(),
  },
  {
    name: "student-t with outliers",
    table: numbers(6, 1000, (random) => studentNoise(random, 2.5)),
    options: { family: "student-t" },
    likelihood: likelihoods.studentT(),
    posterior: scaled,
  },
  {
    name: "student-t, nu fixed",
    table: numbers(7, 1000, (random) => studentNoise(random, 2)),
    options: { family: "student-t", nu: 4 },
    likelihood: likelihoods.studentT(4),
    posterior: scaled,
  },
  {
    name: "student-t, nu known by its prior alone",
    table: numbers(8, 500, (random) => random.normal()),
    options: { family: "student-t" },
    likelihood: likelihoods.studentT(),
    posterior: scaled,
  },
  {
    name: "gaussian, 60 rows",
    table: numbers(9, 60, (random) => random.normal()),
    options: { family: "gaussian" },
    likelihood: likelihoods.gaussian(),
    posterior: scaled,
  },
  {
    name: "gaussian, 5000 rows",
    table: numbers(10, 3000, (random) => random.normal()),
    options: { family: "gaussian" },
    likelihood: likelihoods.gaussian(),
    posterior: scaled,
  },
  {
    name: "bernoulli, rare positives",
    table: binary(11, 2000, -4.5),
    options: { family: "bernoulli" },
    likelihood: likelihoods.bernoulli(),
  },
  {
    name: "three unbalanced classes",
    table: classes(12, 1000, [2, 0, -2]),
    options: { family: "categorical" },
    likelihood: likelihoods.categorical(),
    posterior: { classes: 2 },
  },
  {
    name: "seven classes",
    table: classes(13, 1000, [1, 0.5, 0, 0, -0.5, -1, -1.5]),
    options: { family: "categorical" },
    likelihood: likelihoods.categorical(),
    posterior: { classes: 6 },
  },
  {
    name: "frequency weights, poisson",
    table: frequency(counts(14, 800, 0, 0)),
    options: { family: "poisson", weights: "weight" },
    likelihood: likelihoods.poisson(),
  },
  {
    name: "frequency weights, student-t",
    table: frequency(numbers(15, 600, (random) => studentNoise(random, 3))),
    options: { family: "student-t", weights: "weight" },
    likelihood: likelihoods.studentT(),
    posterior: scaled,
  },
  {
    name: "student-t and laplace priors, poisson",
    table: counts(16, 300, -0.5, 0),
    options: { family: "poisson", prior: strictPriors },
    likelihood: likelihoods.poisson(),
    posterior: { priors: strict },
  },
  {
    name: "student-t and laplace priors, bernoulli",
    table: binary(17, 400, -1.5),
    options: { family: "bernoulli", prior: strictPriors },
    likelihood: likelihoods.bernoulli(),
    posterior: { priors: strict },
  },
];

/** Eight columns, one precision. */
function manyColumns(seed: number, size: number, targetOf: (random: Xoshiro, eta: number) => number): Table {
  const random = createRandom(seed, 0, 26);
  const columns = Object.fromEntries(Array.from({ length: 8 }, (_, j) => [`x${j}`, normals(random, size)]));
  const effects = Object.keys(columns).map(() => 0.3 * random.normal());
  const y = Array.from({ length: size }, (_, n) =>
    targetOf(
      random,
      Object.values(columns).reduce((sum, column, j) => sum + effects[j] * column[n], 0),
    ),
  );
  return { columns, y };
}

export const learnedCases: readonly FamilyCase[] = [
  {
    name: "learned prior, poisson",
    table: manyColumns(18, 300, (random, eta) => drawPoisson(random, Math.exp(eta))),
    options: { family: "poisson", prior: "learned" },
    likelihood: likelihoods.poisson(),
  },
  {
    name: "learned prior, student-t",
    table: manyColumns(19, 300, (random, eta) => eta + studentNoise(random, 3)),
    options: { family: "student-t", prior: "learned" },
    likelihood: likelihoods.studentT(),
    posterior: scaled,
  },
  {
    name: "learned prior, negative-binomial",
    table: manyColumns(20, 300, (random, eta) => gammaPoisson(random, Math.exp(1 + eta), 0.5)),
    options: { family: "negative-binomial", prior: "learned" },
    likelihood: likelihoods.negativeBinomial(),
  },
];
