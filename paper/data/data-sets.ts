import { existsSync } from "node:fs";
import { join } from "node:path";
import { designFromArrays } from "../../src/design/design.ts";
import { openTable } from "../../src/duckdb/source.ts";
import { InputError } from "../../src/errors.ts";
import { estimate } from "../../src/estimation/estimate.ts";
import type { DenseApproximation } from "../../src/estimation/local-approximation.ts";
import type { FamilyName } from "../../src/families/families.ts";
import { createModel } from "../../src/models/create-model.ts";
import { rowBlockOf } from "../../src/models/model.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import type { PartContext } from "../part.ts";

/** N rows of D features and a target; no intercept is added anywhere, as in the paper. */
export interface DataSet {
  readonly name: string;
  readonly family: FamilyName;
  /** S of the paper's experiments. */
  readonly batchSize: number;
  readonly names: readonly string[];
  /** N × D, row-major. */
  readonly x: Float64Array;
  /** N */
  readonly y: Float64Array;
}

/**
 * How the columns are preprocessed. The paper says only that features were "rescaled to unit length".
 * standardised: features and a numeric target centred and divided by their population sd; maximum: features divided by
 * their largest absolute value, not centred, the target as it is.
 */
export const preprocessings = ["standardised", "maximum"] as const;
export type Preprocessing = (typeof preprocessings)[number];

interface Source {
  readonly file: string;
  readonly family: FamilyName;
  readonly batchSize: number;
  /** Name of the target, by the names of all columns. */
  target(columns: readonly string[]): string;
  /** The number of a target value: a binary target's class is 1 if this returns 1. */
  code(value: number): number;
}

export const realDataSets = ["wine", "skin", "protein"] as const;
export type RealDataSet = (typeof realDataSets)[number];

/** The paper's data sets (section 7.1); wine is the white wine, which has the paper's number of rows. */
const sources: Readonly<Record<RealDataSet, Source>> = {
  wine: {
    file: "wine/winequality-white.csv",
    family: "gaussian",
    batchSize: 100,
    target: () => "quality",
    code: (value) => value,
  },
  skin: {
    file: "skin/Skin_NonSkin.txt",
    family: "bernoulli",
    batchSize: 10_000,
    target: (columns) => columns[columns.length - 1],
    code: (value) => (value === 1 ? 1 : 0),
  },
  protein: {
    file: "casp/CASP.csv",
    family: "gaussian",
    batchSize: 100,
    target: () => "RMSD",
    code: (value) => value,
  },
};

/**
 * Reads one of the paper's data sets.
 * @throws InputError where its file is absent, with the name of the part that needs it
 */
export async function readDataSet(
  name: RealDataSet,
  part: string,
  { dataFolder, workspace }: PartContext,
): Promise<DataSet> {
  const { file, family, batchSize, target, code } = sources[name];
  const path = join(dataFolder, file);
  if (!existsSync(path)) {
    throw new InputError(
      `${part} needs "${path}", which is absent: put the file there, or leave the part out by --only.`,
    );
  }
  const table = await openTable({ path, signal: workspace.signal });
  try {
    const all = table.columns.map((column) => column.name);
    const targetName = target(all);
    const names = all.filter((column) => column !== targetName);
    const x: number[] = [];
    const y: number[] = [];
    for await (const chunk of table.chunks(all)) {
      const columns = names.map((column) => numbersOf(chunk.columns.get(column), column, path));
      const targets = numbersOf(chunk.columns.get(targetName), targetName, path);
      for (let n = 0; n < chunk.numRows; n++) {
        for (const column of columns) x.push(column[n]);
        y.push(code(targets[n]));
      }
    }
    // Tables of the same shape with few rows keep the ratio of S to N within the theory's reach.
    const size = Math.max(1, Math.min(batchSize, Math.floor(y.length / 20)));
    return { name, family, batchSize: size, names, x: Float64Array.from(x), y: Float64Array.from(y) };
  } finally {
    await table.close?.();
  }
}

function numbersOf(column: { kind: string } | undefined, name: string, path: string): Float64Array {
  if (column?.kind !== "number") throw new InputError(`Column "${name}" of "${path}" does not hold numbers.`);
  return (column as unknown as { values: Float64Array }).values;
}

/** A linear or logistic model with unit normal features, θ from the prior N(0, I), noise scale 1 (section 7.2). */
export function syntheticDataSet(family: FamilyName, numRows: number, dimension: number, seed: number): DataSet {
  const random = createRandom(seed, 0, 7);
  const theta = Float64Array.from({ length: dimension }, () => random.normal());
  const x = new Float64Array(numRows * dimension);
  const y = new Float64Array(numRows);
  for (let n = 0; n < numRows; n++) {
    let eta = 0;
    for (let j = 0; j < dimension; j++) {
      x[n * dimension + j] = random.normal();
      eta += x[n * dimension + j] * theta[j];
    }
    y[n] = family === "gaussian" ? eta + random.normal() : Number(random.uniform() < 1 / (1 + Math.exp(-eta)));
  }
  const names = Array.from(theta, (_, j) => `x${j + 1}`);
  return { name: "synthetic", family, batchSize: 1, names, x, y };
}

/** Features over their largest absolute value. */
function overMaximum({ x, names }: DataSet): Float64Array {
  const dimension = names.length;
  const largest = new Float64Array(dimension);
  for (let k = 0; k < x.length; k++) largest[k % dimension] = Math.max(largest[k % dimension], Math.abs(x[k]));
  return x.map((value, k) => value / largest[k % dimension]);
}

/**
 * Row-major numbers with the means of their `width` columns subtracted, because a design without an intercept is not
 * centred.
 */
function centred(values: Float64Array, width: number): Float64Array {
  const means = new Float64Array(width);
  for (let k = 0; k < values.length; k++) means[k % width] += (values[k] * width) / values.length;
  return values.map((value, k) => value - means[k % width]);
}

/**
 * The data set's model in the engine's memory, with its mode, curvature and noise: prior precision 1, sigma 1.
 * @param preprocessing "none" leaves the columns as they are
 */
export async function problemOf(
  data: DataSet,
  preprocessing: Preprocessing | "none",
  { engine, workspace, seed }: PartContext,
): Promise<DenseApproximation> {
  let address = 0;
  const memory = {
    allocateRows(numRows: number, stride: number) {
      address = engine.memory.allocate(numRows * stride * 4, 64);
      return engine.memory.f32(address, numRows * stride);
    },
  };
  const { names, family } = data;
  const isStandardised = preprocessing === "standardised";
  const x = preprocessing === "maximum" ? overMaximum(data) : isStandardised ? centred(data.x, names.length) : data.x;
  const y = isStandardised && family === "gaussian" ? centred(data.y, 1) : data.y;
  const standardize = isStandardised ? "auto" : "none";
  const design = await designFromArrays({ x, y, names, intercept: false }, { family, standardize, memory });
  const { columns } = design;
  const rows = rowBlockOf(design, address);
  const model = createModel(engine.memory, rows, {
    family,
    priors: columns.map(() => ({ kind: "normal", mean: 0, sd: 1 })),
    auxiliaries: { sigma: 1 },
  });
  return estimate(workspace, model, seed);
}
