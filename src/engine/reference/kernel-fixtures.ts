// Small problems in an engine's memory, for the tests of kernels against their references.
import {
  Chain,
  Family,
  type Gradient,
  MatrixKind,
  Model,
  type NoiseEstimate,
  PriorKind,
  ShapedPrior,
  SparseRow,
} from "../../../kernels/layout.ts";
import { writeAliasTable } from "../../rng/alias-table.ts";
import { createRandom, seedStream } from "../../rng/xoshiro.ts";
import { chainScratchBytes } from "../bindings/scratch.ts";
import type { EngineMemory } from "../memory.ts";

export interface FixtureOptions {
  readonly family: Family;
  /** How many auxiliary parameters are parameters, and the place in τ of the first of them; 0 unless told. */
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
  readonly outputs?: number;
  readonly hasReference?: boolean;
}

export interface Fixture extends Required<FixtureOptions> {
  readonly memory: EngineMemory;
  /** Address of the Model record. */
  readonly model: number;
  /** M */
  readonly dimension: number;
  readonly paddedColumns: number;
  readonly center: Float64Array;
  /** A point away from the center. */
  readonly position: Float64Array;
}

/** The models that the kernels are compared over. */
export const kernelModels: readonly [string, Omit<FixtureOptions, "numColumns">][] = [
  ["bernoulli", { family: Family.bernoulli, auxiliary: 0 }],
  ["bernoulli with offsets, weights and other priors", { family: Family.bernoulli, auxiliary: 0, furnished: true }],
  ["gaussian with fixed scale", { family: Family.gaussian, auxiliary: 0 }],
  ["gaussian with learned scale", { family: Family.gaussian, auxiliary: 1 }],
  ["gaussian with offsets, weights and other priors", { family: Family.gaussian, auxiliary: 1, furnished: true }],
  ["poisson", { family: Family.poisson, auxiliary: 0 }],
  ["poisson with offsets, weights and other priors", { family: Family.poisson, auxiliary: 0, furnished: true }],
  ["negative binomial with fixed dispersion", { family: Family.negativeBinomial, auxiliary: 0 }],
  ["negative binomial", { family: Family.negativeBinomial, auxiliary: 1, furnished: true }],
  ["student-t", { family: Family.studentT, auxiliary: 2 }],
  ["student-t with fixed degrees", { family: Family.studentT, auxiliary: 1, furnished: true }],
  ["student-t with fixed scale", { family: Family.studentT, auxiliary: 1, firstAuxiliary: 1 }],
  ["categorical, 2 classes", { family: Family.categorical, auxiliary: 0, outputs: 1, hasReference: true }],
  ["categorical, 4 classes", { family: Family.categorical, auxiliary: 0, outputs: 3, hasReference: true }],
  [
    "categorical, 4 alike, with weights and other priors",
    { family: Family.categorical, auxiliary: 0, outputs: 4, hasReference: false, furnished: true },
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

/** A problem with skewed targets, unequal columns and a prior that pulls to one side, so that sign errors show. */
export function createFixture(memory: EngineMemory, options: FixtureOptions): Fixture {
  const { family, auxiliary, numColumns, numRows = 203, aliased = false, seed = 1 } = options;
  const { outputs = 1, hasReference = false, firstAuxiliary = 0, furnished = false, sparse = false } = options;
  const random = createRandom(seed, 0, 9);
  const dimension = numColumns * outputs + auxiliary;
  const paddedColumns = Math.ceil((numColumns + (sparse ? 1 : 0)) / 8) * 8;
  const stride = Math.ceil((numColumns + (furnished ? 3 : 1)) / 8) * 8;
  const vector = (values: ArrayLike<number>) => {
    const address = memory.allocateF64(values.length);
    memory.f64(address, values.length).set(values);
    return address;
  };
  const draw = (length: number, scale: number, shift = 0) =>
    Float64Array.from({ length }, () => shift + scale * random.normal());
  const rowsAddress = memory.allocateZeroed(numRows * stride * 4);
  const rows = memory.f32(rowsAddress, numRows * stride);
  // Exponentials of a linear predictor, and its rounding in f32, want it to be of moderate size.
  const isCount = family === Family.poisson || family === Family.negativeBinomial;
  const size = isCount || family === Family.studentT ? 1 / (1 + Math.sqrt(numColumns)) : 1;
  const truth = draw(numColumns, 1 / Math.sqrt(numColumns));
  for (let n = 0; n < numRows; n++) {
    let eta = 0.3;
    for (let j = 0; j < numColumns; j++) {
      const value = random.normal() * (0.5 + (j % 3)) + 0.4;
      rows[n * stride + j] = value;
      eta += value * truth[j];
    }
    const skewed = eta - Math.log(random.uniform());
    const positive = random.uniform() < 1 / (1 + Math.exp(2 - eta));
    const count = Math.floor(Math.exp(0.3 + 0.3 * Math.min(skewed, 4)) * (n % 40 === 0 ? 20 : 1));
    const isNumber = family === Family.gaussian || family === Family.studentT;
    rows[n * stride + stride - 1] = isNumber ? skewed : isCount ? count : positive ? 1 : 0;
    if (furnished) {
      rows[n * stride + stride - 2] = 0.3 * random.normal() + 0.2;
      rows[n * stride + stride - 3] = 0.5 + random.uniform() + (n % 9 === 0 ? 2 : 0);
    }
    // The first class is the rarest.
    if (family === Family.categorical)
      rows[n * stride + stride - 1] = Math.floor((outputs + Number(hasReference)) * Math.sqrt(random.uniform()));
  }
  const starts = sparse ? writeSparseRows(memory, rowsAddress, { numRows, numColumns, stride, furnished }) : undefined;
  const center = draw(dimension, 0.3 * size, 0.1 * size);
  const position = center.map((value) => value + size * (0.1 * random.normal() + 0.05));
  const shaped = shapedPriors(numColumns * outputs, auxiliary, furnished);
  const precision = Float64Array.from({ length: dimension }, (_, j) =>
    shaped.some(({ index }) => index === j) ? 0 : 2 + (j % 4),
  );
  const model = memory.allocateZeroed(Model.slots * 8);
  memory.setU32(model, Model.outputs, outputs);
  memory.setU32(model, Model.hasReference, hasReference ? 1 : 0);
  memory.setU32(model, Model.rows, rowsAddress);
  memory.setU32(model, Model.numRows, numRows);
  memory.setU32(model, Model.numColumns, numColumns);
  memory.setU32(model, Model.paddedColumns, paddedColumns);
  memory.setU32(model, Model.stride, sparse ? 11 : stride);
  memory.setU32(model, Model.rowStarts, starts?.address ?? 0);
  memory.setU32(model, Model.shift, starts?.shift ?? 0);
  memory.setU32(model, Model.family, family);
  memory.setU32(model, Model.auxiliary, auxiliary);
  memory.setU32(model, Model.firstAuxiliary, firstAuxiliary);
  memory.setF64(model, Model.fixedAuxiliary, family === Family.bernoulli ? 0 : -0.2);
  memory.setF64(model, Model.secondFixedAuxiliary, family === Family.studentT ? 1.2 : 0);
  memory.setU32(model, Model.hasOffset, furnished ? 1 : 0);
  memory.setU32(model, Model.hasWeights, furnished ? 1 : 0);
  memory.setU32(model, Model.priorPrecision, vector(precision));
  memory.setU32(model, Model.priorMean, vector(draw(dimension, 1, 0.5)));
  const priors = memory.allocateZeroed(Math.max(1, shaped.length) * ShapedPrior.slots * 8);
  shaped.forEach(({ index, kind, parameters }, k) => {
    const at = priors + 8 * k * ShapedPrior.slots;
    memory.setU32(at, ShapedPrior.index, index);
    memory.setU32(at, ShapedPrior.kind, kind);
    [...parameters, 0.4, 1.3].forEach((value, slot) => {
      memory.setF64(at, ShapedPrior.a + slot, value);
    });
  });
  memory.setU32(model, Model.shapedPriors, priors);
  memory.setU32(model, Model.numShapedPriors, shaped.length);
  if (aliased) {
    const table = memory.allocate(numRows * 16);
    writeAliasTable(
      memory,
      table,
      Float32Array.from({ length: numRows }, (_, n) => 1 + (n % 7) ** 2),
      0.1,
    );
    memory.setU32(model, Model.aliasTable, table);
  }
  return {
    ...{ memory, model, dimension, paddedColumns, center, position },
    ...{
      family,
      auxiliary,
      numColumns,
      numRows,
      aliased,
      seed,
      outputs,
      hasReference,
      firstAuxiliary,
      furnished,
      sparse,
    },
  };
}

/**
 * Sparse rows after the pattern of dense ones: three entries of five are left out, less m' of the column, and the last column
 * is the constant 1 without entries.
 */
function writeSparseRows(
  memory: EngineMemory,
  rowsAddress: number,
  {
    numRows,
    numColumns,
    stride,
    furnished,
  }: { numRows: number; numColumns: number; stride: number; furnished: boolean },
) {
  const address = memory.allocate(4 * numRows);
  const shift = memory.allocateF64(numColumns);
  memory
    .f64(shift, numColumns)
    .set(Array.from({ length: numColumns }, (_, j) => (j === numColumns - 1 ? -1 : 0.2 * (j % 4))));
  for (let n = 0; n < numRows; n++) {
    const row = memory.f32(rowsAddress, numRows * stride).slice(n * stride, (n + 1) * stride);
    const entries = [...row.keys()].filter((j) => j < numColumns - 1 && (3 * n + 7 * j) % 5 < 2);
    const record = memory.allocate(SparseRow.head + 8 * entries.length, 8);
    memory.u32(address, numRows)[n] = record;
    const words = memory.u32(record, 4 + 2 * entries.length);
    const floats = memory.f32(record, words.length);
    words[0] = entries.length;
    floats.set([row[stride - 1], furnished ? row[stride - 2] : 0, furnished ? row[stride - 3] : 0], 1);
    entries.forEach((j, e) => {
      words[4 + 2 * e] = j;
      floats[5 + 2 * e] = row[j];
    });
  }
  return { address, shift };
}

/** Auxiliary parameters have priors of positive numbers; of a furnished fixture some coefficients have heavy-tailed ones. */
function shapedPriors(numCoefficients: number, auxiliary: number, furnished: boolean) {
  const ofCoefficients = furnished
    ? Array.from({ length: Math.ceil(numCoefficients / 3) }, (_, k) => ({
        index: 3 * k,
        kind: k % 2 === 0 ? PriorKind.studentT : PriorKind.laplace,
        parameters: [3, 0.1, 0.7],
      }))
    : [];
  const kinds = furnished ? [PriorKind.halfStudentT, PriorKind.halfNormal] : [PriorKind.gamma, PriorKind.gamma];
  const ofAuxiliaries = kinds.slice(0, auxiliary).map((kind, k) => ({
    index: numCoefficients + k,
    kind,
    parameters: [2 + k, 1.7, 0.9],
  }));
  return [...ofCoefficients, ...ofAuxiliaries];
}

export interface ChainFixtureOptions {
  readonly gradient: Gradient;
  readonly batchSize: number;
  readonly stepKind: MatrixKind;
  readonly noiseKind: MatrixKind;
  readonly pull?: number;
  readonly stepsPerDraw?: number;
  readonly burnInSteps?: number;
  readonly numDraws?: number;
  readonly momentEvery?: number;
  readonly coupled?: boolean;
  readonly chain?: number;
  /** What is kept of the velocity. */
  readonly keep?: number;
  readonly rate?: { readonly offset: number; readonly exponent: number };
  readonly intervalEnds?: readonly number[];
  /** Rows in order, two directions beside the step and the noise, the noise averaged over two steps. */
  readonly wide?: boolean;
  readonly noiseEstimate?: { readonly kind: NoiseEstimate; readonly every: number; readonly shape: MatrixKind };
}

/** Writes a Chain record over a fixture's model and returns its address. */
export function createChain(fixture: Fixture, options: ChainFixtureOptions): number {
  const { memory, dimension, paddedColumns } = fixture;
  const { stepsPerDraw = 6, burnInSteps = 4, numDraws = 10, momentEvery = 2 } = options;
  const random = createRandom(fixture.seed, 1, 9);
  const chain = memory.allocateZeroed(Chain.slots * 8);
  const setU32 = (slot: Chain, value: number) => memory.setU32(chain, slot, value);
  const vector = (values: ArrayLike<number>) => {
    const address = memory.allocateF64(values.length);
    memory.f64(address, values.length).set(values);
    return address;
  };
  const matrixOf = (kind: MatrixKind, scale: number) => {
    const length = kind === MatrixKind.dense ? dimension ** 2 : kind === MatrixKind.diagonal ? dimension : 1;
    return vector(
      Float64Array.from({ length }, (_, i) => {
        const isDiagonal = kind !== MatrixKind.dense || i % (dimension + 1) === 0;
        return scale * (isDiagonal ? 1 + 0.3 * random.uniform() : (0.5 * random.normal()) / dimension);
      }),
    );
  };
  const stream = (purpose: number) => {
    const address = memory.allocate(64);
    memory.u32(address, 16).set(seedStream(fixture.seed, options.chain ?? 0, purpose));
    return address;
  };
  setU32(Chain.model, fixture.model);
  setU32(Chain.gradient, options.gradient);
  setU32(Chain.batchSize, options.batchSize);
  setU32(Chain.position, vector(fixture.position));
  setU32(Chain.center, vector(fixture.center));
  memory.setF64(chain, Chain.pull, options.pull ?? 0.01);
  setU32(Chain.stepKind, options.stepKind);
  const isCount = fixture.family === Family.poisson || fixture.family === Family.negativeBinomial;
  setU32(Chain.step, matrixOf(options.stepKind, (isCount ? 0.002 : 0.01) / (1 + fixture.numColumns)));
  setU32(Chain.noiseKind, options.noiseKind);
  setU32(Chain.noise, matrixOf(options.noiseKind, 0.005));
  setU32(Chain.rowStream, stream(0));
  setU32(Chain.noiseStream, stream(1));
  setU32(Chain.stepsPerDraw, stepsPerDraw);
  setU32(Chain.burnInSteps, burnInSteps);
  setU32(Chain.numDraws, numDraws);
  setU32(Chain.draws, memory.allocateF64(numDraws * dimension));
  setU32(Chain.intervalMeans, memory.allocateF64(numDraws * dimension));
  setU32(Chain.momentEvery, momentEvery);
  setU32(Chain.moments, memory.allocateF64(dimension ** 2));
  if (options.coupled) {
    setU32(Chain.coupled, memory.allocateF64(dimension));
    setU32(Chain.coupledDifferences, memory.allocateF64(numDraws * 2 * dimension));
  }
  setU32(Chain.scratch, memory.allocateZeroed(chainScratchBytes(paddedColumns, fixture.outputs)));
  setU32(Chain.intervalWeights, memory.allocateF64(numDraws));
  if (options.keep !== undefined) {
    setU32(Chain.velocity, vector(fixture.center.map((value) => 0.01 * value)));
    memory.setF64(chain, Chain.velocityKeep, options.keep);
  }
  if (options.rate) {
    memory.setF64(chain, Chain.rateOffset, options.rate.offset);
    memory.setF64(chain, Chain.rateExponent, options.rate.exponent);
  }
  if (options.wide) {
    setU32(Chain.isSequential, 1);
    memory.u32(memory.getU32(chain, Chain.rowStream), 1)[0] = fixture.numRows - 3;
    setU32(Chain.previousNoise, vector(fixture.center.map((value) => 0.01 * value)));
    setU32(Chain.lowRank, vector(Float64Array.from({ length: 2 * dimension }, () => random.normal() / dimension)));
    setU32(Chain.rank, 2);
    memory.setF64(chain, Chain.lowRankStep, 0.004);
    memory.setF64(chain, Chain.lowRankNoise, 0.01);
  }
  if (options.intervalEnds) {
    const ends = memory.allocate(4 * options.intervalEnds.length);
    memory.u32(ends, options.intervalEnds.length).set(options.intervalEnds);
    setU32(Chain.intervalEnds, ends);
  }
  if (options.noiseEstimate) {
    const { kind, every, shape } = options.noiseEstimate;
    setU32(Chain.noiseEstimate, kind);
    setU32(Chain.noiseEvery, every);
    setU32(Chain.noiseShape, shape);
    setU32(Chain.noiseSums, memory.allocateF64(shape === MatrixKind.dense ? dimension ** 2 : dimension));
  }
  return chain;
}

/** All that a chain has written. */
export function chainOutput(fixture: Fixture, chain: number): Record<string, Float64Array> {
  const { memory, dimension } = fixture;
  const numDraws = memory.getU32(chain, Chain.numDraws);
  const read = (slot: Chain, length: number) => {
    const address = memory.getU32(chain, slot);
    return address ? memory.f64(address, length).slice() : new Float64Array();
  };
  return {
    position: read(Chain.position, dimension),
    draws: read(Chain.draws, numDraws * dimension),
    intervalMeans: read(Chain.intervalMeans, numDraws * dimension),
    moments: read(Chain.moments, dimension ** 2),
    coupled: read(Chain.coupled, dimension),
    coupledDifferences: read(Chain.coupledDifferences, numDraws * 2 * dimension),
    velocity: read(Chain.velocity, dimension),
    intervalWeights: read(Chain.intervalWeights, numDraws),
    noiseSums: read(
      Chain.noiseSums,
      memory.getU32(chain, Chain.noiseShape) === MatrixKind.dense ? dimension ** 2 : dimension,
    ),
    noiseCount: Float64Array.of(memory.getU32(chain, Chain.noiseCount)),
  };
}

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
