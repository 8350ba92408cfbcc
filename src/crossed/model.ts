import { InputError } from "../errors.ts";
import type { AuxiliaryName } from "../families/auxiliaries.ts";
import { families, isCountFamily } from "../families/families.ts";
import type { ScalePrior } from "../priors/densities.ts";

/** How the rows are grouped by one factor, and the effects of its levels. */
export interface CrossedFactor {
  readonly numLevels: number;
  /** N, the level of each row, from 0. */
  readonly levelOf: Uint32Array;
  /** q, the effects of a level: the number of a column of x, or −1 for an intercept. */
  readonly effects: Int32Array;
  /** How many of the effects each term has, in their order; effects of one term are correlated. Together q. */
  readonly terms: readonly TermOfFactor[];
}

/** The terms (1 + x | g) has 2 effects, (x || g) is two terms of 1 each. */
interface TermOfFactor {
  readonly numEffects: number;
  /** The prior of each of its standard deviations τ. Default half-student-t(3, 2.5). */
  readonly scalePriors?: readonly ScalePrior[];
  /** η of the LKJ prior of its correlations. Default 1: uniform. */
  readonly lkj?: number;
}

/** The families that crossed effects can be fitted with; a binomial row is bernoulli with the share of successes and a weight. */
export type CrossedFamily = "gaussian" | "student-t" | "bernoulli" | "poisson" | "negative-binomial";

/**
 * y_i ~ family(η_i), η_i = offset_i + x_iᵀβ + Σ_f z_{f,i}ᵀ b_{f,g_f(i)}, b_{t,j} ~ N(0, Σ_t) for each term t,
 * Σ_t = diag(τ_t) R_t diag(τ_t). All on the standardised scale.
 */
export interface CrossedModel {
  readonly family: CrossedFamily;
  readonly numRows: number;
  /** N × stride, row-major; the first `numFixed` columns have coefficients β, later ones are for effects alone. */
  readonly x: Float32Array;
  readonly stride: number;
  /** D */
  readonly numFixed: number;
  /** N */
  readonly y: Float64Array;
  /** N, default 0. */
  readonly offset?: Float64Array;
  /** N, default 1: the row's log likelihood counts so many times. */
  readonly weights?: Float64Array;
  readonly factors: readonly CrossedFactor[];
  /** Of β_d ~ N(mean, 1/precision), D each. A precision of 0 is a flat prior. */
  readonly priorMean: Float64Array;
  readonly priorPrecision: Float64Array;
  /** The family's own parameters σ, ν, α, or their priors. Defaults as in src/families/auxiliaries.ts. */
  readonly auxiliaries?: { readonly [Name in AuxiliaryName]?: number | ScalePrior };
}

/** @throws InputError for numbers that contradict each other, or that are none */
export function requireCrossedModel(model: CrossedModel): void {
  const { numRows, numFixed, stride, x, y, factors } = model;
  if (numRows < 1) throw new InputError("A model with crossed effects needs at least one row.");
  if (factors.length === 0) throw new InputError("A model with crossed effects needs at least one grouping factor.");
  if (numFixed > stride || x.length < numRows * stride) throw new InputError("x has too few numbers for its rows.");
  requireFinite(y, numRows, "the target");
  if (model.offset) requireFinite(model.offset, numRows, "the offset");
  if (model.weights) requireFinite(model.weights, numRows, "the weights", 0);
  for (let at = 0; at < numRows * stride; at++) {
    if (!Number.isFinite(x[at]))
      throw new InputError(`Row ${Math.floor(at / stride) + 1} of x is not a finite number.`);
  }
  requireFinite(model.priorMean, numFixed, "the prior means");
  requireFinite(model.priorPrecision, numFixed, "the prior precisions", 0);
  for (const [index, factor] of factors.entries()) requireFactor(model, factor, index);
  requireTargets(model);
  for (const [name, value] of Object.entries(model.auxiliaries ?? {}))
    if (typeof value === "number" && !(value > 0 && Number.isFinite(value)))
      throw new InputError(`${name} must be above 0.`);
}

function requireFactor(model: CrossedModel, factor: CrossedFactor, index: number): void {
  const { numLevels, levelOf, effects, terms } = factor;
  const name = `grouping factor ${index + 1}`;
  if (levelOf.length !== model.numRows)
    throw new InputError(`The ${name} has ${levelOf.length} levels for ${model.numRows} rows.`);
  for (const level of levelOf) if (level >= numLevels) throw new InputError(`The ${name} has no level ${level}.`);
  for (const column of effects)
    if (column < -1 || column >= model.stride)
      throw new InputError(`The ${name} names a column ${column} that x does not have.`);
  const total = terms.reduce((sum, { numEffects }) => sum + numEffects, 0);
  if (total !== effects.length || terms.some(({ numEffects }) => numEffects < 1))
    throw new InputError(`The terms of the ${name} have ${total} effects, but it has ${effects.length}.`);
  for (const { lkj = 1, scalePriors, numEffects } of terms) {
    if (!(lkj > 0)) throw new InputError("The parameter of an LKJ prior must be above 0.");
    if (scalePriors && scalePriors.length !== numEffects)
      throw new InputError(`A term of the ${name} has ${numEffects} effects and ${scalePriors.length} priors.`);
  }
}

function requireTargets({ family, y }: CrossedModel): void {
  if (families[family].target === "numbers") return;
  const isCount = isCountFamily(family);
  for (const [row, value] of y.entries()) {
    if (value < 0 || (isCount ? !Number.isInteger(value) : value > 1))
      throw new InputError(`Row ${row + 1}: ${value} is no target of the family ${family}.`);
  }
}

function requireFinite(values: Float64Array, length: number, what: string, least = Number.NEGATIVE_INFINITY): void {
  if (values.length !== length) throw new InputError(`There are ${values.length} numbers of ${what}, not ${length}.`);
  const at = values.findIndex((value) => !(value >= least && Number.isFinite(value)));
  if (at >= 0) throw new InputError(`Number ${at + 1} of ${what} is ${values[at]}.`);
}
