import { invertLower } from "../linalg/cholesky.ts";
import { dot, type Matrix, multiply } from "../linalg/matrix.ts";
import { negativeLogDensity } from "../priors/densities.ts";
import type { Xoshiro } from "../rng/xoshiro.ts";
import { type Potential, priorParts } from "./potential.ts";
import type { ReferenceLaw } from "./reference-law.ts";
import { sliceAlong } from "./slice.ts";
import {
  logDensityOfEffects,
  logPriorOfTerm,
  scaleFactor,
  sigmaOf,
  type Term,
  type VarianceLayout,
} from "./variances.ts";

/** What the pilot run learns. */
export interface ChainTuning {
  reference: ReferenceLaw;
  /** ε of the rotations, and by parameter the sd of the moves that carry the effects along. */
  step: number;
  readonly moves: Float64Array;
}

/** Acceptance that tuning aims at: of trajectories, and of a random walk in one dimension. */
const [wantedTrajectories, wantedMoves] = [0.85, 0.44];
const quarter = Math.PI / 2;

/**
 * A Markov chain over all effects b, β and the variance parameters θ, of which one iteration has three updates, each of which
 * leaves the posterior as it is:
 *
 * 1. (b, β) given θ by Hamiltonian Monte Carlo over about a quarter turn in z, u = û + L⁻ᵀ z with the normal law at θ̂: were the
 *    posterior that law, z would turn in a circle, without error for any step, and be independent after a quarter. Steps have
 *    to follow only what differs from it. Where a term's Σ is less than at θ̂, its effects are scaled by L(θ) L(θ̂)⁻¹
 *    first, so that no direction is stiffer than there.
 * 2. θ given b, term by term, by slice sampling: it depends on Σ_j b_j b_jᵀ alone. Mixes well where rows know the effects.
 * 3. θ given L(θ)⁻¹ b, by Metropolis steps that carry the effects along. Mixes well where rows know little of them, and where τ is
 *    near 0. (Interweaving: Yu & Meng 2011.)
 */
export class EffectChain {
  readonly unknowns: Float64Array;
  readonly theta: Float64Array;
  /** Of the last iteration: the trajectory's acceptance, and its gradients. */
  acceptance = 0;
  gradients = 0;
  /** Of the unknowns as they are. */
  #rowLoss = Number.NaN;
  #iteration = 0;

  constructor(
    private readonly potential: Potential,
    private readonly layout: VarianceLayout,
    private readonly tuning: ChainTuning,
    start: { readonly unknowns: Float64Array; readonly theta: Float64Array },
    private readonly random: Xoshiro,
  ) {
    this.unknowns = start.unknowns.slice();
    this.theta = start.theta.slice();
  }

  /** @param gain how fast the tuning follows what is seen; 0 leaves it as it is */
  async iterate(gain = 0): Promise<void> {
    if (this.#iteration++ === 0) this.#rowLoss = await this.potential.rowLoss(this.unknowns);
    await this.#moveEffects();
    if (gain > 0) {
      this.tuning.step *= Math.exp(gain * (this.acceptance - wantedTrajectories));
      this.tuning.step = Math.min(quarter, this.tuning.step);
    }
    for (const term of this.layout.terms) {
      this.#drawVariances(term);
      await this.#carryEffects(term, gain);
    }
    if (this.layout.sigmaAt >= 0) this.#drawSigma();
  }

  async #moveEffects(): Promise<void> {
    const { potential, random, tuning } = this;
    const { reference, step } = tuning;
    const parts = priorParts(potential.model, this.layout, this.theta);
    const scales = this.#scales();
    const size = this.unknowns.length;
    const angle = quarter * (0.7 + 0.5 * random.uniform());
    const steps = Math.max(1, Math.ceil(angle / step));
    const turn = angle / steps;
    const [cosine, sine] = [Math.cos(turn), Math.sin(turn)];
    const z = this.#whitened(scales);
    const momentum = Float64Array.from({ length: size }, () => random.normal());
    const before =
      parts.scale * this.#rowLoss +
      potential.priorLoss(this.unknowns, parts.precisions) +
      0.5 * dot(momentum, momentum);
    const unknowns = this.unknowns.slice();
    let rowLoss = 0;
    const push = async (length: number, isLast = false) => {
      const { slope, rowLoss: loss } = await potential.slope(unknowns, parts, isLast);
      rowLoss = loss;
      for (const [index, term] of this.layout.terms.entries())
        if (scales[index]) potential.transformEffects(term, scales[index], slope, true);
      await reference.factor.solveLower(slope);
      for (let j = 0; j < size; j++) momentum[j] -= length * (slope[j] - z[j]);
    };
    await push(0.5 * turn);
    for (let at = 1; at <= steps; at++) {
      for (let j = 0; j < size; j++) {
        const old = z[j];
        z[j] = cosine * old + sine * momentum[j];
        momentum[j] = cosine * momentum[j] - sine * old;
      }
      await this.#unwhiten(z, scales, unknowns);
      await push(at < steps ? turn : 0.5 * turn, at === steps);
    }
    this.gradients = steps + 1;
    const after =
      parts.scale * rowLoss + potential.priorLoss(unknowns, parts.precisions) + 0.5 * dot(momentum, momentum);
    this.acceptance = Number.isFinite(after) ? Math.min(1, Math.exp(before - after)) : 0;
    if (random.uniform() >= this.acceptance) return;
    this.unknowns.set(unknowns);
    this.#rowLoss = rowLoss;
  }

  /** By term L(θ) L(θ̂)⁻¹ where that shrinks, else nothing. */
  #scales(): (Matrix | undefined)[] {
    const { theta } = this.tuning.reference;
    return this.layout.terms.map((term) => {
      const own = scaleFactor(term, this.theta);
      const scale = multiply(own, invertLower(scaleFactor(term, theta)));
      let determinant = 1;
      for (let a = 0; a < term.numEffects; a++) determinant *= scale.data[a * (term.numEffects + 1)];
      return determinant < 1 ? scale : undefined;
    });
  }

  /** z = Lᵀ (S⁻¹ u − û) */
  #whitened(scales: readonly (Matrix | undefined)[]): Float64Array {
    const { center, factor } = this.tuning.reference;
    const z = this.unknowns.slice();
    for (const [index, term] of this.layout.terms.entries()) {
      const scale = scales[index];
      if (scale) this.potential.transformEffects(term, invertLower(scale), z);
    }
    for (let j = 0; j < z.length; j++) z[j] -= center[j];
    factor.multiplyUpper(z);
    return z;
  }

  /** u = S (û + L⁻ᵀ z) */
  async #unwhiten(z: Float64Array, scales: readonly (Matrix | undefined)[], unknowns: Float64Array): Promise<void> {
    const { center, factor } = this.tuning.reference;
    unknowns.set(z);
    await factor.solveUpper(unknowns);
    for (let j = 0; j < unknowns.length; j++) unknowns[j] += center[j];
    for (const [index, term] of this.layout.terms.entries()) {
      const scale = scales[index];
      if (scale) this.potential.transformEffects(term, scale, unknowns);
    }
  }

  /** log τ and z of one term given its effects, one coordinate after the other, three times. */
  #drawVariances(term: Term): void {
    const products = this.potential.products(term, this.unknowns);
    const logDensity = (theta: Float64Array) =>
      logDensityOfEffects(term, theta, products) + logPriorOfTerm(term, theta);
    const count = (term.numEffects * (term.numEffects + 1)) / 2;
    const direction = new Float64Array(this.theta.length);
    let current = logDensity(this.theta);
    for (let sweep = 0; sweep < (count === 1 ? 1 : 3); sweep++)
      for (let at = term.at; at < term.at + count; at++) {
        direction[at] = 3 / Math.sqrt(1 + (at < term.at + term.numEffects ? 2 : 1) * term.numLevels);
        current = sliceAlong(this.random, logDensity, this.theta, direction, current);
        direction[at] = 0;
      }
  }

  /** log σ given the rows' errors. */
  #drawSigma(): void {
    const { sigmaAt, sigmaPrior } = this.layout;
    const { weights, numRows } = this.potential.model;
    const count = weights ? weights.reduce((sum, weight) => sum + weight, 0) : numRows;
    const logDensity = (theta: Float64Array) =>
      -count * theta[sigmaAt] -
      this.#rowLoss * Math.exp(-2 * theta[sigmaAt]) -
      negativeLogDensity(sigmaPrior, theta[sigmaAt]).value;
    const direction = new Float64Array(this.theta.length);
    direction[sigmaAt] = 3 / Math.sqrt(1 + 2 * count);
    sliceAlong(this.random, logDensity, this.theta, direction, logDensity(this.theta));
  }

  /** One coordinate of the term in turn: θ′ with b′ = L(θ′) L(θ)⁻¹ b, accepted by the likelihood and θ's prior. */
  async #carryEffects(term: Term, gain: number): Promise<void> {
    const { potential, random, theta, tuning } = this;
    const count = (term.numEffects * (term.numEffects + 1)) / 2;
    const at = term.at + (this.#iteration % count);
    const moved = theta.slice();
    moved[at] += tuning.moves[at] * random.normal();
    const unknowns = this.unknowns.slice();
    potential.transformEffects(
      term,
      multiply(scaleFactor(term, moved), invertLower(scaleFactor(term, theta))),
      unknowns,
    );
    const rowLoss = await potential.rowLoss(unknowns);
    const scale = this.potential.model.family === "gaussian" ? sigmaOf(this.layout, theta) ** -2 : 1;
    const change = scale * (this.#rowLoss - rowLoss) + logPriorOfTerm(term, moved) - logPriorOfTerm(term, theta);
    const acceptance = Number.isFinite(change) ? Math.min(1, Math.exp(change)) : 0;
    if (gain > 0) tuning.moves[at] = Math.min(3, tuning.moves[at] * Math.exp(gain * (acceptance - wantedMoves)));
    if (random.uniform() >= acceptance) return;
    theta.set(moved);
    this.unknowns.set(unknowns);
    this.#rowLoss = rowLoss;
  }
}
