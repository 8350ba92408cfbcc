import type { EngineMemory } from "../engine/memory.ts";
import { InputError } from "../errors.ts";
import type { Family } from "../families/family.ts";
import { requireArray, requireFunction, requireNumbers, requireObject, requireText, shown } from "../kinds.ts";
import type { NormalPrior } from "../priors/normal.ts";
import { withRecord } from "./create-model.ts";
import { type CustomFunctions, ZeroDensityError } from "./custom-functions.ts";
import type { Model } from "./model.ts";

/** What a custom model's function returns. */
interface MeanLossAndGradient {
  readonly loss: number;
  /** M */
  readonly gradient: ArrayLike<number>;
}

/** What a custom model consists of: its sizes, its loss, and optionally its prior and derivatives. */
export interface CustomModelOptions {
  /** M, the number of parameters. */
  readonly dimension: number;
  /** N, the number of rows of data. */
  readonly numRows: number;
  /**
   * The mean over the given rows of −log p(y_n | θ), and its gradient: without the prior, and not the sum. Rows may occur
   * more than once. It may be asynchronous; it is never called again before it has finished. A loss of Infinity means
   * that the density at θ is 0, because a parameter is out of bounds; the gradient is then ignored.
   */
  lossAndGradient(position: Float64Array, rows: Uint32Array): MeanLossAndGradient | Promise<MeanLossAndGradient>;
  /** Normal, one for all parameters or one for each; flat by default. */
  readonly prior?: NormalPrior | readonly NormalPrior[];
  /** M names; theta[1], theta[2], … by default. */
  readonly names?: readonly string[];
  /** M numbers: where the search for the mode begins; 0 by default. */
  readonly start?: ArrayLike<number>;
  /**
   * The Hessian of the mean over all rows, M×M row by row; by default central differences of 2M gradients over all
   * rows.
   */
  hessian?(position: Float64Array): ArrayLike<number> | Promise<ArrayLike<number>>;
  /** The gradients of single rows, rows × M, row by row; by default one call of `lossAndGradient` for each. */
  rowGradients?(position: Float64Array, rows: Uint32Array): ArrayLike<number> | Promise<ArrayLike<number>>;
}

/** A model that is given as a function of θ and of rows. */
export interface CustomModel extends CustomModelOptions {
  readonly names: readonly string[];
  /** M priors; flat ones have an infinite sd. */
  readonly priors: readonly NormalPrior[];
  readonly start: Float64Array;
}

/**
 * Your own model: any function that returns the loss of a minibatch and its gradient. `sampleModel` draws from its posterior.
 * @throws InputError if an option cannot be used
 */
export function customModel(options: CustomModelOptions): CustomModel {
  requireObject(options, "The custom model", "{ dimension, numRows, lossAndGradient }");
  const { dimension, numRows, prior, names, start } = options;
  requireCount("dimension", dimension);
  requireCount("numRows", numRows);
  requireFunctions(options);
  requireLength("names", names, dimension);
  if (names !== undefined)
    for (const name of names) requireText(name, "A name of the custom model's parameters", "a text for each");
  requireLength("start", start, dimension);
  if (start !== undefined) requireNumbers(start, "The option start of a custom model", "numbers");
  if (Array.isArray(prior)) requireLength("prior", prior, dimension);
  else if (prior !== undefined)
    requireObject(prior, "The prior of a custom model", "{ mean, sd }, or one for each parameter");
  const priors = Array.isArray(prior)
    ? (prior as readonly NormalPrior[])
    : Array<NormalPrior>(dimension).fill((prior as NormalPrior | undefined) ?? flat);
  const wrong = priors.findIndex((one) => !(Number.isFinite(one?.mean) && typeof one.sd === "number" && one.sd > 0));
  if (wrong >= 0)
    throw new InputError(
      `The prior of parameter ${wrong + 1} cannot be used: it takes a finite mean and an sd above 0.`,
    );
  return {
    ...options,
    names: names ?? Array.from({ length: dimension }, (_, j) => `theta[${j + 1}]`),
    priors,
    start: Float64Array.from(start ?? new Float64Array(dimension)),
  };
}

const flat: NormalPrior = { mean: 0, sd: Number.POSITIVE_INFINITY };

function requireCount(name: string, value: number): void {
  if (!(Number.isInteger(value) && value >= 1))
    throw new InputError(
      `The option ${name} of a custom model cannot be ${shown(value)}: it takes a whole number of at least 1.`,
    );
}

function requireFunctions({ lossAndGradient, hessian, rowGradients }: CustomModelOptions): void {
  requireFunction(lossAndGradient, "The option lossAndGradient of a custom model", "a function of position and rows");
  for (const [name, optional] of Object.entries({ hessian, rowGradients }))
    if (optional !== undefined) requireFunction(optional, `The option ${name} of a custom model`, "a function");
}

function requireLength(name: string, values: unknown, dimension: number): void {
  if (values === undefined) return;
  requireArray(values, `The option ${name} of a custom model`, "an array with an entry for each parameter");
  if (values.length !== dimension)
    throw new InputError(
      `The option ${name} of a custom model has ${values.length} entries, and the dimension is ${dimension}.`,
    );
}

const customFamily: Family = {
  name: "custom",
  target: "numbers",
  auxiliaries: [],
  slopesInto: unknownRow,
  auxiliarySlope: unknownRow,
  sandwichCurvatureInto: unknownRow,
  predictive: { meanInto: unknownRow, draw: unknownRow, logDensity: unknownRow, deviance: unknownRow },
};

function unknownRow(): never {
  throw new TypeError("The rows of a custom model are known to its own functions only.");
}

/** Above so many parameters the theory's matrix algebra takes minutes on the calling thread. */
export const maxDenseParameters = 500;

/** The model as samplers take it: a record in memory without rows, and the functions. */
export function modelOf(memory: EngineMemory, given: CustomModel): Model {
  const { dimension, numRows, priors } = given;
  return withRecord({
    memory,
    rows: {
      address: 0,
      numRows,
      numColumns: dimension,
      paddedColumns: dimension,
      stride: 0,
      hasOffset: false,
      hasWeights: false,
    },
    family: customFamily,
    numPredictors: 1,
    hasReference: false,
    dimension,
    auxiliaries: [],
    fixedTau: [0, 0],
    priorPrecision: Float64Array.from(priors, ({ sd }) => 1 / sd ** 2),
    priorMean: Float64Array.from(priors, ({ mean }) => mean),
    shapedPriors: [],
    maxDenseParameters,
    custom: checkedFunctions(given),
  });
}

function checkedFunctions(given: CustomModel): CustomFunctions {
  const { dimension } = given;
  const checked = (values: ArrayLike<number>, length: number, what: string): Float64Array => {
    if (values?.length !== length)
      throw new InputError(
        `The custom model returned ${what} of ${values?.length} entries where ${length} are needed.`,
      );
    const copy = Float64Array.from(values);
    if (!copy.every(Number.isFinite)) throw new InputError(`The custom model returned ${what} that is not finite.`);
    return copy;
  };
  const lossAndGradient = async (position: Float64Array, rows: Uint32Array) => {
    const returned = await given.lossAndGradient(position, rows);
    requireObject(returned, "What lossAndGradient of the custom model returned", "{ loss, gradient }");
    const { loss, gradient } = returned;
    if (loss === Number.POSITIVE_INFINITY) throw new ZeroDensityError();
    if (!Number.isFinite(loss))
      throw new InputError(
        `The custom model returned a loss of ${shown(loss)}, which is neither a finite number nor Infinity, for a density of 0.`,
      );
    return { loss, gradient: checked(gradient, dimension, "a gradient") };
  };
  return {
    lossAndGradient,
    async rowGradients(position, rows) {
      const all = new Float64Array(rows.length * dimension);
      if (given.rowGradients) return checked(await given.rowGradients(position, rows), all.length, "gradients of rows");
      for (let k = 0; k < rows.length; k++)
        all.set((await lossAndGradient(position, rows.subarray(k, k + 1))).gradient, k * dimension);
      return all;
    },
    hessian:
      given.hessian && (async (position) => checked(await given.hessian!(position), dimension ** 2, "a Hessian")),
  };
}
