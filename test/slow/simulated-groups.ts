import { drawPoisson } from "../../src/rng/variates.ts";
import { createRandom, type Xoshiro } from "../../src/rng/xoshiro.ts";

// Data sets for simulation-based calibration of multilevel models (Talts et al. 2018): parameters from the prior, data given
// the parameters. If a fit with the same prior is right, the rank of every parameter among its draws is uniform.

/** What is simulated: η = β₀ + β₁ x1 + β₂ x2 + b_g with b_g ~ N(0, τ²), in `numGroups` groups of `groupSize` rows. */
export interface GroupDesign {
  readonly family: "bernoulli" | "poisson";
  readonly groupSize: number;
  readonly numGroups: number;
}

/** 3, 10 and 50 rows a group, with either family; more groups where they are small, so that τ is told from 0. */
export const groupDesigns: readonly GroupDesign[] = (["bernoulli", "poisson"] as const).flatMap((family) => [
  { family, groupSize: 3, numGroups: 120 },
  { family, groupSize: 10, numGroups: 50 },
  { family, groupSize: 50, numGroups: 20 },
]);

/** Prior sds: of the intercept, of both coefficients, and of the half-normal law of τ. Those of counts keep e^η in hundreds. */
const priorScales = {
  bernoulli: { intercept: 1, coefficients: 1, tau: 1 },
  poisson: { intercept: 1, coefficients: 0.5, tau: 0.5 },
} as const;

/**
 * The options of a fit with the prior that `simulateGroups` draws from. x1 and x2 have mean 0 and population sd 1, so that
 * they are on the standardised scale already.
 */
export function simulatedPriors(family: GroupDesign["family"]) {
  const { intercept, coefficients, tau } = priorScales[family];
  return {
    prior: [`normal(0, ${coefficients})`, `sd(g): half-normal(${tau})`],
    interceptPrior: `normal(0, ${intercept})`,
  };
}

export const simulatedFormula = "y ~ x1 + x2 + (1 | g)";

/** A data set with the parameters that it was drawn with, under the names that a fit reports. */
export interface SimulatedGroups {
  readonly columns: { readonly x1: readonly number[]; readonly x2: readonly number[]; readonly g: readonly string[] };
  readonly y: readonly number[];
  readonly parameters: Readonly<Record<"Intercept" | "x1" | "x2" | "sd(g)[Intercept]", number>>;
  /** b_g of every group, in the order of `groups`. */
  readonly effects: readonly number[];
  readonly groups: readonly string[];
}

/**
 * Draws parameters from the prior and a data set from the model. x1 differs by row, x2 by group.
 *
 * @param seed an integer from 0 to 2⁵³ − 1
 */
export function simulateGroups(design: GroupDesign, seed: number): SimulatedGroups {
  const { family, groupSize, numGroups } = design;
  const numRows = groupSize * numGroups;
  const random = createRandom(seed, 0, 31);
  const groupOf = Array.from({ length: numRows }, (_, n) => Math.floor(n / groupSize));
  const x1 = standardised(normals(random, numRows));
  const byGroup = standardised(normals(random, numGroups));
  const x2 = groupOf.map((group) => byGroup[group]);
  const scales = priorScales[family];
  const intercept = scales.intercept * random.normal();
  const first = scales.coefficients * random.normal();
  const second = scales.coefficients * random.normal();
  const tau = scales.tau * Math.abs(random.normal());
  const effects = normals(random, numGroups).map((v) => tau * v);
  const y = groupOf.map((group, n) => {
    const eta = intercept + first * x1[n] + second * x2[n] + effects[group];
    if (family === "poisson") return drawPoisson(random, Math.exp(eta));
    return Number(random.uniform() < 1 / (1 + Math.exp(-eta)));
  });
  const groups = effects.map((_, group) => `g${group + 1}`);
  return {
    columns: { x1, x2, g: groupOf.map((group) => groups[group]) },
    y,
    parameters: { Intercept: intercept, x1: first, x2: second, "sd(g)[Intercept]": tau },
    effects,
    groups,
  };
}

const normals = (random: Xoshiro, count: number) => Array.from({ length: count }, () => random.normal());

/** Mean 0 and population sd 1. */
function standardised(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const centred = values.map((value) => value - mean);
  const sd = Math.sqrt(centred.reduce((sum, value) => sum + value * value, 0) / values.length);
  return centred.map((value) => value / sd);
}
