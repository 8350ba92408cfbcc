import type { Factor } from "../../formula/formula.ts";
import { visitColumns } from "../../formula/formula.ts";
import { combine, type Moments, momentsOf } from "../../table/moments.ts";
import { type CategoryColumn, compareText, type TableChunk } from "../../table/table-source.ts";
import type { TypicalValue } from "../design-types.ts";

/** The same of some rows, in plain data. */
export interface TypicalStatistics {
  readonly moments: readonly (readonly [name: string, Moments])[];
  readonly counts: readonly (readonly [name: string, readonly (readonly [string | number, number])[]])[];
}

/**
 * Where the columns of a table lie over the rows of a fit: means and population sds of numbers, the most frequent of values that
 * are levels. What a recipe keeps of them stands for the rows where there are none.
 */
export class TypicalValues {
  private readonly moments = new Map<string, Moments>();
  private readonly ranges = new Map<string, Range | undefined>();
  private readonly counts = new Map<string, Map<string | number, number>>();
  /** The columns of numbers that are levels. */
  private readonly asLevels = new Set<string>();

  /** @param texts columns that are read as whole texts, of which none is typical */
  constructor(
    factors: readonly Factor[],
    private readonly texts: ReadonlySet<string>,
  ) {
    for (const { wrapper, expression } of factors)
      if (wrapper === "C") visitColumns(expression, (name) => this.asLevels.add(name));
  }

  add({ columns }: TableChunk): void {
    for (const [name, column] of columns) {
      if (this.texts.has(name)) continue;
      if (column.kind === "category") countLevels(this.countsOf(name), column);
      else if (this.asLevels.has(name)) countValues(this.countsOf(name), column.values);
      else {
        const own = momentsOf(column.values);
        const before = this.moments.get(name);
        this.moments.set(name, before ? combine(before, own) : own);
        this.ranges.set(name, rangeOf(column.values, this.ranges.get(name)));
      }
    }
  }

  get statistics(): TypicalStatistics {
    return {
      moments: [...this.moments],
      counts: [...this.counts].map(([name, counts]) => [name, [...counts]]),
    };
  }

  /** Adds what was gathered of other rows. */
  merge({ moments, counts }: TypicalStatistics): void {
    for (const [name, others] of moments) {
      const before = this.moments.get(name);
      this.moments.set(name, before ? combine(before, others) : others);
    }
    for (const [name, others] of counts) {
      const own = this.countsOf(name);
      for (const [value, count] of others) own.set(value, (own.get(value) ?? 0) + count);
    }
  }

  /** Nothing for a column of whole texts. */
  of(name: string): TypicalValue | undefined {
    const moments = this.moments.get(name);
    const range = this.ranges.get(name);
    if (moments) return { mean: moments.mean, sd: Math.sqrt(moments.squares / Math.max(1, moments.count)), ...range };
    const counts = this.counts.get(name);
    return counts && counts.size > 0 ? { mode: mostFrequent(counts) } : undefined;
  }

  private countsOf(name: string): Map<string | number, number> {
    let counts = this.counts.get(name);
    if (!counts) {
      counts = new Map();
      this.counts.set(name, counts);
    }
    return counts;
  }
}

export interface Range {
  readonly least: number;
  readonly largest: number;
}

/** The least and the largest of numbers, and of those before; nothing of none. */
export function rangeOf(values: Float64Array, before?: Range): Range | undefined {
  let [least, largest] = [before?.least ?? Number.POSITIVE_INFINITY, before?.largest ?? Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < least) least = value;
    if (value > largest) largest = value;
  }
  return least <= largest ? { least, largest } : undefined;
}

function countLevels(counts: Map<string | number, number>, { codes, levels }: CategoryColumn): void {
  const own = new Float64Array(levels.length);
  for (const code of codes) if (code >= 0) own[code]++;
  own.forEach((count, code) => {
    if (count > 0) counts.set(levels[code], (counts.get(levels[code]) ?? 0) + count);
  });
}

function countValues(counts: Map<string | number, number>, values: Float64Array): void {
  for (const value of values) if (!Number.isNaN(value)) counts.set(value, (counts.get(value) ?? 0) + 1);
}

/** Of several the first in order, so that the order of the rows does not matter. */
function mostFrequent(counts: ReadonlyMap<string | number, number>): string | number {
  const isBefore = (a: string | number, b: string | number) =>
    typeof a === "number" && typeof b === "number" ? a < b : compareText(String(a), String(b)) < 0;
  return [...counts].reduce((best, next) =>
    next[1] > best[1] || (next[1] === best[1] && isBefore(next[0], best[0])) ? next : best,
  )[0];
}
