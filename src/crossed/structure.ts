import type { CrossedModel } from "./model.ts";

/**
 * Which unknowns (effects, then β) meet in a row, found once: the sparse pattern of CᵀWC, C = [Z X]. The factor with the most
 * effects is eliminated first, for its levels meet in no row, so that its part of the matrix is block-diagonal; what is left
 * after it is the dense Schur complement of the other factors' effects and β, the "rest".
 */
export interface CrossedStructure {
  /** The factors in the order of their unknowns; the first is eliminated. */
  readonly order: readonly number[];
  /** By factor of the model: its first unknown. Effect c of level j is `offsets[f] + j q_f + c`. */
  readonly offsets: readonly number[];
  /** The first unknown of the rest, and that of β. */
  readonly restAt: number;
  readonly fixedAt: number;
  readonly numUnknowns: number;
  readonly support: Support;
  /** The pairs among the other factors. */
  readonly pairs: readonly CellPair[];
}

/** What each level of the eliminated factor meets: unknowns of the rest other than β, ascending. */
interface Support {
  /** L + 1: where a level's support begins. */
  readonly start: Float64Array;
  /** Numbers of unknowns, counted from `restAt`. */
  readonly unknowns: Uint32Array;
  /** For each other factor, in `order`: where in its level's support (absolute) a row's first effect stands. */
  readonly atRow: readonly Uint32Array[];
}

/** The cells, pairs of levels that meet in a row, of two factors. */
interface CellPair {
  readonly first: number;
  readonly second: number;
  readonly firstLevel: Uint32Array;
  readonly secondLevel: Uint32Array;
  /** N */
  readonly ofRow: Uint32Array;
}

export function crossedStructure(model: CrossedModel): CrossedStructure {
  const { factors, numFixed } = model;
  const sizes = factors.map(({ numLevels, effects }) => numLevels * effects.length);
  const order = [...factors.keys()].sort((a, b) => sizes[b] - sizes[a]);
  const offsets: number[] = [];
  let next = 0;
  for (const factor of order) {
    offsets[factor] = next;
    next += sizes[factor];
  }
  const restAt = sizes[order[0]];
  const others = order.slice(1);
  return {
    ...{ order, offsets, restAt, fixedAt: next, numUnknowns: next + numFixed },
    support: supportOf(model, order, offsets, restAt),
    pairs: others.flatMap((first, index) => others.slice(index + 1).map((second) => cellPair(model, first, second))),
  };
}

function supportOf(model: CrossedModel, order: readonly number[], offsets: readonly number[], restAt: number): Support {
  const [eliminated, ...others] = order;
  const { numLevels } = model.factors[eliminated];
  const pairs = others.map((other) => cellPair(model, eliminated, other));
  const effectsOf = (pair: CellPair) => model.factors[pair.second].effects.length;
  const start = new Float64Array(numLevels + 1);
  for (const pair of pairs) for (const level of pair.firstLevel) start[level + 1] += effectsOf(pair);
  for (let level = 0; level < numLevels; level++) start[level + 1] += start[level];
  const unknowns = new Uint32Array(start[numLevels]);
  const filled = start.slice(0, numLevels);
  const atRow = pairs.map((pair) => {
    const count = effectsOf(pair);
    const from = offsets[pair.second] - restAt;
    const atCell = new Uint32Array(pair.firstLevel.length);
    for (let cell = 0; cell < atCell.length; cell++) {
      const level = pair.firstLevel[cell];
      atCell[cell] = filled[level];
      for (let effect = 0; effect < count; effect++)
        unknowns[filled[level]++] = from + pair.secondLevel[cell] * count + effect;
    }
    return pair.ofRow.map((cell) => atCell[cell]);
  });
  return { start, unknowns, atRow };
}

/** The cells ordered by the first factor's levels and then by the second's, in time O(N). */
function cellPair({ factors, numRows }: CrossedModel, first: number, second: number): CellPair {
  const [a, b] = [factors[first], factors[second]];
  const rows = sortedBy(a.levelOf, a.numLevels, sortedBy(b.levelOf, b.numLevels, Uint32Array.from(a.levelOf.keys())));
  const ofRow = new Uint32Array(numRows);
  const firstLevel = new Uint32Array(numRows);
  const secondLevel = new Uint32Array(numRows);
  let count = 0;
  for (const row of rows) {
    const [j, k] = [a.levelOf[row], b.levelOf[row]];
    if (count === 0 || firstLevel[count - 1] !== j || secondLevel[count - 1] !== k) {
      firstLevel[count] = j;
      secondLevel[count] = k;
      count++;
    }
    ofRow[row] = count - 1;
  }
  return { first, second, firstLevel: firstLevel.slice(0, count), secondLevel: secondLevel.slice(0, count), ofRow };
}

/** A stable counting sort of `rows` by their levels. */
export function sortedBy(levelOf: Uint32Array, numLevels: number, rows: Uint32Array): Uint32Array {
  const next = new Uint32Array(numLevels + 1);
  for (const row of rows) next[levelOf[row] + 1]++;
  for (let level = 0; level < numLevels; level++) next[level + 1] += next[level];
  const sorted = new Uint32Array(rows.length);
  for (const row of rows) sorted[next[levelOf[row]]++] = row;
  return sorted;
}
