import { Chain, type Gradient, MatrixKind } from "../../kernels/layout.ts";
import type { KernelTask } from "../engine/executor.ts";
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
  /** Lower triangular factor of the covariance around θ̂ from which the chains start. */
  readonly start: Matrix;
  /** Where the chains start instead, one position each, such as where others ended. */
  readonly from?: readonly Float64Array[];
  readonly burnInSteps: number;
  readonly stepsPerDraw: number;
  /** Second moments take every `momentEvery`-th step; it divides `stepsPerDraw`. */
  readonly momentEvery: number;
  readonly chains: number;
  readonly draws: number;
  readonly seed: number;
  /** Also run the quadratic twin (kernels/layout.ts) and return its differences. */
  readonly twin?: boolean;
}

export interface ChainResult extends ChainOutput {
  /** One array a chain, draws × 2M: interval means of d − v, then of d∘d − v∘v. Empty without a twin. */
  readonly twinDifferences: readonly Float64Array[];
}

const matrixKinds = { scalar: MatrixKind.scalar, diagonal: MatrixKind.diagonal, dense: MatrixKind.dense } as const;

/** About the multiply-adds of one kernel call: some milliseconds, so that an interrupt is prompt. */
const workPerCall = 4e6;

/** Runs all chains to their end, each a task of its own. The draws do not depend on the number of threads. */
export async function runChains(problem: Problem, spec: ChainSpec, stage = "sampling"): Promise<ChainResult> {
  const { memory } = spec.model;
  const { workspace } = problem;
  const mark = memory.mark();
  try {
    const totalSteps = spec.burnInSteps + spec.stepsPerDraw * spec.draws;
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
}: Pick<ChainSpec, "model" | "batchSize" | "step" | "noise" | "momentEvery">): number {
  const m = model.dimension;
  const dense = (step.kind === "dense" ? m * m : m) + (noise.kind === "dense" ? (m * m) / 2 : m);
  const perRow = (4 + 2 * model.rows.paddedColumns) * model.outputs;
  return 40 + batchSize * perRow + dense + (m * m) / (2 * momentEvery);
}

function writeRecord(problem: Problem, spec: ChainSpec, chain: number): number {
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
    memory.u32(at, 16).set(seedStream(spec.seed, chain, purpose));
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
  setU32(Chain.position, vector(startingPosition(problem, spec, chain)));
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
  setU32(Chain.moments, memory.allocateF64(dimension * dimension));
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
function startingPosition(problem: Problem, spec: ChainSpec, chain: number): Float64Array {
  if (spec.from) return spec.from[chain];
  const random = createRandom(spec.seed, chain, 4);
  const offset = multiplyVector(
    spec.start,
    Float64Array.from(problem.mode, () => random.normal()),
  );
  return problem.mode.map((value, j) => value + offset[j]);
}

function collect(problem: Problem, spec: ChainSpec, records: readonly number[]): ChainResult {
  const { memory, dimension } = spec.model;
  const copy = (address: number, slot: Chain, length: number) =>
    memory.f64(memory.getU32(address, slot), length).slice();
  const positions = records.map((address) => copy(address, Chain.draws, spec.draws * dimension));
  const intervalMeans = records.map((address) => copy(address, Chain.intervalMeans, spec.draws * dimension));
  const mean = meanOfRows(intervalMeans, dimension);
  const counted = spec.chains * spec.draws * (spec.stepsPerDraw / spec.momentEvery);
  const covariance = matrix(dimension, dimension);
  for (const address of records) {
    const sums = copy(address, Chain.moments, dimension * dimension);
    for (let i = 0; i < dimension; i++)
      for (let j = 0; j <= i; j++) covariance.data[i * dimension + j] += sums[i * dimension + j] / counted;
  }
  for (let i = 0; i < dimension; i++) {
    for (let j = 0; j <= i; j++) {
      covariance.data[i * dimension + j] -= (mean[i] - problem.mode[i]) * (mean[j] - problem.mode[j]);
      covariance.data[j * dimension + i] = covariance.data[i * dimension + j];
    }
  }
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
  };
}

/** Mean of the rows of all arrays, each n × dimension row-major. */
export function meanOfRows(arrays: readonly Float64Array[], dimension: number): Float64Array {
  const mean = new Float64Array(dimension);
  let count = 0;
  for (const values of arrays) {
    count += values.length / dimension;
    for (let k = 0; k < values.length; k++) mean[k % dimension] += values[k];
  }
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
