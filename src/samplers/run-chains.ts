import { Chain, type Gradient, MatrixKind, NoiseEstimate } from "../../kernels/layout.ts";
import type { KernelTask } from "../engine/executor.ts";
import type { EngineMemory } from "../engine/memory.ts";
import { chainScratchBytes } from "../engine/scratch.ts";
import type { Problem } from "../estimation/problem.ts";
import { type Matrix, matrix, multiplyVector, scale } from "../linalg/matrix.ts";
import type { Model } from "../models/model.ts";
import { createRandom, seedStream } from "../rng/xoshiro.ts";
import type { ChainOutput } from "./sampler.ts";

/** A matrix of the update, stored no wider than it has to be. */
export type StepMatrix =
  | { readonly kind: "none" }
  | { readonly kind: "scalar"; readonly value: number }
  | { readonly kind: "diagonal"; readonly values: Float64Array }
  | { readonly kind: "dense"; readonly matrix: Matrix };

/** What chains are to estimate of C from their own batches, as in kernels/layout.ts. */
interface NoiseEstimateSpec {
  readonly kind: "first-row" | "within-batch";
  /** Every so many steps a batch is looked at. */
  readonly every: number;
  readonly shape: "diagonal" | "dense";
}

/** What one chain's batches say of C, averaged over `batches` of them. */
interface NoiseEstimateResult {
  /** M×M, symmetric; 0×0 where its diagonal alone was asked for. */
  readonly covariance: Matrix;
  /** M */
  readonly diagonal: Float64Array;
  readonly batches: number;
}

/** One chain's update, θ ← θ − pull (θ − θ̂) − H ĝ + R z with z ~ N(0, I), and how often it is looked at. */
export interface ChainSpec {
  readonly model: Model;
  readonly gradient: Gradient;
  /** S; 0 where ĝ needs no rows. */
  readonly batchSize: number;
  readonly pull: number;
  /** H */
  readonly step: StepMatrix;
  /** R, lower triangular where it is dense. */
  readonly noise: StepMatrix;
  /**
   * Lower triangular factor of the covariance around θ̂ from which the chains start; 2M×2M, of θ and the velocity together,
   * where there is one. Not read where `from` is given.
   */
  readonly start?: Matrix;
  /** v ← keep v + what θ gets without it, θ ← θ + v. */
  readonly velocity?: { readonly keep: number };
  /** Step t = 0, 1, … (burn-in included) is s = ((offset + t)/offset)^(−exponent) as long, and averages weigh it by s. */
  readonly rate?: { readonly offset: number; readonly exponent: number };
  /** Steps after the burn-in at which each of the draws is made, in place of every `stepsPerDraw`. */
  readonly intervalEnds?: Uint32Array;
  readonly noiseEstimate?: NoiseEstimateSpec;
  /** Where the chains start instead, one position each, such as where others ended. */
  readonly from?: readonly Float64Array[];
  readonly burnInSteps: number;
  readonly stepsPerDraw: number;
  /** Second moments take every `momentEvery`-th step; it divides `stepsPerDraw`. */
  readonly momentEvery: number;
  readonly chains: number;
  readonly draws: number;
  readonly seed: number;
  /** Chains are numbered from here on, so that runs of the same seed can have random streams of their own; 0 unless told. */
  readonly firstChain?: number;
  /** Whether second moments over the steps are kept, M×M; true where left out. The result's covariance is 0×0 without. */
  readonly keepMoments?: boolean;
  /** Also run the quadratic twin (kernels/layout.ts) and return its differences. */
  readonly twin?: boolean;
}

export interface ChainResult extends ChainOutput {
  /** One array a chain, draws × 2M: interval means of d − v, then of d∘d − v∘v. Empty without a twin. */
  readonly twinDifferences: readonly Float64Array[];
  /** One a chain; empty where none was asked for. */
  readonly noiseEstimates: readonly NoiseEstimateResult[];
}

const matrixKinds = { scalar: MatrixKind.scalar, diagonal: MatrixKind.diagonal, dense: MatrixKind.dense } as const;

/** About the multiply-adds of one kernel call: some milliseconds, so that an interrupt is prompt. */
const workPerCall = 4e6;

/** What chains need of a problem: θ̂ and where to run. */
type Start = Pick<Problem, "mode" | "workspace">;

/** Runs all chains to their end, each a task of its own. The draws do not depend on the number of threads. */
export async function runChains(problem: Start, spec: ChainSpec, stage = "sampling"): Promise<ChainResult> {
  const { memory } = spec.model;
  const { workspace } = problem;
  const mark = memory.mark();
  try {
    const totalSteps = spec.burnInSteps + (spec.intervalEnds?.at(-1) ?? spec.stepsPerDraw * spec.draws);
    const stepsPerCall = Math.max(1, Math.min(totalSteps, Math.floor(workPerCall / workPerStep(spec))));
    const records = Array.from({ length: spec.chains }, (_, chain) => writeRecord(problem, spec, chain));
    const tasks = records.map(
      (address): KernelTask => ({
        kernel: "runChain",
        address,
        argument: stepsPerCall,
        times: Math.ceil(totalSteps / stepsPerCall),
      }),
    );
    const onProgress = () => {
      const done = records.reduce((sum, address) => sum + memory.getU32(address, Chain.stepsDone), 0);
      workspace.onProgress?.(stage, done / (totalSteps * spec.chains));
    };
    await workspace.executor.run(tasks, { signal: workspace.signal, onProgress });
    workspace.counter.rowsVisited += totalSteps * spec.chains * spec.batchSize;
    return collect(problem, spec, records);
  } finally {
    memory.release(mark);
  }
}

/** Multiply-adds of one step, roughly. */
export function workPerStep({
  model,
  batchSize,
  step,
  noise,
  momentEvery,
  keepMoments = true,
}: Pick<ChainSpec, "model" | "batchSize" | "step" | "noise" | "momentEvery" | "keepMoments">): number {
  const m = model.dimension;
  const dense = (step.kind === "dense" ? m * m : m) + (noise.kind === "dense" ? (m * m) / 2 : m);
  const perRow = (4 + 2 * model.rows.paddedColumns) * model.outputs;
  return 40 + batchSize * perRow + dense + (keepMoments ? m * m : m) / (2 * momentEvery);
}

function writeRecord(problem: Start, spec: ChainSpec, chain: number): number {
  const { model } = spec;
  const { memory, dimension } = model;
  const address = memory.allocate(Chain.slots * 8);
  memory.u8(address, Chain.slots * 8).fill(0);
  const setU32 = (slot: Chain, value: number) => memory.setU32(address, slot, value);
  const vector = (values: ArrayLike<number>) => {
    const at = memory.allocateF64(values.length);
    memory.f64(at, values.length).set(values);
    return at;
  };
  const stream = (purpose: number) => {
    const at = memory.allocate(64);
    memory.u32(at, 16).set(seedStream(spec.seed, (spec.firstChain ?? 0) + chain, purpose));
    return at;
  };
  const putMatrix = (kindSlot: Chain, slot: Chain, value: StepMatrix) => {
    if (value.kind === "none") return setU32(kindSlot, MatrixKind.none);
    const entries =
      value.kind === "scalar" ? [value.value] : value.kind === "diagonal" ? value.values : value.matrix.data;
    setU32(kindSlot, matrixKinds[value.kind]);
    setU32(slot, vector(entries));
  };
  setU32(Chain.model, model.address);
  setU32(Chain.gradient, spec.gradient);
  setU32(Chain.batchSize, spec.batchSize);
  const { position, velocity } = startingState(problem, spec, chain);
  setU32(Chain.position, vector(position));
  setU32(Chain.center, vector(problem.mode));
  memory.setF64(address, Chain.pull, spec.pull);
  putMatrix(Chain.stepKind, Chain.step, spec.step);
  putMatrix(Chain.noiseKind, Chain.noise, spec.noise);
  setU32(Chain.rowStream, stream(0));
  setU32(Chain.noiseStream, stream(1));
  setU32(Chain.stepsPerDraw, spec.stepsPerDraw);
  setU32(Chain.burnInSteps, spec.burnInSteps);
  setU32(Chain.numDraws, spec.draws);
  setU32(Chain.draws, memory.allocateF64(spec.draws * dimension));
  setU32(Chain.intervalMeans, memory.allocateF64(spec.draws * dimension));
  setU32(Chain.momentEvery, spec.momentEvery);
  if (spec.keepMoments ?? true) setU32(Chain.moments, memory.allocateF64(dimension * dimension));
  setU32(Chain.intervalWeights, memory.allocateF64(spec.draws));
  if (spec.velocity) {
    setU32(Chain.velocity, vector(velocity));
    memory.setF64(address, Chain.velocityKeep, spec.velocity.keep);
  }
  if (spec.rate) {
    memory.setF64(address, Chain.rateOffset, spec.rate.offset);
    memory.setF64(address, Chain.rateExponent, spec.rate.exponent);
  }
  if (spec.intervalEnds) {
    const ends = memory.allocate(4 * spec.draws);
    memory.u32(ends, spec.draws).set(spec.intervalEnds);
    setU32(Chain.intervalEnds, ends);
  }
  if (spec.noiseEstimate) {
    const { kind, every, shape } = spec.noiseEstimate;
    setU32(Chain.noiseEstimate, kind === "first-row" ? NoiseEstimate.firstRow : NoiseEstimate.withinBatch);
    setU32(Chain.noiseEvery, every);
    setU32(Chain.noiseShape, matrixKinds[shape]);
    setU32(Chain.noiseSums, memory.allocateF64(shape === "dense" ? dimension * dimension : dimension));
  }
  if (spec.twin) {
    setU32(Chain.twin, vector(new Float64Array(dimension)));
    setU32(Chain.twinDifferences, memory.allocateF64(spec.draws * 2 * dimension));
  }
  const scratchBytes = chainScratchBytes(model.rows.paddedColumns, model.outputs);
  const scratch = memory.allocate(scratchBytes);
  memory.u8(scratch, scratchBytes).fill(0);
  setU32(Chain.scratch, scratch);
  return address;
}

/** θ̂ + K z: with K from the predicted law the chains start in their stationary state, as dispersed as they will be. */
function startingState(
  { mode }: Start,
  spec: ChainSpec,
  chain: number,
): { position: Float64Array; velocity: Float64Array } {
  if (spec.from) return { position: spec.from[chain], velocity: new Float64Array(mode.length) };
  const random = createRandom(spec.seed, (spec.firstChain ?? 0) + chain, 4);
  const { start } = spec;
  if (!start) throw new TypeError("Chains need a law or positions to start from.");
  const offset = multiplyVector(
    start,
    Float64Array.from({ length: start.rows }, () => random.normal()),
  );
  return { position: mode.map((value, j) => value + offset[j]), velocity: offset.slice(mode.length) };
}

function collect(problem: Start, spec: ChainSpec, records: readonly number[]): ChainResult {
  const { memory, dimension } = spec.model;
  const copy = (address: number, slot: Chain, length: number) =>
    memory.f64(memory.getU32(address, slot), length).slice();
  const positions = records.map((address) => copy(address, Chain.draws, spec.draws * dimension));
  const intervalMeans = records.map((address) => copy(address, Chain.intervalMeans, spec.draws * dimension));
  const weights = records.map((address) => copy(address, Chain.intervalWeights, spec.draws));
  const mean = meanOfRows(intervalMeans, dimension, spec.rate && weights);
  const covariance = spec.keepMoments === false ? matrix(0, 0) : momentsOf(problem, spec, records, mean, weights);
  const twinDifferences = spec.twin
    ? records.map((address) => copy(address, Chain.twinDifferences, spec.draws * 2 * dimension))
    : [];
  return {
    chains: spec.chains,
    draws: spec.draws,
    dimension,
    positions,
    intervalMeans,
    mean,
    covariance,
    twinDifferences,
    noiseEstimates: spec.noiseEstimate ? records.map((address) => noiseEstimateOf(memory, address, dimension)) : [],
  };
}

/** Covariance over every step that was counted, of all chains. */
function momentsOf(
  { mode }: Start,
  { model }: ChainSpec,
  records: readonly number[],
  mean: Float64Array,
  weights: readonly Float64Array[],
): Matrix {
  const { memory, dimension } = model;
  const counted = weights.reduce((sum, values) => values.reduce((total, weight) => total + weight, sum), 0);
  const covariance = matrix(dimension, dimension);
  for (const address of records) {
    const sums = memory.f64(memory.getU32(address, Chain.moments), dimension * dimension);
    for (let i = 0; i < dimension; i++)
      for (let j = 0; j <= i; j++) covariance.data[i * dimension + j] += sums[i * dimension + j] / counted;
  }
  for (let i = 0; i < dimension; i++) {
    for (let j = 0; j <= i; j++) {
      covariance.data[i * dimension + j] -= (mean[i] - mode[i]) * (mean[j] - mode[j]);
      covariance.data[j * dimension + i] = covariance.data[i * dimension + j];
    }
  }
  return covariance;
}

function noiseEstimateOf(memory: EngineMemory, address: number, dimension: number): NoiseEstimateResult {
  const batches = memory.getU32(address, Chain.noiseCount);
  const isDense = memory.getU32(address, Chain.noiseShape) === MatrixKind.dense;
  const sums = memory.f64(memory.getU32(address, Chain.noiseSums), isDense ? dimension * dimension : dimension);
  const diagonal = Float64Array.from(
    { length: dimension },
    (_, j) => sums[isDense ? j * (dimension + 1) : j] / batches,
  );
  if (!isDense) return { covariance: matrix(0, 0), diagonal, batches };
  const covariance = matrix(dimension, dimension);
  for (let i = 0; i < dimension; i++)
    for (let j = 0; j <= i; j++)
      covariance.data[i * dimension + j] = covariance.data[j * dimension + i] = sums[i * dimension + j] / batches;
  return { covariance, diagonal, batches };
}

/** Mean of the rows of all arrays, each n × dimension row-major; weighted, where weights of the rows are given. */
export function meanOfRows(
  arrays: readonly Float64Array[],
  dimension: number,
  weights?: readonly Float64Array[],
): Float64Array {
  const mean = new Float64Array(dimension);
  let count = 0;
  arrays.forEach((values, chain) => {
    for (let k = 0; k < values.length; k++) {
      const weight = weights ? weights[chain][Math.floor(k / dimension)] : 1;
      mean[k % dimension] += weight * values[k];
      if (k % dimension === 0) count += weight;
    }
  });
  return mean.map((sum) => sum / count);
}

/** Unbiased covariance of the rows of all arrays around their mean. */
export function covarianceOfRows(arrays: readonly Float64Array[], mean: Float64Array): Matrix {
  const dimension = mean.length;
  const sum = matrix(dimension, dimension);
  let count = 0;
  for (const values of arrays) {
    for (let start = 0; start < values.length; start += dimension, count++)
      for (let i = 0; i < dimension; i++)
        for (let j = 0; j < dimension; j++)
          sum.data[i * dimension + j] += (values[start + i] - mean[i]) * (values[start + j] - mean[j]);
  }
  return scale(sum, 1 / (count - 1));
}
