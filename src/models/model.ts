import { Model as Slot } from "../../kernels/layout.ts";
import type { Design } from "../design/design.ts";
import type { RowStorage } from "../engine/bindings/row-view.ts";
import type { EngineMemory } from "../engine/memory.ts";
import { families } from "../families/families.ts";
import type { Auxiliary, Family, FamilyName } from "../families/family.ts";
import { defaultPrior, type Prior } from "../priors/prior.ts";
import { defaultDispersionPrior, defaultNuPrior, defaultSigmaPrior, type ScalePrior } from "../priors/scale-prior.ts";
import { type ShapedPrior, writeShapedPriors } from "../priors/shaped-prior.ts";
import type { CustomFunctions } from "./custom-functions.ts";

/** Rows in the engine's memory. */
export interface RowBlock extends RowStorage {
  readonly paddedColumns: number;
  readonly hasOffset: boolean;
  readonly hasWeights: boolean;
}

/** The rows of a design, which are at `address`. */
export function rowBlockOf(design: Design, address: number): RowBlock {
  const { numRows, paddedColumns, stride, hasOffset, hasWeights, columns, sparse } = design;
  const shared = { numRows, numColumns: columns.length, paddedColumns, stride, hasOffset, hasWeights };
  if (!sparse) return { address, ...shared };
  return { address: address + sparse.startsAt, ...shared, sparse: { shift: address } };
}

/**
 * A likelihood and a prior over rows in memory: θ = (β, τ), with τ the logarithms of those auxiliary parameters of the
 * family that are not fixed. For the categorical family β is a vector of D coefficients for each linear predictor, one
 * after the
 * other. The loss of the whole data is Σ_n w_n f(x_nᵀβ + o_n, τ; y_n) − log prior(θ), where w_n is a row's weight and o_n
 * its offset.
 */
export interface Model {
  readonly memory: EngineMemory;
  /** Address of the model's record in memory. */
  readonly address: number;
  readonly rows: RowBlock;
  readonly family: Family;
  /** Linear predictors a row: 1, and for the categorical family one for every class that has parameters. */
  readonly outputs: number;
  /** Whether the categorical family's class 0 has η = 0 and no parameters. */
  readonly hasReference: boolean;
  /** M: D for each linear predictor, and one more for each auxiliary parameter that is learned. */
  readonly dimension: number;
  /** The family's auxiliary parameters that are learned, in their order at the end of θ. */
  readonly auxiliaries: readonly LearnedAuxiliary[];
  /** τ of the auxiliary parameters that are fixed; 0 elsewhere. */
  readonly fixedTau: readonly [number, number];
  /** M: precisions of the normal priors; 0 if a prior is not normal. */
  readonly priorPrecision: Float64Array;
  /** M: means of the normal priors. */
  readonly priorMean: Float64Array;
  /** The functions of a custom model, in place of rows and family. */
  readonly custom?: CustomFunctions;
  /** The priors that are not normal. */
  readonly shapedPriors: readonly ShapedPrior[];
}

interface LearnedAuxiliary extends Auxiliary {
  /** Its place in τ. */
  readonly place: number;
}

export const classCodings = ["reference", "symmetric"] as const;
/**
 * How K classes get parameters: with a reference class (K − 1 predictors; that of the first class is 0), or all K alike,
 * where only the prior determines what is common to all of them.
 */
export type ClassCoding = (typeof classCodings)[number];

export interface ModelOptions {
  readonly family: FamilyName;
  /** One for each column, the same for all classes; `normal(0, 2.5)` by default. */
  readonly priors?: readonly Prior[];
  /** What is known of the family's auxiliary parameters, on the standardised scale. */
  readonly auxiliaries?: AuxiliaryOptions;
  /** The categorical family's classes, numbered 0 … count − 1 in the target's column. */
  readonly classes?: { readonly count: number; readonly coding: ClassCoding };
}

/** A number fixes an auxiliary parameter; with a prior it is learned. The default is to learn it with the default prior. */
type AuxiliaryOptions = { readonly [name in Auxiliary["name"]]?: number | ScalePrior };

const defaultAuxiliaryPriors: Readonly<Record<Auxiliary["name"], ScalePrior>> = {
  sigma: defaultSigmaPrior,
  nu: defaultNuPrior,
  dispersion: defaultDispersionPrior,
};

/** M: a row's linear predictors times columns, and the auxiliary parameters that are learned. */
export function numParameters(
  numColumns: number,
  { family, classes, auxiliaries = {} }: Pick<ModelOptions, "family" | "classes" | "auxiliaries">,
): number {
  const learned = families[family].auxiliaries.filter(({ name }) => typeof auxiliaries[name] !== "number");
  return numColumns * numPredictors(classes) + learned.length;
}

function numPredictors(classes: ModelOptions["classes"]): number {
  return classes ? classes.count - Number(classes.coding === "reference") : 1;
}

export function createModel(memory: EngineMemory, rows: RowBlock, options: ModelOptions): Model {
  const family = families[options.family];
  const { priors, auxiliaries: given = {}, classes } = options;
  const hasReference = classes?.coding === "reference";
  const outputs = numPredictors(classes);
  const numCoefficients = rows.numColumns * outputs;
  const known = family.auxiliaries.map((auxiliary, place) => ({
    ...auxiliary,
    place,
    value: given[auxiliary.name] ?? defaultAuxiliaryPriors[auxiliary.name],
  }));
  const learned = known.filter(({ value }) => typeof value !== "number");
  const fixedTau: [number, number] = [0, 0];
  for (const { place, value } of known) if (typeof value === "number") fixedTau[place] = Math.log(value);
  const dimension = numCoefficients + learned.length;
  const priorPrecision = new Float64Array(dimension);
  const priorMean = new Float64Array(dimension);
  const shapedPriors: ShapedPrior[] = [];
  for (let j = 0; j < numCoefficients; j++) {
    const prior = priors?.[j % rows.numColumns] ?? defaultPrior;
    priorMean[j] = prior.mean;
    if (prior.kind === "normal") priorPrecision[j] = 1 / prior.sd ** 2;
    else shapedPriors.push({ index: j, prior });
  }
  learned.forEach(({ value }, k) => {
    shapedPriors.push({ index: numCoefficients + k, scalePrior: value as ScalePrior });
  });
  return withRecord({
    memory,
    rows,
    family,
    outputs,
    hasReference,
    dimension,
    auxiliaries: learned.map(({ name, isScale, place }) => ({ name, isScale, place })),
    fixedTau,
    priorPrecision,
    priorMean,
    shapedPriors,
  });
}

/** The model with a record of its own in memory. */
export function withRecord(model: Omit<Model, "address">, aliasTable = 0): Model {
  const { memory, rows, dimension, shapedPriors } = model;
  const address = memory.allocate(Slot.slots * 8);
  const vector = (values: Float64Array) => {
    const at = memory.allocateF64(dimension);
    memory.f64(at, dimension).set(values);
    return at;
  };
  const setU32 = (slot: Slot, value: number) => memory.setU32(address, slot, value);
  setU32(Slot.rows, rows.sparse ? 0 : rows.address);
  setU32(Slot.rowStarts, rows.sparse ? rows.address : 0);
  setU32(Slot.shift, rows.sparse?.shift ?? 0);
  setU32(Slot.numRows, rows.numRows);
  setU32(Slot.numColumns, rows.numColumns);
  setU32(Slot.paddedColumns, rows.paddedColumns);
  setU32(Slot.stride, rows.stride);
  setU32(Slot.hasOffset, rows.hasOffset ? 1 : 0);
  setU32(Slot.hasWeights, rows.hasWeights ? 1 : 0);
  setU32(Slot.family, model.family.kernel);
  setU32(Slot.auxiliary, model.auxiliaries.length);
  setU32(Slot.firstAuxiliary, model.auxiliaries[0]?.place ?? 0);
  memory.setF64(address, Slot.fixedAuxiliary, model.fixedTau[0]);
  memory.setF64(address, Slot.secondFixedAuxiliary, model.fixedTau[1]);
  setU32(Slot.priorPrecision, vector(model.priorPrecision));
  setU32(Slot.priorMean, vector(model.priorMean));
  setU32(Slot.shapedPriors, writeShapedPriors(memory, shapedPriors));
  setU32(Slot.numShapedPriors, shapedPriors.length);
  setU32(Slot.aliasTable, aliasTable);
  setU32(Slot.outputs, model.outputs);
  setU32(Slot.hasReference, model.hasReference ? 1 : 0);
  return { ...model, address };
}

/** The same model with rows drawn by the alias table at `aliasTable` (0: uniformly). */
export function withAliasTable(model: Model, aliasTable: number): Model {
  return withRecord(model, aliasTable);
}

/** The same model with other linear approximations of the priors that are not normal, for control variates. */
export function withShapedPriors(model: Model, shapedPriors: readonly ShapedPrior[]): Model {
  return withRecord({ ...model, shapedPriors });
}

/** The hyperparameters of a model that may be learned. */
export interface Hyperparameters {
  /** M: the normal priors' precision of each parameter. */
  readonly priorPrecision?: Float64Array;
  /** The noise scale of a model in which it is fixed, on the standardised scale. */
  readonly sigma?: number;
}

/**
 * The same model with other hyperparameters: a record of its own in memory, so chains and passes over either see their
 * own.
 * @throws RangeError if σ is given and the model has no fixed noise scale
 */
export function withHyperparameters(model: Model, { priorPrecision, sigma }: Hyperparameters): Model {
  if (sigma !== undefined && !hasFixedSigma(model))
    throw new RangeError("Only a model with a fixed noise scale takes another one.");
  return withRecord({
    ...model,
    priorPrecision: Float64Array.from(priorPrecision ?? model.priorPrecision),
    fixedTau: sigma === undefined ? model.fixedTau : [Math.log(sigma), model.fixedTau[1]],
  });
}

/** Whether the model has a noise scale that is fixed, not a parameter. */
function hasFixedSigma({ family, auxiliaries }: Model): boolean {
  return family.auxiliaries[0]?.name === "sigma" && auxiliaries[0]?.name !== "sigma";
}

/** Whether the likelihood is quadratic in θ, so that the residuals of second-order control variates are 0. */
export function hasQuadraticLikelihood({ family, auxiliaries }: Model): boolean {
  return family.name === "gaussian" && auxiliaries.length === 0;
}

/** Whether the loss as a whole is quadratic. */
export function isQuadratic(model: Model): boolean {
  return hasQuadraticLikelihood(model) && model.shapedPriors.length === 0;
}

/** Whether all coefficients have normal priors. */
export function hasNormalPriors({ shapedPriors }: Model): boolean {
  return shapedPriors.every(({ prior }) => prior === undefined);
}

/** How many entries of θ are coefficients; auxiliary parameters follow them. */
export function numCoefficients({ rows, outputs }: Pick<Model, "rows" | "outputs">): number {
  return rows.numColumns * outputs;
}

/** τ₀ and τ₁ at θ, where they are parameters or fixed. */
export function tauAt({ auxiliaries, fixedTau, rows, outputs }: Model, position: ArrayLike<number>): [number, number] {
  const tau: [number, number] = [...fixedTau];
  auxiliaries.forEach(({ place }, k) => {
    tau[place] = position[rows.numColumns * outputs + k];
  });
  return tau;
}

/** The same model over other rows with the same columns, such as rows held out for validation. */
export function withRows(model: Model, rows: RowBlock): Model {
  return withRecord({ ...model, rows });
}
