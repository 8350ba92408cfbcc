/** How rows of groups stand side by side, one group after the other. */
export interface SizesOfGroups {
  /** How many rows each group of the only factor has, or of the inner one of two that are nested. */
  readonly rows: readonly number[];
  /** Where factors are nested: how many inner groups each group of the outer one has. */
  readonly inner?: readonly number[];
}

/** How many groups there are: of the outer factor, where two are nested. */
export function numGroupsOf({ rows, inner }: SizesOfGroups): number {
  return (inner ?? rows).length;
}

/** How many rows each group has. */
export function rowsOfEach({ rows, inner }: SizesOfGroups): readonly number[] {
  if (!inner) return rows;
  const starts = startsOfSizes(inner);
  return inner.map((_, group) => sumOf(rows.slice(starts[group], starts[group + 1])));
}

/** Some of the groups, by their numbers, one after the other. */
export function someGroups({ rows, inner }: SizesOfGroups, numbers: readonly number[]): SizesOfGroups {
  if (!inner) return { rows: numbers.map((group) => rows[group]) };
  const starts = startsOfSizes(inner);
  return {
    rows: numbers.flatMap((group) => rows.slice(starts[group], starts[group + 1])),
    inner: numbers.map((group) => inner[group]),
  };
}

/** The groups of all parts, part after part. */
export function joinedGroups(parts: readonly SizesOfGroups[]): SizesOfGroups {
  const isNested = parts.some(({ inner }) => inner);
  return {
    rows: parts.flatMap(({ rows }) => rows),
    ...(isNested && { inner: parts.flatMap(({ inner }) => inner ?? []) }),
  };
}

export function areSameGroups(some: SizesOfGroups, others: SizesOfGroups): boolean {
  return isSame(some.rows, others.rows) && isSame(some.inner ?? [], others.inner ?? []);
}

/** Where each begins when they stand side by side, and after the last where it ends. */
export function startsOfSizes(sizes: ArrayLike<number>): Uint32Array {
  const starts = new Uint32Array(sizes.length + 1);
  for (let k = 0; k < sizes.length; k++) starts[k + 1] = starts[k] + sizes[k];
  return starts;
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const isSame = (some: readonly number[], others: readonly number[]) =>
  some.length === others.length && some.every((value, k) => value === others[k]);
