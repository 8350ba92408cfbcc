import { type LikelihoodRecord, type RowBlock, writeModelRecord } from "../engine/bindings/model-record.ts";
import { shapedPriorRecord } from "../engine/bindings/shaped-prior-record.ts";
import { writeSparseStarts } from "../engine/bindings/sparse-row.ts";
import type { BlockStore } from "../engine/block-store.ts";
import type { EngineMemory } from "../engine/memory.ts";
import type { Auxiliary, AuxiliaryName } from "../families/auxiliaries.ts";
import { type FamilyName, families } from "../families/families.ts";
import type { Prior, ScalePrior } from "../priors/densities.ts";
import { defaultPrior } from "../priors/prior.ts";
import type { ShapedPrior } from "../priors/shaped-prior.ts";
import type { Model, ModelGroups } from "./model.ts";

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

/** The same model over other rows with the same columns, such as rows held out for validation. */
export function withRows(model: Model, rows: RowBlock): Model {
  return withRecord({ ...model, cells: undefined, rows });
}

/**
 * The same model over rows in memory, be they some of its own or some that stand for all; in blocks or not.
 * @param groups those of the rows, where these are entries of groups
 */
export function overRowsInMemory(model: Model, rows: RowBlock, groups: ModelGroups | undefined = model.groups): Model {
  return withRecord({ ...model, blocks: undefined, cells: undefined, rows, ...(groups && { groups }) });
}

/** Rows that stand side by side in memory. */
export interface PlacedRows extends Partial<Pick<RowBlock, "hasWeights" | "wholeRows">> {
  /** Of the first row. */
  readonly address: number;
  readonly numRows: number;
  /** Floats from one row to the next; of sparse rows the words of a record's place. As those of the model where left out. */
  readonly stride?: number;
}

/** The same model over rows in memory that stand side by side; of sparse ones a table of their addresses is allocated. */
export function overPlacedRows(model: Model, { address, numRows, ...placed }: PlacedRows): Model {
  const rows = { ...model.rows, ...placed, numRows };
  if (!rows.sparse) return overRowsInMemory(model, { ...rows, address });
  const table = model.memory.allocate(4 * numRows);
  writeSparseStarts(model.memory.u32(table, numRows), address, rows.stride);
  return overRowsInMemory(model, { ...rows, address: table });
}

/** The same model over rows in blocks. */
export function overBlocks(model: Model, store: BlockStore): Model {
  const sample = { ...model.rows, numRows: store.sampleRows };
  // Nothing may read rows at an address where there are none.
  return { ...model, rows: { ...model.rows, address: Number.NaN }, blocks: { store, sample } };
}
