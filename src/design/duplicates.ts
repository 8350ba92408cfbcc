import { sparseEntry } from "../engine/bindings/sparse-row.ts";
import type { DesignColumn } from "./design-types.ts";
import type { RowLayout } from "./fill.ts";

/** Pairs are compared row by row, so only so many of them. */
const maxComparisons = 200;

type Pair = readonly [number, number];

/** Columns that may be the same in every row: those whose mean and scale agree. Indicators of one term never coincide, and of its words none can be left out. */
export class TwinWatch {
  /** Those that are the same in all rows that were looked at; the earlier column stands first. */
  pairs: readonly Pair[];

  constructor(columns: readonly DesignColumn[]) {
    /** By mean and scale, then by term, so that a term of 100,000 levels that all look alike costs no pairs among them. */
    const alike = new Map<string, Map<string, number[]>>();
    const pairs: Pair[] = [];
    columns.forEach(({ mean, scale, isIntercept, term }, j) => {
      // Unstandardised columns all look alike, and telling them apart would take another pass.
      if (isIntercept || (mean === 0 && scale === 1)) return;
      // Equal values may be added up in another order, which leaves the last digits open.
      const key = `${mean.toPrecision(10)} ${scale.toPrecision(10)}`;
      const terms = alike.get(key) ?? new Map<string, number[]>();
      alike.set(key, terms);
      for (const [other, members] of terms)
        if (other !== term) pairs.push(...members.slice(0, maxComparisons - pairs.length).map((i): Pair => [i, j]));
      terms.set(term, terms.get(term) ?? []);
      terms.get(term)!.push(j);
    });
    this.pairs = pairs;
  }

  /** @param valueAt of row n and column j */
  look(numRows: number, valueAt: (n: number, j: number) => number): void {
    this.pairs = this.pairs.filter(([a, b]) => {
      for (let n = 0; n < numRows; n++) if (Math.abs(valueAt(n, a) - valueAt(n, b)) > 1e-6) return false;
      return true;
    });
  }
}

/** Warnings of columns that are the same in every row of a design in memory. */
export function duplicateWarnings(layout: RowLayout): string[] {
  const watch = new TwinWatch(layout.columns);
  watch.look(layout.numRows, layout.sparse ? sparseValues(layout) : denseValues(layout));
  return twinWarnings(layout.columns, watch.pairs);
}

/** @param pairs of columns that are the same in every row, the earlier one first */
export function twinWarnings(columns: readonly DesignColumn[], pairs: readonly Pair[]): string[] {
  const twins = new Set<number>();
  return columns.flatMap(({ name }, j) => {
    const twin = pairs.find(([i, k]) => k === j && !twins.has(i));
    if (!twin) return [];
    twins.add(j);
    return [`${name} is the same as ${columns[twin[0]].name} in every row; leave one of them out of the formula.`];
  });
}

export function denseValues({ rows, stride }: Pick<RowLayout, "rows" | "stride">) {
  return (n: number, j: number) => rows[n * stride + j];
}

function sparseValues({ rows, numRows, sparse }: RowLayout) {
  const starts = new Uint32Array(rows.buffer, rows.byteOffset + sparse!.startsAt, numRows);
  return recordValues(rows, (n) => (starts[n] - rows.byteOffset) / 4);
}

/** The same of records that stand in places of one size. */
export function placedValues({ rows, stride }: Pick<RowLayout, "rows" | "stride">) {
  return recordValues(rows, (n) => n * stride);
}

/** x' of column j in row n, whose record begins at a word: columns of one mean and scale have one shift. */
function recordValues(rows: Float32Array, beginOf: (n: number) => number) {
  const words = new Uint32Array(rows.buffer, rows.byteOffset, rows.length);
  return (n: number, j: number) => sparseEntry(words, rows, beginOf(n), j);
}
