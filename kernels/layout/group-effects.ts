// Tasks over the effects of groups themselves, given θ and the data (kernels/groups/sum-effects.ts and draw-effects.ts).
// A record of slots as layout/model.ts has them, compiled by AssemblyScript and by TypeScript alike.
import { Law, maxEffects } from "./groups";

/** One task, called once for each of several θ: it takes the next one by itself. */
export const enum GroupEffects {
  /** u32: address of a Model record with groups. */
  model = 0,
  /** u32: address of M f64 for each θ, and which of them is next. */
  positions = 1,
  next = 2,
  /** u32: the groups from .. to − 1. */
  from = 3,
  to = 4,
  /** u32: address of effectsScratchBytes bytes of scratch memory. */
  scratch = 5,
  /** u32: address of R f64 for each θ, and R. The first weighs all moments, the others the means alone. */
  weights = 6,
  numWeights = 7,
  /**
   * u32: address of f64 for each inner group. Of sums, to which is added: R q for Σ w E[b], q² for Σ w E[b bᵀ], and q q_o for
   * Σ w E[b b_oᵀ] where there are outer effects b_o. Of draws: q for each θ, one θ after the other.
   */
  inner = 8,
  /** u32: the same of each outer group, without the last part; 0 where there is one factor. */
  outer = 9,
  /** u32: address of effectsRandomBytes bytes, for draws: a stream of 16 u32, then room that is 0 at first. */
  random = 10,
  /** u32: how many θ there are. */
  numPositions = 11,
  slots = 12,
}

/** f64 that the sums of a level take. */
export function effectSumsLength(numEffects: u32, numWeights: u32, outerEffects: u32): u32 {
  return numEffects * (numWeights + numEffects + outerEffects);
}

/** Bytes before the scratch memory of the work on a group: law, shares of the outer nodes, and vectors and matrices of one level. */
export function effectsScratchBytes(numOuterNodes: u32): u32 {
  return 8 * (Law.length + numOuterNodes + effectsFixedLength);
}

export const effectsFixedLength: u32 = 4 * maxEffects * maxEffects + 16 * maxEffects;

/** A stream, and the reader of its words (WordReader of kernels/chains/random.ts). */
export const effectsRandomBytes: u32 = 64 + 272;
