import { diagonalNoise } from "../estimation/diagonal-noise.ts";
import { findWideMode } from "../estimation/wide-mode.ts";
import { dot } from "../linalg/matrix.ts";
import { type Hyperparameters, type Model, withHyperparameters } from "../models/model.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { rowsOf } from "../rows/rows-of.ts";
import type { Workspace } from "../rows/workspace.ts";
import type { StepMatrix } from "../sampling/chains/chain-spec.ts";
import { meanOfRows, runChains } from "../sampling/chains/run-chains.ts";
import { boundedDiagonalStep, type DiagonalNoise, effectiveParameters } from "../theory/bounded-diagonal.ts";
import { type PriorGroup, precisionSlope } from "../theory/evidence.ts";
import type { ExpectationStep, Segment } from "./expectation.ts";

const chains = 2;
/** Draws of a chain in one segment, which is one pass over the data. */
const drawsPerSegment = 8;
/** Rows whose gradients are looked at for diag C at the start; then every so many batches of the chains. */
const firstLook = 6000;
const lookEvery = 16;
/** ρ(HA) is kept below this, so that the chain is near the diffusion whose law the theory gives. */
const largestContraction = 0.5;
const largestBatch = 100;
/** δ: what the minibatch noise may add to E|θ − m|², relative. */
const excess = 0.03;
/** A segment is shorter than the chain's memory, so log λ moves by a share of its Newton step. */
const damping = 0.5;
/** Segments before the first step in λ. */
const burnInSegments = 4;

/**
 * The E-step of models too wide for M×M matrices: everything is diagonal, memory O(M), a segment is one pass over the data.
 *
 * bounded: diagonal Fisher scoring (`boundedDiagonalStep`), steps at most h = 2δ S Q/γ with Q = Σ_g D_g/λ_g and γ the
 * parameters that the data determine: minibatch noise spreads a direction that it drives by (h/2S) too much, γ of them
 * by δ Q. The chain forgets a direction held by the prior alone in N/(h λ) steps, γ/(2δ M) passes.
 * scalar: the rate ε* = 2SM/(N Tr C) of Theorem 1, as section 4.2 of the paper has it. Its spread is right in sum alone,
 * N Tr(AΣ) = M; where many parameters have little gradient noise (pixels that are nearly always 0), E|θ − m|² comes out
 * too small, and λ too large.
 *
 * When λ changes, each coordinate is carried along as a normal law N(m_j, 1/(N C_jj + λ)) would be, so that the chains need
 * not find the new spread of the parameters that the prior holds by themselves.
 * diag C is estimated online, from the chains' own batches (section 4 and equation 21, here from all rows of a batch), with
 * weights 1/t over the segments; some rows at the start make the first guess.
 */
export function wideExpectation(
  workspace: Workspace,
  base: Model,
  groups: readonly PriorGroup[],
  seed: number,
  rule: "bounded" | "scalar" = "bounded",
): ExpectationStep {
  const { memory, dimension } = base;
  const { numRows } = base.rows;
  const mark = memory.mark();
  let positions: readonly Float64Array[] = [];
  let noise = new Float64Array(dimension);
  let looked = 0;
  let previous = base.priorPrecision;
  let batch: { readonly size: number; readonly priorPrecision: Float64Array } | undefined;

  function learnNoise(diagonal: Float64Array, count: number): void {
    looked += count;
    noise = noise.map((value, j) => value + (count / looked) * (diagonal[j] - value));
  }

  async function information(hyperparameters: Hyperparameters): Promise<Float64Array> {
    const model = withHyperparameters(base, hyperparameters);
    const { position } = await findWideMode(workspace, model, { tolerance: 1e-2 });
    const sample = { count: firstLook, random: createRandom(seed, 0, 5) };
    learnNoise(await diagonalNoise(workspace, model, position, sample), firstLook);
    // About as dispersed as the posterior, so that the chains need not spread out first.
    const sds = noise.map((value, j) => 1 / Math.sqrt(numRows * value + Math.max(model.priorPrecision[j], 1e-9)));
    positions = Array.from({ length: chains }, (_, chain) => {
      const random = createRandom(seed, chain, 4);
      return position.map((value, j) => value + sds[j] * random.normal());
    });
    previous = model.priorPrecision;
    memory.release(mark);
    for (let index = 1; index <= burnInSegments; index++) await segment(hyperparameters, index - burnInSegments);
    return noise.map((value) => numRows * value);
  }

  /** H and R for batches of S rows. */
  function update(given: DiagonalNoise, batchSize: number): { step: Float64Array; noise: StepMatrix } {
    if (rule === "scalar") {
      const trace = noise.reduce((sum, value) => sum + value, 0);
      const rate = (2 * batchSize * dimension) / (numRows * trace);
      return { step: new Float64Array(dimension).fill(rate), noise: { kind: "none" } };
    }
    const spread = groups.reduce(
      (sum, { parameters }) => sum + parameters.length / given.priorPrecision[parameters[0]],
      0,
    );
    const largest = (2 * excess * batchSize * spread) / effectiveParameters(given);
    const { step, noise: factor } = boundedDiagonalStep(given, batchSize, largest);
    return { step, noise: { kind: "diagonal", values: factor } };
  }

  /** H grows with S: the S for which it still contracts gently, looked for again when λ, and with it H, has moved. */
  async function batchSizeFor(model: Model, given: DiagonalNoise): Promise<number> {
    const { priorPrecision } = given;
    const moved = batch?.priorPrecision.some(
      (value, j) => value > 0 && Math.abs(Math.log(priorPrecision[j] / value)) > 0.7,
    );
    if (!batch || moved) {
      const perRow = update(given, 1).step;
      const curvature = await largestCurvature(workspace, model, positions[0], perRow, seed);
      const size = Math.max(1, Math.min(largestBatch, Math.floor(largestContraction / curvature)));
      batch = { size, priorPrecision };
    }
    return batch.size;
  }

  async function segment(hyperparameters: Hyperparameters, index: number): Promise<Segment> {
    try {
      const model = withHyperparameters(base, hyperparameters);
      const given = { noise, priorPrecision: model.priorPrecision, numRows };
      const batchSize = await batchSizeFor(model, given);
      const { step, noise: injected } = update(given, batchSize);
      const rescale = noise.map((value, j) =>
        value > 0 || previous[j] > 0
          ? Math.sqrt((numRows * value + previous[j]) / (numRows * value + model.priorPrecision[j]))
          : 1,
      );
      const start = positions.map((position) =>
        position.map((value, j) => model.priorMean[j] + rescale[j] * (value - model.priorMean[j])),
      );
      previous = model.priorPrecision;
      const stepsPerDraw = Math.max(1, Math.round(numRows / (batchSize * drawsPerSegment)));
      const { positions: draws, noiseEstimates } = await runChains(
        { workspace, mode: start[0] },
        {
          model,
          gradient: "minibatch",
          batchSize,
          pull: 0,
          step: { kind: "diagonal", values: step },
          noise: injected,
          from: start,
          burnInSteps: 0,
          stepsPerDraw,
          momentEvery: stepsPerDraw,
          keepMoments: false,
          noiseEstimate: { kind: "within-batch", every: lookEvery, shape: "diagonal" },
          chains,
          draws: drawsPerSegment,
          seed: (seed % 2 ** 40) + 2 ** 40 * (index + burnInSegments),
        },
        "learning the prior",
      );
      positions = draws.map((values) => values.slice(-dimension));
      for (const { diagonal, batches } of noiseEstimates) learnNoise(diagonal, batches * batchSize);
      const center = meanOfRows(draws, dimension);
      const slopes = groups.map(({ parameters }) => {
        const precision = model.priorPrecision[parameters[0]];
        const offset = Float64Array.from(parameters, (j) => center[j] - model.priorMean[j]);
        const variances = Float64Array.from(parameters, (j) => 1 / (numRows * noise[j] + precision));
        return precisionSlope(precision, offset, variances);
      });
      const split = draws.flatMap((values) =>
        Array.from({ length: drawsPerSegment }, (_, n) => values.subarray(n * dimension, (n + 1) * dimension)),
      );
      return { draws: split, slopes, damping };
    } finally {
      memory.release(mark);
    }
  }

  return { information, segment, close: () => memory.release(mark) };
}

/** λ_max(H A) without the prior's part, H diagonal, by power iteration on central differences of gradients over some rows. */
async function largestCurvature(
  workspace: Workspace,
  model: Model,
  position: Float64Array,
  step: Float64Array,
  seed: number,
): Promise<number> {
  const every = Math.max(1, Math.floor(model.rows.numRows / 4000));
  const random = createRandom(seed, 1, 5);
  const roots = step.map(Math.sqrt);
  let direction = position.map(() => random.normal());
  let largest = 0;
  for (let iteration = 0; iteration < 10; iteration++) {
    const length = Math.sqrt(dot(direction, direction));
    const moved = direction.map((value, j) => (roots[j] * value) / length);
    const shift = 1e-3 / Math.sqrt(dot(moved, moved));
    const gradientAt = (sign: number) => {
      const there = position.map((value, j) => value + sign * shift * moved[j]);
      return rowsOf(workspace, model).pass(there, { gram: "none", step: every });
    };
    const above = await gradientAt(1);
    const below = await gradientAt(-1);
    direction = above.gradient.map((value, j) => (roots[j] * (value - below.gradient[j])) / (2 * shift * above.count));
    largest = Math.sqrt(dot(direction, direction));
  }
  return largest;
}
