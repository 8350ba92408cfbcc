import { sparseHeadWords, sparseRowEnd } from "../engine/bindings/sparse-row.ts";
import type { RowLayout } from "./fill.ts";

/** Pairs are compared row by row, so only so many of them. */
const maxComparisons = 200;

/** Warnings of columns that are the same in every row. Only columns whose mean and scale agree are compared. */
export function duplicateWarnings(layout: RowLayout): string[] {
  const { numRows, columns } = layout;
  const valueAt = layout.sparse ? sparseValues(layout) : denseValues(layout);
  const warnings: string[] = [];
  /** Columns by mean and scale, then by term: indicators of one term never coincide, and of its words none can be left out. */
  const alike = new Map<string, Map<string, number[]>>();
  let comparisons = 0;

  function areSame(a: number, b: number): boolean {
    if (comparisons++ >= maxComparisons) return false;
    for (let n = 0; n < numRows; n++) if (Math.abs(valueAt(n, a) - valueAt(n, b)) > 1e-6) return false;
    return true;
  }

  columns.forEach(({ mean, scale, isIntercept, name, term }, j) => {
    // Unstandardised columns all look alike, and telling them apart would take another pass.
    if (isIntercept || (mean === 0 && scale === 1)) return;
    // Equal values may be added up in another order, which leaves the last digits open.
    const key = `${mean.toPrecision(10)} ${scale.toPrecision(10)}`;
    const terms = alike.get(key) ?? new Map<string, number[]>();
    alike.set(key, terms);
    for (const [other, members] of terms) {
      const twin = other === term ? undefined : members.find((member) => areSame(member, j));
      if (twin === undefined) continue;
      warnings.push(`${name} is the same as ${columns[twin].name} in every row; leave one of them out of the formula.`);
      return;
    }
    const members = terms.get(term);
    if (members) members.push(j);
    else terms.set(term, [j]);
  });
  return warnings;
}

function denseValues({ rows, stride }: RowLayout) {
  return (n: number, j: number) => rows[n * stride + j];
}

/** x' of column j in row n: columns of one mean and scale have one shift. */
function sparseValues({ rows, numRows, sparse }: RowLayout) {
  const words = new Uint32Array(rows.buffer, rows.byteOffset, rows.length);
  const starts = new Uint32Array(rows.buffer, rows.byteOffset + sparse!.startsAt, numRows);
  return (n: number, j: number) => {
    const head = (starts[n] - rows.byteOffset) / 4;
    const end = sparseRowEnd(words, head);
    for (let at = head + sparseHeadWords; at < end; at += 2) if (words[at] === j) return rows[at + 1];
    return 0;
  };
}
