// Small problems in an engine's memory, for the tests of kernels against their references.

import type { FamilyName } from "../../families/families.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { aliasTableBytes, writeAliasTable } from "../bindings/alias-table.ts";
import { type LikelihoodRecord, type RowBlock, writeModelRecord } from "../bindings/model-record.ts";
import type { GramRequest, ModelInMemory } from "../bindings/pass-record.ts";
import type { ShapedPriorRecord } from "../bindings/shaped-prior-record.ts";
import type { GramKind } from "../bindings/words.ts";
import type { EngineMemory } from "../memory.ts";
import { isCount, writeDenseRows, writeSparseRows } from "./fixture-rows.ts";

export interface FixtureOptions {
  readonly family: FamilyName;
  /** How many auxiliary parameters are parameters, and the index in τ of the first of them; 0 unless told. */
  readonly auxiliary: number;
  readonly firstAuxiliary?: number;
  /** Whether rows have an offset and a weight, and priors of every kind take the place of some of the normal ones. */
  readonly furnished?: boolean;
  /** Whether rows hold their non-zero entries only. */
  readonly sparse?: boolean;
  readonly numColumns: number;
  readonly numRows?: number;
  readonly aliased?: boolean;
  readonly seed?: number;
  /** Linear predictors of the categorical family; 1 unless told. */
  readonly numPredictors?: number;
  readonly hasReference?: boolean;
}

export interface Fixture extends ModelInMemory {
  readonly family: FamilyName;
  readonly rows: RowBlock;
  readonly seed: number;
  readonly center: Float64Array;
  /** A point away from the center. */
  readonly position: Float64Array;
}

/** The models that the kernels are compared over. */
export const kernelModels: readonly [string, Omit<FixtureOptions, "numColumns">][] = [
  ["bernoulli", { family: "bernoulli", auxiliary: 0 }],
  ["bernoulli with offsets, weights and other priors", { family: "bernoulli", auxiliary: 0, furnished: true }],
  ["gaussian with fixed scale", { family: "gaussian", auxiliary: 0 }],
  ["gaussian with learned scale", { family: "gaussian", auxiliary: 1 }],
  ["gaussian with offsets, weights and other priors", { family: "gaussian", auxiliary: 1, furnished: true }],
  ["poisson", { family: "poisson", auxiliary: 0 }],
  ["poisson with offsets, weights and other priors", { family: "poisson", auxiliary: 0, furnished: true }],
  ["negative binomial with fixed dispersion", { family: "negative-binomial", auxiliary: 0 }],
  ["negative binomial", { family: "negative-binomial", auxiliary: 1, furnished: true }],
  ["student-t", { family: "student-t", auxiliary: 2 }],
  ["student-t with fixed degrees", { family: "student-t", auxiliary: 1, furnished: true }],
  ["student-t with fixed scale", { family: "student-t", auxiliary: 1, firstAuxiliary: 1 }],
  ["categorical, 2 classes", { family: "categorical", auxiliary: 0, numPredictors: 1, hasReference: true }],
  ["categorical, 4 classes", { family: "categorical", auxiliary: 0, numPredictors: 3, hasReference: true }],
  [
    "categorical, 4 alike, with weights and other priors",
    { family: "categorical", auxiliary: 0, numPredictors: 4, hasReference: false, furnished: true },
  ],
];

/** Those that differ in how a step reads and adds: what is the same for all families is tried on these. */
export const typicalModels = kernelModels.filter(([name]) =>
  [
    "gaussian with learned scale",
    "poisson with offsets, weights and other priors",
    "student-t",
    "categorical, 4 classes",
  ].includes(name),
);

/** Widths at which a kernel's loops end differently; a few of them for models that read rows as others do. */
export function columnCounts(name: string): readonly number[] {
  const isTypical = name === "bernoulli" || typicalModels.some(([typical]) => typical === name);
  return isTypical ? [1, 3, 7, 8, 9, 31, 40, 130] : [3, 8, 31];
}

/** A problem over rows of fixture-rows.ts, with a prior that pulls to one side. */
export function createFixture(memory: EngineMemory, options: FixtureOptions): Fixture {
  const { family, auxiliary, numColumns, numRows = 203, seed = 1, numPredictors = 1, hasReference = false } = options;
  const { furnished = false } = options;
  const random = createRandom(seed, 0, 9);
  const draw = (length: number, scale: number, shift = 0) =>
    Float64Array.from({ length }, () => shift + scale * random.normal());
  const truth = draw(numColumns, 1 / Math.sqrt(numColumns));
  const numClasses = numPredictors + Number(hasReference);
  const dense = writeDenseRows(memory, { family, numRows, numColumns, numClasses, furnished }, truth, random);
  const rows = options.sparse ? writeSparseRows(memory, dense) : dense;
  const size = isCount(family) || family === "student-t" ? 1 / (1 + Math.sqrt(numColumns)) : 1;
  const dimension = numColumns * numPredictors + auxiliary;
  const center = draw(dimension, 0.3 * size, 0.1 * size);
  const position = center.map((value) => value + size * (0.1 * random.normal() + 0.05));
  const shapedPriors = shapedPriorsOf(numColumns * numPredictors, auxiliary, furnished);
  const address = writeModelRecord(memory, {
    rows: furnished ? { ...rows, wholeRows: 3 * numRows } : rows,
    family,
    likelihood: likelihoodOf(options),
    priorPrecision: Float64Array.from({ length: dimension }, (_, j) =>
      shapedPriors.some(({ index }) => index === j) ? 0 : 2 + (j % 4),
    ),
    priorMean: draw(dimension, 1, 0.5),
    shapedPriors,
    aliasTable: options.aliased ? unequalRows(memory, numRows) : undefined,
  });
  return { memory, address, dimension, numPredictors, family, rows, seed, center, position };
}

function likelihoodOf(options: FixtureOptions): LikelihoodRecord {
  const { family, numPredictors = 1, hasReference = false, auxiliary, firstAuxiliary = 0 } = options;
  if (family === "categorical") return { kind: "classes", numPredictors, hasReference };
  const fixedTau = [family === "bernoulli" ? 0 : -0.2, family === "student-t" ? 1.2 : 0] as const;
  return { kind: "one predictor", numAuxiliaries: auxiliary, firstAuxiliary, fixedTau };
}

function unequalRows(memory: EngineMemory, numRows: number): number {
  const table = memory.allocate(aliasTableBytes(numRows));
  const values = Float32Array.from({ length: numRows }, (_, n) => 1 + (n % 7) ** 2);
  writeAliasTable(memory, table, values, 0.1);
  return table;
}

/** Auxiliary parameters have priors of positive numbers; of a furnished fixture some coefficients have heavy-tailed ones. */
function shapedPriorsOf(numCoefficients: number, auxiliary: number, furnished: boolean): ShapedPriorRecord[] {
  const reference = { slope: 0.4, curvature: 1.3 };
  const ofCoefficients = furnished
    ? Array.from({ length: Math.ceil(numCoefficients / 3) }, (_, k) => {
        const kind = k % 2 === 0 ? ("student-t" as const) : ("laplace" as const);
        return { index: 3 * k, kind, a: 3, b: 0.1, c: 0.7, reference };
      })
    : [];
  const kinds = furnished ? (["half-student-t", "half-normal"] as const) : (["gamma", "gamma"] as const);
  const ofAuxiliaries = kinds.slice(0, auxiliary).map((kind, k) => {
    return { index: numCoefficients + k, kind, a: 2 + k, b: 1.7, c: 0.9, reference };
  });
  return [...ofCoefficients, ...ofAuxiliaries];
}

/** A pass's Gram matrix of a kind, with all that it takes: around the fixture's center, or of some numbers for the rows. */
export function gramRequest(fixture: Fixture, gram: GramKind, isDiagonal = false): GramRequest {
  if (gram === "none") return { gram };
  if (gram === "squared-residual") return { gram, center: fixture.center, isDiagonal };
  if (gram !== "given") return { gram, isDiagonal };
  const length = fixture.rows.numRows * pairsOf(fixture);
  return { gram, rowValues: fixture.memory.putF32(Array.from({ length }, (_, n) => 0.1 + (n % 5))), isDiagonal };
}

/** Entries of the lower triangle of a matrix with a row for each linear predictor. */
export function pairsOf({ numPredictors }: Pick<Fixture, "numPredictors">): number {
  return (numPredictors * (numPredictors + 1)) / 2;
}

export const gramKinds: readonly GramKind[] = ["none", "curvature", "squared-gradient", "squared-residual", "given"];

/** Largest |actual − expected| over the largest |expected|, or over `floor` where that is more. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>, floor = 0): number {
  let scale = floor;
  let error = 0;
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]));
    const difference = Math.abs(actual[i] - expected[i]);
    if (!(difference <= error)) error = difference;
  }
  return scale > 0 ? error / scale : error;
}
