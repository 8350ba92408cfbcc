import { Model as Slot } from "../../kernels/layout.ts";
import type { EngineMemory } from "../engine/memory.ts";
import type { Xoshiro } from "../rng/xoshiro.ts";
import { type FamilyFunctions, type FamilyName, families } from "./family.ts";
import { defaultInterceptPrior, defaultPrior, defaultSigmaRate, type NormalPrior } from "./prior.ts";

/** Rows in the engine's memory, laid out as kernels/layout.ts says. */
export interface RowBlock {
  /** Address of the first row. */
  readonly address: number;
  /** N */
  readonly numRows: number;
  /** D */
  readonly numColumns: number;
  readonly paddedColumns: number;
  /** Floats from one row to the next; the target stands in the last of them. */
  readonly stride: number;
}

/**
 * A likelihood and a prior over rows in memory: θ = (β, τ), with τ = log σ only where the noise scale is learned. For the
 * categorical family β is a vector of D coefficients for each linear predictor, one after the other.
 * The loss of the whole data is Σ_n f(x_nᵀβ, τ; y_n) − log prior(θ).
 */
export interface Model {
  readonly memory: EngineMemory;
  /** Address of the model's record in memory. */
  readonly address: number;
  readonly rows: RowBlock;
  readonly family: FamilyFunctions;
  /** Linear predictors a row: 1, and for the categorical family one for every class that has parameters. */
  readonly outputs: number;
  /** Whether the categorical family's class 0 has η = 0 and no parameters. */
  readonly hasReference: boolean;
  /** M = D outputs, or D + 1 where the noise scale is learned. */
  readonly dimension: number;
  readonly hasAuxiliary: boolean;
  /** τ where it is fixed, 0 where there is none. */
  readonly fixedTau: number;
  /** M; the precision of τ's entry is 0: its prior is exponential on σ. */
  readonly priorPrecision: Float64Array;
  readonly priorMean: Float64Array;
  readonly sigmaRate: number;
}

export const classCodings = ["reference", "symmetric"] as const;
/**
 * How K classes are given parameters: with a reference class (K − 1 predictors, the first class's is 0), or all K alike,
 * which leaves it to the prior how much the same change of all of them is worth.
 */
export type ClassCoding = (typeof classCodings)[number];

export interface ModelOptions {
  readonly family: FamilyName;
  /** Index of the intercept among the columns, −1 where there is none. */
  readonly interceptColumn?: number;
  readonly prior?: NormalPrior;
  readonly interceptPrior?: NormalPrior;
  /** A fixed noise scale on the standardised scale, or "learned". */
  readonly sigma?: number | "learned";
  /** The categorical family's classes, numbered 0 … count − 1 in the target's column. */
  readonly classes?: { readonly count: number; readonly coding: ClassCoding };
}

export function createModel(memory: EngineMemory, rows: RowBlock, options: ModelOptions): Model {
  const family = families[options.family];
  const sigma = family.hasSigma ? (options.sigma ?? "learned") : 1;
  const hasAuxiliary = sigma === "learned";
  const hasReference = options.classes?.coding === "reference";
  const outputs = options.classes ? options.classes.count - Number(hasReference) : 1;
  const dimension = rows.numColumns * outputs + (hasAuxiliary ? 1 : 0);
  const priorPrecision = new Float64Array(dimension);
  const priorMean = new Float64Array(dimension);
  for (let j = 0; j < rows.numColumns * outputs; j++) {
    const isIntercept = j % rows.numColumns === options.interceptColumn;
    const prior = isIntercept ? (options.interceptPrior ?? defaultInterceptPrior) : (options.prior ?? defaultPrior);
    priorPrecision[j] = 1 / prior.sd ** 2;
    priorMean[j] = prior.mean;
  }
  const fixedTau = sigma === "learned" ? 0 : Math.log(sigma);
  const parts = {
    memory,
    rows,
    family,
    outputs,
    hasReference,
    dimension,
    hasAuxiliary,
    fixedTau,
    priorPrecision,
    priorMean,
    sigmaRate: defaultSigmaRate,
  };
  return { ...parts, address: writeRecord(parts) };
}

function writeRecord(model: Omit<Model, "address">): number {
  const { memory, rows } = model;
  const address = memory.allocate(Slot.slots * 8);
  const precision = memory.allocateF64(model.dimension);
  const mean = memory.allocateF64(model.dimension);
  memory.f64(precision, model.dimension).set(model.priorPrecision);
  memory.f64(mean, model.dimension).set(model.priorMean);
  memory.setU32(address, Slot.rows, rows.address);
  memory.setU32(address, Slot.numRows, rows.numRows);
  memory.setU32(address, Slot.numColumns, rows.numColumns);
  memory.setU32(address, Slot.paddedColumns, rows.paddedColumns);
  memory.setU32(address, Slot.stride, rows.stride);
  memory.setU32(address, Slot.family, model.family.kernel);
  memory.setU32(address, Slot.auxiliary, model.hasAuxiliary ? 1 : 0);
  memory.setF64(address, Slot.fixedAuxiliary, model.fixedTau);
  memory.setU32(address, Slot.priorPrecision, precision);
  memory.setU32(address, Slot.priorMean, mean);
  memory.setF64(address, Slot.auxiliaryRate, model.sigmaRate);
  memory.setU32(address, Slot.aliasTable, 0);
  memory.setU32(address, Slot.outputs, model.outputs);
  memory.setU32(address, Slot.hasReference, model.hasReference ? 1 : 0);
  return address;
}

/** The same model, its rows drawn by the alias table at `aliasTable` (0: uniformly). */
export function withAliasTable(model: Model, aliasTable: number): Model {
  const address = writeRecord(model);
  model.memory.setU32(address, Slot.aliasTable, aliasTable);
  return { ...model, address };
}

/** What may be learned of a model beside its parameters. */
export interface Hyperparameters {
  /** M: the prior's precision of each parameter; 0 for τ. */
  readonly priorPrecision?: Float64Array;
  /** The noise scale of a gaussian model in which it is fixed, on the standardised scale. */
  readonly sigma?: number;
}

/**
 * The same model with other hyperparameters: a record of its own in memory, so chains and passes over either see their
 * own.
 * @throws RangeError where σ is given and the model has no fixed noise scale
 */
export function withHyperparameters(model: Model, { priorPrecision, sigma }: Hyperparameters): Model {
  if (sigma !== undefined && (model.hasAuxiliary || !model.family.hasSigma))
    throw new RangeError("Only a gaussian model with a fixed noise scale takes another one.");
  const changed = {
    ...model,
    priorPrecision: Float64Array.from(priorPrecision ?? model.priorPrecision),
    fixedTau: sigma === undefined ? model.fixedTau : Math.log(sigma),
  };
  return { ...changed, address: writeRecord(changed) };
}

/** The same model over other rows with the same columns, such as rows held out for validation. */
export function withRows(model: Model, rows: RowBlock): Model {
  const changed = { ...model, rows };
  return { ...changed, address: writeRecord(changed) };
}

/**
 * The same model over `numRows` rows drawn without replacement, copied side by side; the model itself where it has no
 * more rows than that.
 */
export function subsampleModel(model: Model, numRows: number, random: Pick<Xoshiro, "uniform">): Model {
  const total = model.rows.numRows;
  if (total <= numRows) return model;
  const { stride } = model.rows;
  const address = model.memory.allocate(numRows * stride * 4);
  const source = model.memory.f32(model.rows.address, total * stride);
  const target = model.memory.f32(address, numRows * stride);
  // Selection sampling (Knuth's algorithm S) keeps the rows in order, so the copy reads the memory once, forwards.
  for (let row = 0, taken = 0; taken < numRows; row++) {
    if (random.uniform() * (total - row) >= numRows - taken) continue;
    target.set(source.subarray(row * stride, (row + 1) * stride), taken * stride);
    taken++;
  }
  return withRows(model, { ...model.rows, address, numRows });
}

/** −log prior(θ), up to a constant. */
export function priorLoss(model: Model, position: ArrayLike<number>): number {
  const tau = numCoefficients(model);
  let sum = 0;
  for (let j = 0; j < tau; j++) sum += 0.5 * model.priorPrecision[j] * (position[j] - model.priorMean[j]) ** 2;
  // The exponential prior is on σ; the density of τ = log σ has the Jacobian e^τ.
  if (model.hasAuxiliary) sum += model.sigmaRate * Math.exp(position[tau]) - position[tau];
  return sum;
}

/** Adds ∇(−log prior)(θ) to `gradient`. */
export function addPriorGradientInto(model: Model, position: ArrayLike<number>, gradient: Float64Array): void {
  const tau = numCoefficients(model);
  for (let j = 0; j < tau; j++) gradient[j] += model.priorPrecision[j] * (position[j] - model.priorMean[j]);
  if (model.hasAuxiliary) gradient[tau] += model.sigmaRate * Math.exp(position[tau]) - 1;
}

/** The diagonal of ∇²(−log prior)(θ); the rest of it is zero. */
export function priorCurvature(model: Model, position: ArrayLike<number>): Float64Array {
  const curvature = Float64Array.from(model.priorPrecision);
  const tau = numCoefficients(model);
  if (model.hasAuxiliary) curvature[tau] = model.sigmaRate * Math.exp(position[tau]);
  return curvature;
}

/** How many entries of θ are coefficients; τ, where it is a parameter, follows them. */
function numCoefficients({ rows, outputs }: Model): number {
  return rows.numColumns * outputs;
}
