import normalQuantile from "@stdlib/stats-base-dists-normal-quantile";
import { type OrderedDraws, orderDraws, pool } from "./ordered-draws.ts";

/**
 * Ranks and quantiles of draws pooled over chains: the parts that R̂ and the effective sample sizes share.
 *
 * Throughout `diagnostics/`, `chains` is one Float64Array of draws per chain, all of the same length.
 *
 * Source: Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), "Rank-normalization, folding, and localization:
 * an improved R̂ for assessing convergence of MCMC", Bayesian Analysis 16(2); numbers as ArviZ 0.23 computes them.
 */

/** Fewest draws in a chain for which the diagnostics are defined; below it they are NaN, as in ArviZ. */
const minDraws = 4;

/**
 * Checks the shape of `chains`.
 *
 * @throws RangeError if there is no chain, if a chain is empty, or if lengths differ.
 */
export function requireEqualLengths(chains: readonly Float64Array[]): void {
  if (chains.length === 0) throw new RangeError("expected at least one chain, got none");
  const draws = chains[0].length;
  if (draws === 0) throw new RangeError("expected at least one draw per chain, got none");
  for (let chain = 1; chain < chains.length; chain++) {
    if (chains[chain].length !== draws) {
      throw new RangeError(`expected ${draws} draws in every chain, got ${chains[chain].length} in chain ${chain}`);
    }
  }
}

/** Whether a diagnostic over `chains` is defined: at least `leastDraws` draws per chain and no NaN among them. */
export function areDiagnosable(chains: readonly Float64Array[]): boolean {
  requireEqualLengths(chains);
  return chains[0].length >= minDraws && !chains.some(hasNaN);
}

function hasNaN(values: Float64Array): boolean {
  for (let index = 0; index < values.length; index++) if (Number.isNaN(values[index])) return true;
  return false;
}

/** Chains of the same shape with `transform` of every draw; a plain loop, several times faster than `map`. */
export function mapDraws(chains: readonly Float64Array[], transform: (draw: number) => number): Float64Array[] {
  return chains.map((chain) => {
    const result = new Float64Array(chain.length);
    for (let index = 0; index < chain.length; index++) result[index] = transform(chain[index]);
    return result;
  });
}

/** Halves of every chain, as views: M chains of N draws become 2M chains of ⌊N/2⌋; an odd length loses its middle draw. */
export function splitChains(chains: readonly Float64Array[]): Float64Array[] {
  const half = Math.floor(chains[0].length / 2);
  // ArviZ's order: all first halves, then all second halves.
  return [...chains.map((chain) => chain.subarray(0, half)), ...chains.map((chain) => chain.subarray(-half))];
}

/** Draws of all chains in ascending order, length M·N; NaN comes last. */
export function sortPooled(chains: readonly Float64Array[]): Float64Array {
  return pool(chains).sort();
}

/**
 * Quantile of sorted values, Hyndman & Fan's type 7 (R's default): linear between order statistics, the least at
 * probability 0, the greatest at 1.
 *
 * @throws RangeError if `probability` is outside [0, 1].
 */
export function quantileOfSorted(sorted: Float64Array, probability: number): number {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`expected a probability in [0, 1], got ${probability}`);
  }
  const size = sorted.length;
  if (size < 2) return sorted[0] ?? Number.NaN;
  const { index, fraction } = positionOfQuantile(size, probability);
  return (1 - fraction) * sorted[index - 1] + fraction * sorted[index];
}

/** A quantile of two sorted numbers or more lies between those at `index` − 1 and `index`, `fraction` of the way. */
export function positionOfQuantile(size: number, probability: number): { index: number; fraction: number } {
  // The tail ESS counts draws ≤ this number, and it is often itself a draw, so its last bit decides on which side
  // that draw falls: the expressions are those of scipy.stats.mstats.mquantiles, in its order of operations.
  const position = size * probability + (1 - probability);
  const index = Math.floor(Math.min(Math.max(position, 1), size - 1));
  return { index, fraction: Math.min(Math.max(position - index, 0), 1) };
}

/** Normal scores in the shape of the chains they rank. */
export interface RankScores {
  /** Of the draws. */
  bulk: Float64Array[];
  /** Of the distances of the draws from their median, |x − median|. */
  folded: Float64Array[];
}

/**
 * Normal scores of the pooled ranks: z = Φ⁻¹((r − 3/8) / (S + 1/4)), with S the number of all draws and r the rank
 * from 1, averaged among ties (Vehtari et al. 2021, §4; offset of Blom 1958). Cost: linear in S, one sort for both.
 *
 * @param chains M chains of N draws, none NaN.
 * @param ordered The same draws in order, if the caller has them already.
 */
export function rankNormalize(chains: readonly Float64Array[], ordered = orderDraws(chains)): RankScores {
  const { sorted, order } = ordered;
  const size = sorted.length;
  const median = (sorted[(size - 1) >> 1] + sorted[size >> 1]) / 2;

  // Distances fall up to the median and rise from it on: merging the two runs orders them without another sort.
  const distances = new Float64Array(size);
  const foldedOrder = new Uint32Array(size);
  let below = ((size + 1) >> 1) - 1;
  let above = below + 1;
  for (let index = 0; index < size; index++) {
    const ofBelow = below >= 0 ? Math.abs(sorted[below] - median) : Number.POSITIVE_INFINITY;
    const ofAbove = above < size ? Math.abs(sorted[above] - median) : Number.POSITIVE_INFINITY;
    const takeBelow = above === size || (below >= 0 && ofBelow <= ofAbove);
    distances[index] = takeBelow ? ofBelow : ofAbove;
    foldedOrder[index] = takeBelow ? order[below--] : order[above++];
  }

  const draws = chains[0].length;
  const shaped = (scores: Float64Array) =>
    chains.map((_, chain) => scores.subarray(chain * draws, (chain + 1) * draws));
  return { bulk: shaped(scoresInOrder(sorted, order)), folded: shaped(scoresInOrder(distances, foldedOrder)) };
}

/** The scores of split chains: of an even length the draws, and their ranks, are the same as of whole ones. */
export function rankNormalizeSplit(chains: readonly Float64Array[], ordered?: OrderedDraws): RankScores {
  if (chains[0].length % 2 === 1) return rankNormalize(splitChains(chains));
  const { bulk, folded } = rankNormalize(chains, ordered);
  return { bulk: splitChains(bulk), folded: splitChains(folded) };
}

/** Scores of values in ascending order, put where the values stand. */
function scoresInOrder(sorted: Float64Array, order: Uint32Array): Float64Array {
  const size = sorted.length;
  const scores = new Float64Array(size);
  for (let first = 0; first < size; ) {
    const value = sorted[first];
    let next = first + 1;
    while (next < size && sorted[next] === value) next++;
    const score = normalScore(first + next + 1, size);
    for (let index = first; index < next; index++) scores[order[index]] = score;
    first = next;
  }
  return scores;
}

// A score depends on the rank and the size only and costs more than the rest of a draw's part in a summary, which
// asks for the same size once per coefficient: the scores of the last size are kept. Ties have half ranks, hence
// twice the rank as index; the upper half of the ranks follows by symmetry.
let knownScores = { size: 0, byTwiceRank: new Float64Array(0) };

function normalScore(twiceRank: number, size: number): number {
  if (twiceRank > size + 1) return -normalScore(2 * size + 2 - twiceRank, size);
  if (knownScores.size !== size) knownScores = { size, byTwiceRank: new Float64Array(size + 2).fill(Number.NaN) };
  const known = knownScores.byTwiceRank[twiceRank];
  if (!Number.isNaN(known)) return known;
  const score = normalQuantile((twiceRank / 2 - 3 / 8) / (size + 1 / 4), 0, 1);
  knownScores.byTwiceRank[twiceRank] = score;
  return score;
}
