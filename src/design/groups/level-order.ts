import { InputError } from "../../errors.ts";
import type { GroupStructure } from "./group-types.ts";
import { maxGroupLevels, NumberIndex } from "./number-index.ts";

/** A partition of the rows: the level of each, from 0. */
export interface Partition {
  readonly name: string;
  readonly numLevels: number;
  /** N, in the order of the table. */
  readonly levelOf: Uint32Array;
}

/** The pairs of levels of two partitions that occur, in the order of the first's and then the second's levels. */
export function pairsOf(
  name: string,
  left: Omit<Partition, "name">,
  right: Omit<Partition, "name">,
): Partition & { readonly parts: readonly [left: Uint32Array, right: Uint32Array] } {
  const index = new NumberIndex(name);
  const [outer, inner] = [left.levelOf, right.levelOf];
  const radix = right.numLevels;
  const levelOf = new Uint32Array(outer.length);
  for (let n = 0; n < outer.length; n++) levelOf[n] = index.add(outer[n] * radix + inner[n]);
  const { values, rankOf } = index.sorted();
  for (let n = 0; n < levelOf.length; n++) levelOf[n] = rankOf[levelOf[n]];
  const parts = [
    Uint32Array.from(values, (key) => Math.floor(key / radix)),
    Uint32Array.from(values, (key) => key % radix),
  ] as const;
  return { name, numLevels: values.length, levelOf, parts };
}

/** The level of `outer` in which each level of `inner` lies; nothing where one lies in several. */
function parentsOf(inner: Partition, outer: Partition): Uint32Array | undefined {
  const none = 2 ** 32 - 1;
  const parents = new Uint32Array(inner.numLevels).fill(none);
  for (let n = 0; n < inner.levelOf.length; n++) {
    const level = inner.levelOf[n];
    if (parents[level] === none) parents[level] = outer.levelOf[n];
    else if (parents[level] !== outer.levelOf[n]) return undefined;
  }
  return parents;
}

/** How partitions lie among each other, in which order, and in which order their levels stand. */
export interface PartitionOrder {
  readonly structure: GroupStructure;
  /** Places among the given partitions: nested ones from the outermost in. */
  readonly order: readonly number[];
  /** The place, in `order`, of the one by which rows are sorted. */
  readonly sortedBy: number;
  /** For each in `order` the level that stands in each place; nothing where they stand as they are numbered. */
  readonly levels: readonly (Uint32Array | undefined)[];
}

/**
 * Finds whether partitions are nested in the data, and orders them and their levels, so that rows sorted by the innermost
 * are sorted by all. O(N) a pair.
 * @throws InputError where two group the rows in the same way
 */
export function orderPartitions(partitions: readonly Partition[]): PartitionOrder {
  refuseSame(partitions);
  const places = partitions.map((_, place) => place);
  const outwards = places.sort((a, b) => partitions[a].numLevels - partitions[b].numLevels);
  const parents = outwards.slice(1).map((inner, k) => parentsOf(partitions[inner], partitions[outwards[k]]));
  if (partitions.length === 1) return { structure: "single", order: [0], sortedBy: 0, levels: [undefined] };
  if (!parents.every((found) => found !== undefined)) {
    const order = partitions.map((_, place) => place);
    return { structure: "crossed", order, sortedBy: outwards.at(-1)!, levels: order.map(() => undefined) };
  }
  const levels: (Uint32Array | undefined)[] = [undefined];
  for (const found of parents) levels.push(withinParents(found, levels.at(-1)));
  return { structure: "nested", order: outwards, sortedBy: outwards.length - 1, levels };
}

/** @throws InputError where two partitions are the same */
function refuseSame(partitions: readonly Partition[]): void {
  partitions.forEach((partition, k) => {
    const isSame = (other: Partition) => other.numLevels === partition.numLevels && parentsOf(partition, other);
    const other = partitions.slice(0, k).find(isSame);
    if (!other) return;
    throw new InputError(
      `${partition.name} groups the rows in the same way as ${other.name}, so that their effects cannot be told apart; leave one of them out of the formula.`,
    );
  });
}

/** Levels sorted by the places of their parents, and within one as they are numbered. */
function withinParents(parents: Uint32Array, order: Uint32Array | undefined): Uint32Array | undefined {
  const places = order && inverseOf(order);
  const keys = Float64Array.from(
    parents,
    (parent, level) => (places ? places[parent] : parent) * maxGroupLevels + level,
  );
  const levels = Uint32Array.from(keys.sort(), (key) => key % maxGroupLevels);
  return levels.every((level, place) => level === place) ? undefined : levels;
}

/** Where each number stands in a permutation. */
export function inverseOf(permutation: Uint32Array): Uint32Array {
  const inverse = new Uint32Array(permutation.length);
  for (let place = 0; place < permutation.length; place++) inverse[permutation[place]] = place;
  return inverse;
}

/** The place of each row when rows are sorted by level, those of one level as they stand; nothing where they stand so. */
export function sortedPlaces(levelOf: Uint32Array, numLevels: number): Uint32Array | undefined {
  let isSorted = true;
  const next = new Uint32Array(numLevels + 1);
  for (let n = 0; n < levelOf.length; n++) {
    next[levelOf[n] + 1]++;
    if (n > 0 && levelOf[n] < levelOf[n - 1]) isSorted = false;
  }
  if (isSorted) return undefined;
  for (let level = 0; level < numLevels; level++) next[level + 1] += next[level];
  const places = new Uint32Array(levelOf.length);
  for (let n = 0; n < levelOf.length; n++) places[n] = next[levelOf[n]]++;
  return places;
}
