import { invertLower } from "../../linalg/cholesky.ts";
import { dot, multiply } from "../../linalg/matrix.ts";
import type { Xoshiro } from "../../rng/xoshiro.ts";
import { sliceAlong } from "../slice.ts";
import {
  logDensityOfEffects,
  logPriorOfTerm,
  scaleFactor,
  type Term,
  tauOf,
  type VarianceLayout,
} from "../variances.ts";
import { AuxiliaryDraws } from "./auxiliary-draws.ts";
import { lossScale, type Potential, potentialParts } from "./potential.ts";
import type { ReferenceLaw } from "./reference-law.ts";
import { Whitening } from "./whitening.ts";

/** What the pilot run learns. */
export interface ChainTuning {
  reference: ReferenceLaw;
  /** The angle of a step. */
  step: number;
  /** By parameter the sd of the moves that carry the effects along; of the family's own parameters the width of a slice. */
  readonly moves: Float64Array;
}

/** All that decides how a chain goes on, beside its tuning. */
export interface EffectChainState {
  readonly unknowns: Float64Array;
  readonly theta: Float64Array;
  readonly rowLoss: number;
  readonly caution: number;
  readonly iteration: number;
  readonly random: Uint32Array;
}

/** Acceptance that tuning aims at: of trajectories, and of a random walk in one dimension. */
const [wantedTrajectories, wantedMoves] = [0.85, 0.44];
const quarter = Math.PI / 2;
/** Where even so many steps a trajectory are too long, few are accepted, which the certificate says. */
const mostSteps = 32;

/** Places of the pushes in a step and their weights: Gauss and Legendre's with two. */
const nodes = [
  [0.5 - Math.sqrt(1 / 12), 0.5],
  [0.5 + Math.sqrt(1 / 12), 0.5],
] as const;

/**
 * A Markov chain over all effects b, β and the variance parameters θ, of which one iteration has four updates, each of which
 * leaves the posterior as it is:
 *
 * 1. (b, β) given θ by Hamiltonian Monte Carlo over about a quarter turn in z, u = û + L⁻ᵀ z with the normal law at θ̂: were the
 *    posterior that law, z would turn in a circle, without error for any step, and be independent after a quarter. Pushes have
 *    to follow only what differs from it, and are made at the two nodes of Gauss and Legendre's quadrature in each step, so that
 *    what is of first order in that difference is followed to the fourth order of the step (McLachlan 1995, his ABA with two
 *    stages). Where a term's Σ is less than at θ̂, its effects are scaled by L(θ) L(θ̂)⁻¹
 *    first, so that no direction is stiffer than there.
 * 2. θ given b, term by term, by slice sampling: it depends on Σ_j b_j b_jᵀ alone. Mixes well where rows know the effects.
 * 3. θ given L(θ)⁻¹ b, by Metropolis steps that carry the effects along. Mixes well where rows know little of them, and where τ is
 *    near 0. (Interweaving: Yu & Meng 2011.)
 * 4. The family's own parameters given η, one after the other, by slice sampling.
 */
export class EffectChain {
  readonly unknowns: Float64Array;
  readonly theta: Float64Array;
  /** Of the last iteration: the trajectory's acceptance, and its gradients. */
  acceptance = 0;
  gradients = 0;
  /** The share of the tuned step that is taken: less in the warm-up, while a chain that began far out is refused. */
  caution = 1;
  /** Of the unknowns as they are. */
  #rowLoss = Number.NaN;
  #iteration = 0;
  readonly #auxiliaries: AuxiliaryDraws;

  constructor(
    private readonly potential: Potential,
    private readonly layout: VarianceLayout,
    private readonly tuning: ChainTuning,
    start: { readonly unknowns: Float64Array; readonly theta: Float64Array },
    private readonly random: Xoshiro,
  ) {
    this.unknowns = start.unknowns.slice();
    this.theta = start.theta.slice();
    this.#auxiliaries = new AuxiliaryDraws(potential, layout, random);
  }

  get state(): EffectChainState {
    const { unknowns, theta, caution, random } = this;
    return { unknowns, theta, caution, rowLoss: this.#rowLoss, iteration: this.#iteration, random: random.state };
  }

  set state({ unknowns, theta, rowLoss, caution, iteration, random }: EffectChainState) {
    this.unknowns.set(unknowns);
    this.theta.set(theta);
    this.#rowLoss = rowLoss;
    this.caution = caution;
    this.#iteration = iteration;
    this.random.state = random;
  }

  /** @param gain how fast the tuning follows what is seen; 0 leaves it as it is */
  async iterate(gain = 0): Promise<void> {
    if (this.#iteration++ === 0)
      this.#rowLoss = await this.potential.rowLoss(this.unknowns, tauOf(this.layout, this.theta));
    await this.#moveEffects();
    if (gain > 0) {
      this.tuning.step *= Math.exp(gain * (this.acceptance - wantedTrajectories));
      this.tuning.step = Math.min(1.2 * quarter, this.tuning.step);
    }
    for (const term of this.layout.terms) {
      this.#drawVariances(term);
      await this.#carryEffects(term, gain);
    }
    for (const place of this.layout.auxiliaries)
      if (place.at >= 0)
        this.#rowLoss = await this.#auxiliaries.draw(place, this, this.#rowLoss, this.tuning.moves[place.at]);
  }

  async #moveEffects(): Promise<void> {
    const { potential, random, tuning } = this;
    const parts = potentialParts(potential.model, this.layout, this.theta);
    const whitening = new Whitening(potential, this.layout, tuning.reference, this.theta);
    const angle = quarter * (0.7 + 0.5 * random.uniform());
    const steps = Math.min(mostSteps, Math.max(1, Math.round(angle / (tuning.step * this.caution))));
    const z = whitening.whiten(this.unknowns);
    const momentum = Float64Array.from(z, () => random.normal());
    const energy = (unknowns: Float64Array, rowLoss: number) =>
      parts.scale * rowLoss + potential.priorLoss(unknowns, parts.precisions) + 0.5 * dot(momentum, momentum);
    const before = energy(this.unknowns, this.#rowLoss);
    const unknowns = new Float64Array(z.length);
    let turned = 0;
    for (let step = 0; step < steps; step++)
      for (const [place, weight] of nodes) {
        const next = ((step + place) * angle) / steps;
        rotate(z, momentum, next - turned);
        turned = next;
        await whitening.unwhiten(z, unknowns);
        const slope = await whitening.whitenSlope(await potential.slope(unknowns, parts));
        const length = (weight * angle) / steps;
        // z is the slope of the law that the rotation follows.
        for (let j = 0; j < z.length; j++) momentum[j] -= length * (slope[j] - z[j]);
      }
    rotate(z, momentum, angle - turned);
    await whitening.unwhiten(z, unknowns);
    const rowLoss = await potential.rowLoss(unknowns, parts.tau);
    this.gradients = steps * nodes.length;
    const after = energy(unknowns, rowLoss);
    this.acceptance = Number.isFinite(after) ? Math.min(1, Math.exp(before - after)) : 0;
    if (random.uniform() >= this.acceptance) return;
    this.unknowns.set(unknowns);
    this.#rowLoss = rowLoss;
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
    const rowLoss = await potential.rowLoss(unknowns, tauOf(this.layout, theta));
    const change =
      lossScale(potential.model, this.layout, theta) * (this.#rowLoss - rowLoss) +
      logPriorOfTerm(term, moved) -
      logPriorOfTerm(term, theta);
    const acceptance = Number.isFinite(change) ? Math.min(1, Math.exp(change)) : 0;
    if (gain > 0) tuning.moves[at] = Math.min(3, tuning.moves[at] * Math.exp(gain * (acceptance - wantedMoves)));
    if (random.uniform() >= acceptance) return;
    theta.set(moved);
    this.unknowns.set(unknowns);
    this.#rowLoss = rowLoss;
  }
}

/** z and its momentum turn about the origin, as they do without error under a standard normal law. */
function rotate(z: Float64Array, momentum: Float64Array, angle: number): void {
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  for (let j = 0; j < z.length; j++) {
    const old = z[j];
    z[j] = cosine * old + sine * momentum[j];
    momentum[j] = cosine * momentum[j] - sine * old;
  }
}
