import { buildDesign, type DesignRecipe } from "../design/design.ts";
import { type EncodedRows, RowEncoder } from "../design/recipe/encode-rows.ts";
import { InputError } from "../errors.ts";
import { type FamilyName, families } from "../families/families.ts";
import type { EventOption } from "../formula/event.ts";
import { parseFormula } from "../formula/formula.ts";
import { defaultInterceptPrior, defaultPrior, type PriorLike, readPrior } from "../priors/prior.ts";
import { type ColumnData, tableFromColumns, tableFromRows } from "../table/table.ts";
import type { OnePassPrior, OnePassRow, ScalarLoss } from "../theory/one-pass.ts";

/** A row of a stream: a value for each column. */
export type StreamRecord = Readonly<Record<string, unknown>>;

/** What is fixed by the first rows: how a row becomes numbers, and what is known before any. Plain JSON. */
export interface StreamModel {
  readonly recipe: DesignRecipe;
  /** Mean and scale of each column, by which it is standardised; 0 and 1 of the intercept, which is the last. */
  readonly means: readonly number[];
  readonly scales: readonly number[];
  /** Of the coefficients, on the standardised scale. */
  readonly prior: { readonly mean: readonly number[]; readonly precision: readonly number[] };
}

export interface StreamModelOptions {
  readonly formula: string;
  readonly family?: FamilyName;
  readonly event?: EventOption;
  readonly prior?: PriorLike;
  readonly interceptPrior?: PriorLike;
}

/** The curvature of a row does not depend on its target, and no other parameter has to be learned but a variance. */
const streamFamilies: readonly FamilyName[] = ["gaussian", "bernoulli", "poisson"];
/** A row costs D² operations. */
const mostColumns = 1000;

/**
 * @param records The first rows, which show every level and the scale of every column
 * @throws InputError where they do not fit the formula, or the model is none for a stream
 */
export async function streamModel(records: readonly StreamRecord[], options: StreamModelOptions): Promise<StreamModel> {
  const formula = parseFormula(options.formula);
  const { family, event } = options;
  const design = await buildDesign(tableFromRows(records), formula, { family, event, storage: "dense" });
  if (design.groups) throw new InputError("A stream has no group terms such as (1 | g): use ornstein fit for them.");
  if (!streamFamilies.includes(design.family))
    throw new InputError(
      `A stream is of the families ${streamFamilies.join(", ")}, and this target is ${design.family}: give another --family, or use ornstein fit.`,
    );
  if (design.leftOut.length > 0)
    throw new InputError(
      `Over the first ${records.length} rows "${design.leftOut[0]}" is constant, so that nothing would be learned of it: give a larger --first.`,
    );
  const { columns, recipe } = design;
  if (columns.length > mostColumns)
    throw new InputError(`A stream has at most ${mostColumns} columns, and these rows have ${columns.length}.`);
  const ofAll = normal(options.prior ?? defaultPrior, "--prior");
  const ofIntercept = normal(options.interceptPrior ?? defaultInterceptPrior, "--intercept-prior");
  const priors = columns.map(({ isIntercept }) => (isIntercept ? ofIntercept : ofAll));
  return {
    recipe,
    means: columns.map(({ mean }) => mean),
    scales: columns.map(({ scale }) => scale),
    prior: { mean: priors.map(({ mean }) => mean), precision: priors.map(({ sd }) => 1 / sd ** 2) },
  };
}

function normal(given: PriorLike, option: string): { readonly mean: number; readonly sd: number } {
  const prior = readPrior(given, option);
  if (prior.kind !== "normal")
    throw new InputError(`${option} of a stream is a normal law, such as normal(0, 2.5): what a pass leaves is one.`);
  return prior as { kind: "normal"; mean: number; sd: number };
}

/** The prior in units of a row's variance, which of gaussian rows is σ². */
export function priorOf({ prior: { mean, precision } }: StreamModel, variance = 1): OnePassPrior {
  return { mean, precision: precision.map((value) => value * variance) };
}

/** Why a row cannot be taken in. */
export interface Unusable {
  readonly reason: string;
}

export const isUnusable = (row: OnePassRow | Unusable): row is Unusable => "reason" in row;

/** The rows as what a pass takes in, standardised, or why they cannot be; in the order of the records. */
export async function rowsOf(model: StreamModel, records: readonly StreamRecord[]): Promise<(OnePassRow | Unusable)[]> {
  try {
    return await encoded(model, records);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    if (records.length === 1) return [{ reason: reasonOf(error) }];
    // One row is at fault; which, nobody says, and the others are good.
    const middle = records.length >> 1;
    return [...(await rowsOf(model, records.slice(0, middle))), ...(await rowsOf(model, records.slice(middle)))];
  }
}

/** What a sentence says is wrong with a row, without its number, and without what to do in other commands. */
function reasonOf({ message }: InputError): string {
  return `${message
    .replace(/ in (data )?row [\d,]*\d/, "")
    .split(";")[0]
    .replace(/\.$/, "")}.`;
}

async function encoded(model: StreamModel, records: readonly StreamRecord[]): Promise<(OnePassRow | Unusable)[]> {
  const inputs = model.recipe.inputs.map(({ name }) => [name, records.map((record) => record[name])] as const);
  const encoder = new RowEncoder(
    model.recipe,
    tableFromColumns(Object.fromEntries(inputs) as Record<string, ColumnData>),
  );
  const rows: (OnePassRow | Unusable)[] = records.map((record) => ({ reason: missingIn(model, record) }));
  let before = 0;
  for await (const chunk of encoder.encode()) {
    for (let i = 0; i < chunk.indices.length; i++) rows[before + chunk.indices[i]] = rowOf(model, chunk, i);
    before += chunk.numRows;
  }
  if (encoder.newCombinations > 0)
    throw new InputError(
      "Levels that did not occur together in the first rows have no coefficient for their interaction.",
    );
  return rows;
}

function missingIn({ recipe: { inputs } }: StreamModel, record: StreamRecord): string {
  const isMissing = (value: unknown) => value === null || value === undefined || Number.isNaN(value);
  const name = inputs.find((input) => isMissing(record[input.name]))?.name;
  return name === undefined
    ? "A value that the formula needs cannot be computed."
    : `The value of "${name}" is missing.`;
}

function rowOf({ recipe, means, scales }: StreamModel, rows: EncodedRows, i: number): OnePassRow | Unusable {
  const { target, hasIntercept, family } = recipe;
  const y = rows.target?.[i] ?? Number.NaN;
  if (Number.isNaN(y)) return { reason: `The target ${target.name} is missing, or no value that the model has.` };
  const size = means.length;
  const x = new Float64Array(size);
  for (const { starts, columns, values } of rows.blocks) {
    const end = starts ? starts[i + 1] : i + 1;
    for (let entry = starts ? starts[i] : i; entry < end; entry++)
      if (columns[entry] >= 0) x[columns[entry]] += values ? values[entry] : 1;
  }
  if (hasIntercept) x[size - 1] = 1;
  for (let j = 0; j < size; j++) x[j] = (x[j] - means[j]) / scales[j];
  return { x, offset: (rows.offset?.[i] ?? 0) / target.scale, loss: lossOf(family, (y - target.mean) / target.scale) };
}

const none = new Float64Array(2);
const slopes = new Float64Array(3);
const curvatures = new Float64Array(6);

/** Of gaussian rows in units of σ². */
function lossOf(family: FamilyName, y: number): ScalarLoss {
  if (family === "gaussian") return { value: (eta) => (y - eta) ** 2 / 2, slope: (eta) => eta - y, curvature: () => 1 };
  const row = families[family].row!;
  return {
    value: (eta) => row.loss(eta, none, y),
    slope(eta) {
      row.slopesInto(slopes, eta, none, y);
      return slopes[0];
    },
    curvature(eta) {
      row.curvaturesInto(curvatures, eta, none, y);
      return curvatures[0];
    },
  };
}
