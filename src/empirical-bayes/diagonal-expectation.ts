import { diagonalNoise } from "../estimation/diagonal-noise.ts";
import { largestContraction } from "../estimation/largest-contraction.ts";
import { findModeFromNoise } from "../estimation/mode/mode-from-noise.ts";
import { type Hyperparameters, withHyperparameters } from "../models/create-model.ts";
import type { Model } from "../models/model.ts";
import { createRandom } from "../rng/xoshiro.ts";
import type { Workspace } from "../rows/workspace.ts";
import type { StepMatrix } from "../sampling/chains/chain-spec.ts";
import { meanOfRows, runChains } from "../sampling/chains/run-chains.ts";
import { boundedDiagonalStep, type DiagonalNoise, effectiveParameters } from "../theory/bounded-diagonal.ts";
import { type PriorGroup, precisionSlope } from "../theory/evidence.ts";
import { drawByDraw, type ExpectationStep, type Segment, segmentSeed } from "./expectation.ts";

const chains = 2;
/** Draws of a chain in one segment, which is one pass over the data. */
const drawsPerSegment = 8;
/** Rows whose gradients are looked at for diag C at the start; then every so many batches of the chains. */
const firstLook = 6000;
const lookEvery = 16;
/** ρ(HA) is kept below this, so that the chain is near the diffusion whose law the theory gives. */
const maxContraction = 0.5;
/** About the rows over which it is found. */
const rowsOfContraction = 4000;
const powerIterations = 10;
const largestBatch = 100;
/** The batch size is chosen again once a logarithm of λ has moved this far. */
const farPrecision = 0.7;
/** δ: what the minibatch noise may add to E|θ − m|², relative. */
const excess = 0.03;
/** A segment is shorter than the chain's memory, so log λ moves by a share of its Newton step. */
const damping = 0.5;
/** Segments before the first step in λ. */
const burnInSegments = 4;

/**
 * The E-step without M×M matrices: everything is diagonal, memory O(M), a segment is one pass over the data.
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
export class DiagonalExpectation implements ExpectationStep {
  private readonly mark: number;
  private positions: readonly Float64Array[] = [];
  /** diag C, so far. */
  private noise: Float64Array;
  private looked = 0;
  private previous: Float64Array;
  private batch: { readonly size: number; readonly priorPrecision: Float64Array } | undefined;

  constructor(
    private readonly workspace: Workspace,
    private readonly base: Model,
    private readonly groups: readonly PriorGroup[],
    private readonly seed: number,
    private readonly rule: "bounded" | "scalar" = "bounded",
  ) {
    this.mark = base.memory.mark();
    this.noise = new Float64Array(base.dimension);
    this.previous = base.priorPrecision;
  }

  async information(hyperparameters: Hyperparameters): Promise<Float64Array> {
    const { workspace, base, seed } = this;
    const { numRows } = base.rows;
    const model = withHyperparameters(base, hyperparameters);
    const { position } = await findModeFromNoise(workspace, model, { tolerance: 1e-2 });
    const sample = { count: firstLook, random: createRandom(seed, 0, 5) };
    this.learnNoise(await diagonalNoise(workspace, model, position, sample), firstLook);
    // About as dispersed as the posterior, so that the chains need not spread out first.
    const sds = this.noise.map((value, j) => 1 / Math.sqrt(numRows * value + Math.max(model.priorPrecision[j], 1e-9)));
    this.positions = Array.from({ length: chains }, (_, chain) => {
      const random = createRandom(seed, chain, 4);
      return position.map((value, j) => value + sds[j] * random.normal());
    });
    this.previous = model.priorPrecision;
    base.memory.release(this.mark);
    for (let index = 1; index <= burnInSegments; index++) await this.segment(hyperparameters, index - burnInSegments);
    return this.noise.map((value) => numRows * value);
  }

  async segment(hyperparameters: Hyperparameters, index: number): Promise<Segment> {
    const { base, groups } = this;
    const { numRows } = base.rows;
    try {
      const model = withHyperparameters(base, hyperparameters);
      const positions = await this.run(model, index);
      const center = meanOfRows(positions, base.dimension);
      const slopes = groups.map(({ parameters }) => {
        const precision = model.priorPrecision[parameters[0]];
        const offset = Float64Array.from(parameters, (j) => center[j] - model.priorMean[j]);
        const variances = Float64Array.from(parameters, (j) => 1 / (numRows * this.noise[j] + precision));
        return precisionSlope(precision, offset, variances);
      });
      return { draws: drawByDraw(positions, base.dimension), slopes, damping };
    } finally {
      base.memory.release(this.mark);
    }
  }

  close(): void {
    this.base.memory.release(this.mark);
  }

  /** One pass over the data, from where the chains of the segment before have ended. */
  private async run(model: Model, index: number): Promise<readonly Float64Array[]> {
    const { numRows } = model.rows;
    const given = { noise: this.noise, priorPrecision: model.priorPrecision, numRows };
    const batchSize = await this.batchSizeFor(model, given);
    const { step, noise } = this.updateFor(given, batchSize);
    const from = this.rescaled(model);
    const stepsPerDraw = Math.max(1, Math.round(numRows / (batchSize * drawsPerSegment)));
    const { positions, noiseEstimates } = await runChains(
      { workspace: this.workspace, mode: from[0] },
      {
        model,
        gradient: "minibatch",
        batchSize,
        pull: 0,
        step: { kind: "diagonal", values: step },
        noise,
        from,
        burnInSteps: 0,
        stepsPerDraw,
        momentEvery: stepsPerDraw,
        keepMoments: false,
        noiseEstimate: { kind: "within-batch", every: lookEvery, shape: "diagonal" },
        chains,
        draws: drawsPerSegment,
        seed: segmentSeed(this.seed, index + burnInSegments),
      },
      "learning the prior",
    );
    this.positions = positions.map((values) => values.slice(-model.dimension));
    for (const { diagonal, batches } of noiseEstimates) this.learnNoise(diagonal, batches * batchSize);
    return positions;
  }

  /** Where the chains were, spread out as λ asks for now. */
  private rescaled({ priorPrecision, priorMean, rows }: Model): Float64Array[] {
    const { previous } = this;
    const factor = this.noise.map((value, j) => {
      const told = rows.numRows * value;
      return told > 0 || previous[j] > 0 ? Math.sqrt((told + previous[j]) / (told + priorPrecision[j])) : 1;
    });
    this.previous = priorPrecision;
    return this.positions.map((position) =>
      position.map((value, j) => priorMean[j] + factor[j] * (value - priorMean[j])),
    );
  }

  private learnNoise(diagonal: Float64Array, count: number): void {
    this.looked += count;
    this.noise = this.noise.map((value, j) => value + (count / this.looked) * (diagonal[j] - value));
  }

  /** H and R for batches of S rows. */
  private updateFor(given: DiagonalNoise, batchSize: number): { step: Float64Array; noise: StepMatrix } {
    const { dimension } = this.base;
    if (this.rule === "scalar") {
      const trace = given.noise.reduce((sum, value) => sum + value, 0);
      const rate = (2 * batchSize * dimension) / (given.numRows * trace);
      return { step: new Float64Array(dimension).fill(rate), noise: { kind: "none" } };
    }
    const spread = this.groups.reduce(
      (sum, { parameters }) => sum + parameters.length / given.priorPrecision[parameters[0]],
      0,
    );
    const largest = (2 * excess * batchSize * spread) / effectiveParameters(given);
    const { step, noise: factor } = boundedDiagonalStep(given, batchSize, largest);
    return { step, noise: { kind: "diagonal", values: factor } };
  }

  /** H grows with S: the S for which it still contracts gently, looked for again when λ, and with it H, has moved. */
  private async batchSizeFor(model: Model, given: DiagonalNoise): Promise<number> {
    const { priorPrecision, numRows } = given;
    const moved = this.batch?.priorPrecision.some(
      (value, j) => value > 0 && Math.abs(Math.log(priorPrecision[j] / value)) > farPrecision,
    );
    if (!this.batch || moved) {
      const random = createRandom(this.seed, 1, 5);
      const perRow = this.updateFor(given, 1).step;
      const contraction = await largestContraction(this.workspace, model, this.positions[0], perRow, {
        rows: { step: Math.max(1, Math.floor(numRows / rowsOfContraction)) },
        iterations: powerIterations,
        normal: () => random.normal(),
      });
      const size = Math.max(1, Math.min(largestBatch, Math.floor(maxContraction / contraction)));
      this.batch = { size, priorPrecision };
    }
    return this.batch.size;
  }
}
