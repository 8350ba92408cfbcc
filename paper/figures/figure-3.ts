import { cholesky, invertLower } from "../../src/linalg/cholesky.ts";
import { add, congruence, identity, type Matrix, multiply } from "../../src/linalg/matrix.ts";
import { runChains } from "../../src/sampling/chains/run-chains.ts";
import { averagedCovariance } from "../../src/theory/averaging.ts";
import { stateDependentCovariance } from "../../src/theory/stability.ts";
import { problemOf, syntheticDataSet } from "../data/data-sets.ts";
import { momentsOf } from "../measure.ts";
import { type PaperPart, type PartContext, scaled } from "../part.ts";
import { distance, heatMaps } from "./figure-2.ts";

/**
 * Figure 3 of Mandt, Hoffman & Blei (2017): covariance of iterate averages over windows of one pass (Algorithm 1) against
 * the posterior's. N = 10,000, D = 10, S = 1, ε = 0.005 (section 7.2): the paper's 10 D windows, and 10,000.
 */
export const figure3: PaperPart = {
  name: "figure-3",
  summary: "covariance of iterate averages (IASG) against the posterior's, 100 and 10,000 windows",
  run,
};

const numRows = 10_000;
const dimension = 10;
const learningRate = 0.005;

const about = {
  title: "Figure 3: covariance of iterate averages (IASG) and of the posterior",
  caption: "Linear model, N = 10,000, D = 10, unit normal features; ε = 0.005, S = 1, windows of 10,000 steps.",
};

async function run(context: PartContext) {
  const data = syntheticDataSet("gaussian", numRows, dimension, context.seed);
  const local = await problemOf(data, "none", context);
  const { hessian, noiseCovariance, laplaceCovariance, model, noise } = local;
  const step = { preconditioner: identity(dimension, learningRate), hessian, noiseCovariance, batchSize: 1 };
  const { covariance: stationary } = await stateDependentCovariance(step, noise);
  const predicted = averagedCovariance(step, stationary, numRows);
  const chains = 4;
  const windows = scaled(10_000 / chains, context, 25);
  const output = await runChains(local, {
    model,
    gradient: "minibatch",
    batchSize: 1,
    pull: 0,
    step: { kind: "scalar", value: learningRate },
    noise: { kind: "none" },
    start: cholesky(add(stationary, identity(dimension), 1, 1e-12)),
    burnInSteps: 2000,
    stepsPerDraw: numRows,
    momentEvery: 1,
    chains,
    draws: windows,
    seed: context.seed,
  });
  const first = { chains: [output.intervalMeans[0].subarray(0, 100 * dimension)], dimension };
  const few = momentsOf(first).covariance;
  const many = momentsOf({ chains: output.intervalMeans, dimension }).covariance;
  const total = chains * windows;
  // The library's own IASG maps deviations linearly, so that their predicted covariance becomes the posterior's.
  const mapped = congruence(multiply(local.laplaceFactor, invertLower(cholesky(predicted))), many);
  const title = `${total.toLocaleString("en")} windows`;
  const laws = { posterior: laplaceCovariance, "100 windows": few, [title]: many, [`${title}, mapped`]: mapped };
  const floor = (count: number) => frobeniusFloor(laplaceCovariance, count);
  return {
    data: {
      title: "Covariance of iterate averages against the posterior's",
      numRows,
      dimension,
      learningRate,
      batchSize: 1,
      stepsPerWindow: numRows,
      windows: [Math.min(100, windows), total],
      posterior: [...laplaceCovariance.data],
      few: [...few.data],
      many: [...many.data],
      mapped: [...mapped.data],
      predicted: [...predicted.data],
      predictedRelativeFrobeniusError: distance(predicted, laplaceCovariance),
      relativeFrobeniusError: {
        few: distance(few, laplaceCovariance),
        many: distance(many, laplaceCovariance),
        mapped: distance(mapped, laplaceCovariance),
        manyAgainstPredicted: distance(many, predicted),
      },
      monteCarloFloor: { few: floor(Math.min(100, windows)), many: floor(total) },
    },
    plots: { "": heatMaps(laws, data.names, about, context, { height: 330, marginLeft: 40, marginBottom: 45 }) },
  };
}

/** √E‖Σ̂ − Σ‖_F² / ‖Σ‖_F of n independent draws: E‖Σ̂ − Σ‖_F² = (Tr Σ² + (Tr Σ)²)/n. */
function frobeniusFloor({ data, rows }: Matrix, count: number): number {
  let squares = 0;
  let trace = 0;
  for (let k = 0; k < data.length; k++) squares += data[k] ** 2;
  for (let j = 0; j < rows; j++) trace += data[j * rows + j];
  return Math.sqrt((squares + trace ** 2) / (count * squares));
}
