import { type CurvatureKind, curvatureKind } from "../design/curvature-kind.ts";
import type { Design } from "../design/design-types.ts";
import type { GroupSizes } from "../engine/bindings/group-record.ts";
import { type LikelihoodRecord, type RowBlock, writeModelRecord } from "../engine/bindings/model-record.ts";
import { shapedPriorRecord } from "../engine/bindings/shaped-prior-record.ts";
import type { BlockStore } from "../engine/block-store.ts";
import type { EngineMemory } from "../engine/memory.ts";
import type { Auxiliary, AuxiliaryName } from "../families/auxiliaries.ts";
import { type FamilyName, families } from "../families/families.ts";
import type { Family } from "../families/family.ts";
import type { Matrix } from "../linalg/matrix.ts";
import type { Prior, ScalePrior } from "../priors/densities.ts";
import { defaultPrior } from "../priors/prior.ts";
import type { ShapedPrior } from "../priors/shaped-prior.ts";
import type { CustomFunctions } from "./custom-functions.ts";

export type { RowBlock };

/** The rows of a design, which are at `address`; of one in blocks, the sample is. */
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
  readonly numPredictors: number;
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
  /** Up to so many parameters matrices of all pairs are held, where that is not the usual limit. */
  readonly maxDenseParameters?: number;
  /** Address of the table by which rows are drawn with unequal probabilities; uniformly where left out. */
  readonly aliasTable?: number;
  /** Where the rows are in blocks on disk: none of them are at the rows' address. */
  readonly blocks?: ModelBlocks;
  /** A custom model's functions, which stand in for rows and family. */
  readonly custom?: CustomFunctions;
  /** Where rows are groups of rows, whose effects are integrated out: V more parameters end θ. */
  readonly groups?: ModelGroups;
  /** Where each row stands for several that agree in everything, as its weight says: N, and how many each is. */
  readonly cells?: { readonly rows: number; readonly counts: Float64Array };
  /** Whether rows weigh as many trials as they have, and no more: their noise then is their curvature as it stands. */
  readonly areTrials?: boolean;
  /** Whether the rows have effects of crossed factors, of which the model says nothing (src/crossed). */
  readonly hasCrossedFactors?: true;
  /** The priors that are not normal. */
  readonly shapedPriors: readonly ShapedPrior[];
  /** What other rows, which are not here, and the prior say of θ; where it is given there are no other priors. */
  readonly carried?: CarriedLaw;
}

/** −log p(θ) = ½ (θ − c)ᵀ Λ (θ − c), of rows that are no more. */
export interface CarriedLaw {
  /** c, M */
  readonly center: Float64Array;
  /** Λ, M×M */
  readonly precision: Matrix;
  /** Σ w² ∇f ∇fᵀ − (Σ w ∇f)(Σ w ∇f)ᵀ/N of those rows, and what it would be if they varied as the model says; M×M. */
  readonly noise: Matrix;
  readonly expectedNoise: Matrix;
}

/** Rows in blocks on disk. */
export interface ModelBlocks {
  readonly store: BlockStore;
  /** A uniform sample of them without replacement, in the order of the rows, in memory. */
  readonly sample: RowBlock;
}

/** The effects b ~ N(0, Σ) that each level of a grouping factor has, Σ = diag(τ) R diag(τ). */
export interface EffectsOfFactor {
  /** Of each effect the column of the rows that it multiplies; −1 for the number 1. At most `maxEffectsOfFactor`. */
  readonly columns: readonly number[];
  /** Effects that correlate stand side by side: the sizes of these blocks. */
  readonly blocks: readonly number[];
  /** One for each effect's sd. */
  readonly sdPriors: readonly ScalePrior[];
  /** η of the LKJ law of each block's correlations. */
  readonly correlationShapes: readonly number[];
}

/** What a model of groups has beside the model of its rows. */
export interface ModelGroups extends GroupSizes {
  /** Address of the kernels' record. */
  readonly address: number;
  /** The model of the rows without their groups' effects: the same β and family. */
  readonly rows: Model;
  readonly innerStarts: number;
  readonly numInner: number;
  readonly outer?: EffectsOfFactor;
  readonly inner: EffectsOfFactor;
  /** V: variance parameters at the end of θ, those of the outer factor first. */
  readonly numParameters: number;
  /** K: nodes a dimension of the outer and of the inner effects. */
  readonly nodes: NodeCounts;
}

export interface NodeCounts {
  readonly outer: number;
  readonly inner: number;
}

interface LearnedAuxiliary extends Auxiliary {
  /** Its index in τ. */
  readonly index: number;
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

/** A number fixes an auxiliary parameter; a prior has it learned, as the default prior does where it is left out. */
export type AuxiliaryOptions = { readonly [Name in AuxiliaryName]?: number | ScalePrior };

/** M: a row's linear predictors times columns, and the auxiliary parameters that are learned. */
export function numParameters(
  numColumns: number,
  { family, classes, auxiliaries = {} }: Pick<ModelOptions, "family" | "classes" | "auxiliaries">,
): number {
  const learned = families[family].auxiliaries.filter((own) => typeof knownOf(own, auxiliaries) !== "number");
  return numColumns * predictorsOf(classes) + learned.length;
}

/** What is known of one of them. */
function knownOf(
  { name, defaultPrior }: Auxiliary,
  given: Readonly<Record<string, number | ScalePrior>>,
): number | ScalePrior {
  return given[name] ?? defaultPrior;
}

function predictorsOf(classes: ModelOptions["classes"]): number {
  return classes ? classes.count - Number(classes.coding === "reference") : 1;
}

export function createModel(memory: EngineMemory, rows: RowBlock, options: ModelOptions): Model {
  const family = families[options.family];
  const { priors, auxiliaries: given = {}, classes } = options;
  const hasReference = classes?.coding === "reference";
  const numPredictors = predictorsOf(classes);
  const numCoefficients = rows.numColumns * numPredictors;
  const known = family.auxiliaries.map((auxiliary, index) => ({
    ...auxiliary,
    index,
    value: knownOf(auxiliary, given),
  }));
  const learned = known.filter(({ value }) => typeof value !== "number");
  const fixedTau: [number, number] = [0, 0];
  for (const { index, value } of known) if (typeof value === "number") fixedTau[index] = Math.log(value);
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
    numPredictors,
    hasReference,
    dimension,
    auxiliaries: learned,
    fixedTau,
    priorPrecision,
    priorMean,
    shapedPriors,
  });
}

/** The model with a record of its own in memory; rows are drawn uniformly where no alias table is given. */
export function withRecord(model: Omit<Model, "address" | "aliasTable">, aliasTable?: number): Model {
  const { memory, rows, priorPrecision, priorMean } = model;
  const shapedPriors = model.shapedPriors.map(shapedPriorRecord);
  const likelihood = likelihoodRecord(model);
  const groups = model.groups?.address;
  const record = {
    rows,
    family: model.family.name,
    likelihood,
    priorPrecision,
    priorMean,
    shapedPriors,
    aliasTable,
    groups,
  };
  return { ...model, aliasTable, address: writeModelRecord(memory, record) };
}

function likelihoodRecord(model: Omit<Model, "address">): LikelihoodRecord {
  const { family, numPredictors, hasReference, auxiliaries, fixedTau } = model;
  if (family.target === "classes") return { kind: "classes", numPredictors, hasReference };
  return {
    kind: "one predictor",
    numAuxiliaries: auxiliaries.length,
    firstAuxiliary: auxiliaries[0]?.index ?? 0,
    fixedTau,
  };
}

/** The same model, its rows drawn by the alias table at `aliasTable`. */
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
export function hasQuadraticLikelihood({ family, auxiliaries, groups }: Model): boolean {
  return family.name === "gaussian" && auxiliaries.length === 0 && !groups;
}

/** Whether the loss as a whole is quadratic. */
export function isQuadratic(model: Model): boolean {
  return hasQuadraticLikelihood(model) && model.shapedPriors.length === 0;
}

/** How much of the curvature is held for the model. */
export function curvatureOf({ dimension, maxDenseParameters }: Model): CurvatureKind {
  return curvatureKind(dimension, maxDenseParameters);
}

/** Whether all coefficients have normal priors of their own. */
export function hasNormalPriors({ shapedPriors, carried }: Model): boolean {
  return carried === undefined && shapedPriors.every(({ prior }) => prior === undefined);
}

/** How many entries of θ are coefficients; the auxiliary parameters' follow them. */
export function numCoefficients({ rows, numPredictors }: Pick<Model, "rows" | "numPredictors">): number {
  return rows.numColumns * numPredictors;
}

/** τ₀ and τ₁ at θ, where they are parameters or fixed. */
export function tauAt(
  { auxiliaries, fixedTau, rows, numPredictors }: Model,
  position: ArrayLike<number>,
): [number, number] {
  const tau: [number, number] = [...fixedTau];
  auxiliaries.forEach(({ index }, k) => {
    tau[index] = position[rows.numColumns * numPredictors + k];
  });
  return tau;
}

/** The same model over other rows with the same columns, such as rows held out for validation. */
export function withRows(model: Model, rows: RowBlock): Model {
  return withRecord({ ...model, cells: undefined, rows });
}

/** N: how many rows the data have, where some stand for several too. */
export function numObservations({ rows, cells }: Pick<Model, "rows" | "cells">): number {
  return cells?.rows ?? rows.numRows;
}

/** The same model over rows in memory, be they some of its own or some that stand for all; in blocks or not. */
export function overRowsInMemory(model: Model, rows: RowBlock): Model {
  return withRecord({ ...model, blocks: undefined, cells: undefined, rows });
}

/** The same model over rows in blocks. */
export function overBlocks(model: Model, store: BlockStore): Model {
  const sample = { ...model.rows, numRows: store.sampleRows };
  // Nothing may read rows at an address where there are none.
  return { ...model, rows: { ...model.rows, address: Number.NaN }, blocks: { store, sample } };
}
