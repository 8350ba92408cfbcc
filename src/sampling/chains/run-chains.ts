import { type ChainOutputs, firstDraws, readChainOutputs, stepsDone } from "../../engine/bindings/chain-outputs.ts";
import type { KernelTask } from "../../engine/executor.ts";
import { type Matrix, matrix, outerProducts, scale } from "../../linalg/matrix.ts";
import { traitsOf } from "../../rows/rows-of.ts";
import { workPerGroup } from "../../rows/work.ts";
import type { ChainOutput } from "../plan.ts";
import type { ChainSpec, Start } from "./chain-spec.ts";
import { chainsPlace, runResumably } from "./resumable-run.ts";
import { stepChains } from "./step-chains.ts";
import { writeChain } from "./write-chain.ts";

/** What one chain's batches say of C, averaged over `batches` of them. */
interface NoiseEstimateResult {
  /** M×M, symmetric; 0×0 where its diagonal alone was asked for. */
  readonly covariance: Matrix;
  /** M */
  readonly diagonal: Float64Array;
  readonly batches: number;
}

export interface ChainResult extends ChainOutput {
  /** One array a chain, draws × 2M: interval means of d − v, then of d∘d − v∘v. Empty without a coupled chain. */
  readonly coupledDifferences: readonly Float64Array[];
  /** One a chain; empty where none was asked for. */
  readonly noiseEstimates: readonly NoiseEstimateResult[];
}

/** About the multiply-adds of one kernel call: some milliseconds, so that an interrupt is prompt. */
const workPerCall = 4e6;

/** Runs all chains to their end, each a task of its own. The draws do not depend on the number of threads. */
export async function runChains(local: Start, spec: ChainSpec, stage = "sampling"): Promise<ChainResult> {
  const { memory } = spec.model;
  const { workspace } = local;
  const mark = memory.mark();
  try {
    const totalSteps = spec.burnInSteps + (spec.intervalEnds?.at(-1) ?? spec.stepsPerDraw * spec.draws);
    const stepsPerCall = Math.max(1, Math.min(totalSteps, Math.floor(workPerCall / workPerStep(spec))));
    const records = Array.from({ length: spec.chains }, (_, chain) => writeChain(local, spec, chain));
    const tasks = records.map(
      (address): KernelTask => ({
        kernel: "runChain",
        address,
        argument: stepsPerCall,
        times: Math.ceil(totalSteps / stepsPerCall),
      }),
    );
    const total = totalSteps * spec.chains;
    const onProgress = () => {
      const done = records.reduce((sum, address) => sum + stepsDone(memory, address), 0);
      workspace.onProgress?.(stage, done / total, { done, total, unit: "steps" });
      if (stage === "sampling") workspace.onDraws?.(() => drawsSoFar(spec, records));
    };
    workspace.onProgress?.(stage, 0, { done: 0, total, unit: "steps" });
    if (traitsOf(spec.model).areInMemory) {
      await runResumably(workspace, { memory, mark, tasks, onProgress }, chainsPlace(workspace, spec, stage));
      workspace.counter.rowsVisited += totalSteps * spec.chains * spec.batchSize;
    } else await stepChains(local, spec, records, totalSteps, stage);
    return collect(local, spec, records);
  } finally {
    memory.release(mark);
  }
}

/** The draws that are made already; none where it cannot be told which these are. */
function drawsSoFar(
  { model, burnInSteps, stepsPerDraw, intervalEnds, draws }: ChainSpec,
  records: readonly number[],
): Float64Array[] {
  if (intervalEnds) return [];
  return records.map((address) => {
    const steps = stepsDone(model.memory, address) - burnInSteps;
    const made = Math.min(draws, Math.max(0, Math.floor(steps / stepsPerDraw)));
    return firstDraws(model.memory, address, model.dimension, made);
  });
}

/** What a row's own functions cost in multiply-adds: in single precision four rows at once, or one by one in double. */
const linkWork = { fused: 8, exact: 300 };
const fusedFamilies: readonly string[] = ["gaussian", "bernoulli", "binomial", "categorical"];

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
  const { paddedColumns, sparse, stride } = model.rows;
  // With control variates at θ and at θ̂.
  if (model.groups) return 40 + 2 * batchSize * workPerGroup(model) + dense;
  const link = fusedFamilies.includes(model.family.name) ? linkWork.fused : linkWork.exact;
  const perRow = (link + 2 * (sparse ? stride : paddedColumns)) * model.numPredictors;
  return 40 + batchSize * perRow + dense + (keepMoments ? m * m : m) / (2 * momentEvery);
}

function collect(local: Start, spec: ChainSpec, records: readonly number[]): ChainResult {
  const { memory, dimension } = spec.model;
  const outputs = records.map((address) => readChainOutputs(memory, address, dimension));
  const intervalMeans = outputs.map((output) => output.intervalMeans);
  const weights = outputs.map(({ intervalWeights }) => intervalWeights);
  const mean = meanOfRows(intervalMeans, dimension, spec.rate && weights);
  return {
    chains: spec.chains,
    draws: spec.draws,
    dimension,
    positions: outputs.map(({ draws }) => draws),
    intervalMeans,
    mean,
    covariance: spec.keepMoments === false ? matrix(0, 0) : momentsOf(local, outputs, mean),
    coupledDifferences: spec.coupled ? outputs.map(({ coupledDifferences }) => coupledDifferences) : [],
    noiseEstimates: spec.noiseEstimate ? outputs.map((output) => noiseEstimateOf(output, dimension)) : [],
  };
}

/** Covariance over every step that was counted, of all chains. */
function momentsOf({ mode }: Start, outputs: readonly ChainOutputs[], mean: Float64Array): Matrix {
  const dimension = mode.length;
  const counted = outputs.reduce(
    (sum, { intervalWeights }) => intervalWeights.reduce((total, weight) => total + weight, sum),
    0,
  );
  const covariance = matrix(dimension, dimension);
  for (const { moments } of outputs) {
    for (let i = 0; i < dimension; i++)
      for (let j = 0; j <= i; j++) covariance.data[i * dimension + j] += moments[i * dimension + j] / counted;
  }
  for (let i = 0; i < dimension; i++) {
    for (let j = 0; j <= i; j++) {
      covariance.data[i * dimension + j] -= (mean[i] - mode[i]) * (mean[j] - mode[j]);
      covariance.data[j * dimension + i] = covariance.data[i * dimension + j];
    }
  }
  return covariance;
}

function noiseEstimateOf({ noiseSums, noiseCount: batches }: ChainOutputs, dimension: number): NoiseEstimateResult {
  const isDense = noiseSums.length > dimension;
  const diagonal = Float64Array.from(
    { length: dimension },
    (_, j) => noiseSums[isDense ? j * (dimension + 1) : j] / batches,
  );
  if (!isDense) return { covariance: matrix(0, 0), diagonal, batches };
  const covariance = matrix(dimension, dimension);
  for (let i = 0; i < dimension; i++)
    for (let j = 0; j <= i; j++)
      covariance.data[i * dimension + j] = covariance.data[j * dimension + i] = noiseSums[i * dimension + j] / batches;
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
  const count = arrays.reduce((sum, { length }) => sum + length / mean.length, 0);
  return scale(outerProducts(arrays, mean), 1 / (count - 1));
}
