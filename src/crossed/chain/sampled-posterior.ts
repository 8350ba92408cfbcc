import { statePlace } from "../../checkpoint/checkpoint.ts";
import type { Engine } from "../../engine/engine.ts";
import { createRandom, type Xoshiro } from "../../rng/xoshiro.ts";
import { requireNoise } from "../least-noise.ts";
import type { CrossedModel } from "../model.ts";
import {
  type CrossedPosterior,
  type CrossedSettings,
  type EffectMoments,
  EffectStore,
  keptDraws,
} from "../posterior.ts";
import type { PrecisionRoot } from "../precision/precision-root.ts";
import { crossedStructure } from "../structure.ts";
import { firstGuess, type VarianceLayout, varianceLayout } from "../variances.ts";
import { type ChainTuning, EffectChain, type EffectChainState } from "./effect-chain.ts";
import { Potential } from "./potential.ts";
import { findReferenceLaw } from "./reference-law.ts";
import { rootFor } from "./root-for.ts";

/** Random streams (src/rng/xoshiro.ts). */
const purposes = { pilot: 5, chain: 6 } as const;
/** Iterations of the pilot run after which θ̂ is set anew, to the mean over their second half. */
const pilotStages = [30, 40, 60] as const;
const warmUp = 60;
/** The width of a slice of the family's own parameters, in their sds. */
const sliceWidth = 2.5;
/** A chain's start is so much wider than the posterior. */
const dispersion = 1.5;

/**
 * Rows of any family: draws of the posterior of (β, b, θ) by chains of `EffectChain`, after a pilot run has found about which θ̂
 * the effects are nearly normal, and how long steps may be. Effects are summed as they are drawn.
 */
export async function sampledPosterior(
  engine: Engine,
  model: CrossedModel,
  { chains, draws, seed, signal, onProgress, checkpoint, effectDraws = 0 }: CrossedSettings,
): Promise<CrossedPosterior> {
  const layout = varianceLayout(model);
  const mark = engine.memory.mark();
  try {
    const potential = new Potential(engine, model, crossedStructure(model));
    const factor = await rootFor(engine, potential, layout, signal);
    const { tuning, spread } = await runPilot(potential, factor, layout, {
      ...{ random: createRandom(seed, 0, purposes.pilot), signal },
      onProgress: (share) => onProgress?.("warming up", share),
    });
    const moments = new RunningMoments(potential.structure.fixedAt);
    const kept = new EffectStore(potential.model, potential.structure, keptDraws(effectDraws, chains * draws));
    const totals: Totals = { acceptance: 0, gradients: 0, iterations: 0 };
    const result: Float64Array[] = [];
    const run = { potential, layout, tuning, spread, moments, kept, totals, seed, draws, signal, checkpoint };
    for (let index = 0; index < chains; index++) {
      const onIteration = (fraction: number) => onProgress?.("sampling", (index + fraction) / chains);
      result.push(await runChain(run, index, onIteration));
    }
    return {
      ...{ layout, draws: result, effects: effectMoments(potential, moments), kept },
      error: {
        ...{ kind: "sampled", step: tuning.step },
        acceptance: totals.acceptance / totals.iterations,
        gradientsPerDraw: totals.gradients / totals.iterations,
      },
    };
  } finally {
    engine.memory.release(mark);
  }
}

/** Sums over the draws of all chains so far. */
interface Totals {
  acceptance: number;
  gradients: number;
  iterations: number;
}

interface SampledRun extends Pick<CrossedSettings, "draws" | "seed" | "signal" | "checkpoint"> {
  readonly potential: Potential;
  readonly layout: VarianceLayout;
  readonly tuning: ChainTuning;
  readonly spread: Float64Array;
  readonly moments: RunningMoments;
  readonly kept: EffectStore;
  readonly totals: Totals;
}

/** What a chain of a run keeps. */
interface ChainState {
  readonly next: number;
  readonly chain: EffectChainState;
  readonly own: Float64Array;
  readonly moments: MomentsState;
  readonly kept: EffectStore["state"];
  readonly totals: Totals;
}

/** draws × (D + the variance parameters) of one chain; adds to the run's sums. */
async function runChain(
  run: SampledRun,
  index: number,
  onIteration: (fraction: number) => void,
): Promise<Float64Array> {
  const { potential, layout, tuning, spread, moments, kept, totals, seed, draws, signal } = run;
  const { fixedAt } = potential.structure;
  const random = createRandom(seed, index, purposes.chain);
  const theta = tuning.reference.theta.map((value, at) => value + dispersion * spread[at] * random.normal());
  const unknowns = await scattered(potential, tuning, random);
  const chain = new EffectChain(potential, layout, tuning, { unknowns, theta }, random);
  const width = potential.model.numFixed + layout.size;
  const own = new Float64Array(draws * width);
  const place = statePlace<ChainState>(run.checkpoint, "effects", [index, seed, draws, theta]);
  const { before } = place ?? {};
  if (before) {
    chain.state = before.chain;
    own.set(before.own);
    moments.state = before.moments;
    kept.state = before.kept;
    Object.assign(totals, before.totals);
  }
  for (let iteration = before?.next ?? -warmUp; iteration < draws; iteration++) {
    signal?.throwIfAborted();
    await chain.iterate();
    chain.caution = iteration < -1 ? cautionAfter(chain) : 1;
    onIteration((iteration + warmUp) / (draws + warmUp));
    if (iteration >= 0) {
      totals.acceptance += chain.acceptance;
      totals.gradients += chain.gradients;
      totals.iterations++;
      moments.add(chain.unknowns);
      kept.offer(index * draws + iteration, chain.unknowns);
      own.set(chain.unknowns.subarray(fixedAt), iteration * width);
      own.set(chain.theta, iteration * width + potential.model.numFixed);
    }
    const state = (): ChainState => {
      const sums = { moments: moments.state, kept: kept.state, totals };
      return { next: iteration + 1, chain: chain.state, own, ...sums };
    };
    if (iteration < draws - 1) place?.offer(state);
    else place?.keep(state());
  }
  return own;
}

/** Shorter steps after a trajectory that was hardly acceptable, longer ones again after others. */
function cautionAfter({ acceptance, caution }: EffectChain): number {
  return acceptance > 0.3 ? Math.min(1, 2 * caution) : Math.max(1 / 16, caution / 2);
}

interface PilotOptions {
  readonly random: Xoshiro;
  readonly signal?: AbortSignal;
  readonly onProgress: (share: number) => void;
}

/** The tuning, and the sds of θ in the last stage. */
async function runPilot(
  potential: Potential,
  factor: PrecisionRoot,
  layout: VarianceLayout,
  { random, signal, onProgress }: PilotOptions,
): Promise<{ readonly tuning: ChainTuning; readonly spread: Float64Array }> {
  const guess = firstGuess(potential.model, layout);
  const start = new Float64Array(potential.structure.numUnknowns);
  const reference = await findReferenceLaw(potential, factor, layout, { theta: guess, start, signal });
  const moves = new Float64Array(layout.size).fill(0.1);
  const tuning: ChainTuning = { reference, step: 0.5, moves };
  const unknowns = await scattered(potential, tuning, random);
  const chain = new EffectChain(potential, layout, tuning, { unknowns, theta: guess }, random);
  const total = pilotStages.reduce((sum, count) => sum + count, 0);
  let done = 0;
  let spread = new Float64Array(layout.size);
  for (const [stage, count] of pilotStages.entries()) {
    const seen = new RunningMoments(layout.size);
    for (let iteration = 0; iteration < count; iteration++) {
      signal?.throwIfAborted();
      // Powers that are no squares differ in the last bit from engine to engine, exponentials and logarithms need not (studio/worker/elementary.ts).
      await chain.iterate(Math.exp(-0.6 * Math.log(iteration + 1)));
      requireNoise(potential.model, layout, chain.theta);
      if (iteration >= count / 2) seen.add(chain.theta);
      onProgress(++done / total);
    }
    spread = seen.sds();
    for (const { at } of layout.auxiliaries) if (at >= 0) moves[at] = sliceWidth * spread[at];
    if (stage < pilotStages.length - 1) {
      const { center } = tuning.reference;
      tuning.reference = await findReferenceLaw(potential, factor, layout, { theta: seen.mean, start: center, signal });
    }
  }
  return { tuning, spread };
}

/** û + 1.5 L⁻ᵀ z */
async function scattered({ structure }: Potential, { reference }: ChainTuning, random: Xoshiro): Promise<Float64Array> {
  const offset = Float64Array.from({ length: structure.numUnknowns }, () => dispersion * random.normal());
  await reference.factor.solveUpper(offset);
  return offset.map((value, at) => value + reference.center[at]);
}

interface MomentsState {
  readonly mean: Float64Array;
  readonly squares: Float64Array;
  readonly count: number;
}

/** Mean and variance of vectors, by Welford's updates; those of longer vectors take their first entries. */
class RunningMoments {
  readonly mean: Float64Array;
  readonly #squares: Float64Array;
  #count = 0;

  constructor(size: number) {
    this.mean = new Float64Array(size);
    this.#squares = new Float64Array(size);
  }

  add(values: Float64Array): void {
    this.#count++;
    for (let at = 0; at < this.mean.length; at++) {
      const before = values[at] - this.mean[at];
      this.mean[at] += before / this.#count;
      this.#squares[at] += before * (values[at] - this.mean[at]);
    }
  }

  get state(): MomentsState {
    return { mean: this.mean, squares: this.#squares, count: this.#count };
  }

  set state({ mean, squares, count }: MomentsState) {
    this.mean.set(mean);
    this.#squares.set(squares);
    this.#count = count;
  }

  sds(): Float64Array<ArrayBuffer> {
    return Float64Array.from(this.#squares, (squares) => Math.sqrt(squares / Math.max(1, this.#count - 1)));
  }
}

function effectMoments({ model, structure }: Potential, moments: RunningMoments): EffectMoments[] {
  const sds = moments.sds();
  return model.factors.map(({ numLevels, effects }, factor) => {
    const from = structure.offsets[factor];
    const to = from + numLevels * effects.length;
    return { mean: moments.mean.slice(from, to), sd: sds.slice(from, to) };
  });
}
