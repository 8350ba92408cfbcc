import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { CrossedModel } from "./model.ts";
import type { CrossedStructure } from "./structure.ts";
import type { VarianceLayout } from "./variances.ts";

export interface CrossedSettings {
  readonly chains: number;
  readonly draws: number;
  readonly seed: number;
  /** How many draws keep all effects with them, for predictions of known levels. Default 0. */
  readonly effectDraws?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (stage: string, share: number) => void;
  /** Where chains keep their state, and the density's exact values are kept. */
  readonly checkpoint?: Checkpoint;
}

/** Posterior mean and sd of every level's effects: effect c of level j at j q + c. */
export interface EffectMoments {
  readonly mean: Float64Array;
  readonly sd: Float64Array;
}

/**
 * Some of the draws with all effects, in f32: with these draws' β they are joint draws. Predictions for known levels, and whatever
 * else depends on several effects, are means over them.
 */
export interface KeptEffects {
  /** The numbers of the draws, chain × draws a chain + draw. */
  readonly draws: Uint32Array;
  /** By factor of the model: kept draws × (levels × q). */
  readonly effects: readonly Float32Array[];
}

/** Draws spread evenly over all chains, `count` of them at most. */
export function keptDraws(count: number, total: number): Uint32Array {
  const kept = Math.min(count, total);
  return Uint32Array.from({ length: kept }, (_, at) => Math.floor(((at + 0.5) * total) / kept));
}

/** Collects `KeptEffects` from draws that come in their order. */
export class EffectStore implements KeptEffects {
  readonly effects: readonly Float32Array[];
  readonly #offsets: readonly number[];
  #next = 0;

  constructor(
    model: CrossedModel,
    structure: CrossedStructure,
    readonly draws: Uint32Array,
  ) {
    this.#offsets = structure.offsets;
    this.effects = model.factors.map(
      ({ numLevels, effects }) => new Float32Array(draws.length * numLevels * effects.length),
    );
  }

  /** What it holds so far. */
  get state(): { readonly effects: readonly Float32Array[]; readonly next: number } {
    return { effects: this.effects, next: this.#next };
  }

  set state({ effects, next }: { readonly effects: readonly Float32Array[]; readonly next: number }) {
    for (const [factor, values] of effects.entries()) this.effects[factor].set(values);
    this.#next = next;
  }

  offer(draw: number, unknowns: Float64Array): void {
    if (this.draws[this.#next] !== draw) return;
    for (const [factor, values] of this.effects.entries()) {
      const size = values.length / this.draws.length;
      const from = this.#offsets[factor];
      values.set(unknowns.subarray(from, from + size), this.#next * size);
    }
    this.#next++;
  }
}

export interface CrossedPosterior {
  readonly layout: VarianceLayout;
  /** By chain: draws × (D + the variance parameters), row-major, as β and then θ in the layout's order. */
  readonly draws: readonly Float64Array[];
  /** By factor of the model. */
  readonly effects: readonly EffectMoments[];
  readonly kept: KeptEffects;
  readonly error: CrossedError;
}

/** The variance parameters' log density is interpolated between exact values: how far off it was at fresh draws. */
interface InterpolationError {
  readonly kind: "interpolated";
  readonly rms: number;
  readonly largest: number;
  readonly checks: number;
  /** Points at which it was computed. */
  readonly points: number;
}

/** Draws of a chain that has the posterior as its law: what is off is the Monte Carlo error that the draws' summary tells. */
interface SampledError {
  readonly kind: "sampled";
  /** Mean acceptance of trajectories, gradients over all rows that a draw took, and the step in radians. */
  readonly acceptance: number;
  readonly gradientsPerDraw: number;
  readonly step: number;
}

export type CrossedError = InterpolationError | SampledError;
