import type { RowLayout } from "./fill.ts";

/** Pairs are compared row by row, so only so many of them. */
const maxComparisons = 200;

/** Warnings of columns that are the same in every row. Only columns whose mean and scale agree are compared. */
export function duplicateWarnings({ rows, numRows, stride, columns }: RowLayout): string[] {
  const warnings: string[] = [];
  const groups = new Map<string, number[]>();
  let comparisons = 0;
  columns.forEach(({ mean, scale, isIntercept, name, term }, j) => {
    // Unstandardised columns all look alike, and telling them apart would take another pass.
    if (isIntercept || (mean === 0 && scale === 1)) return;
    // Equal values may be added up in another order, which leaves the last digits open.
    const key = `${mean.toPrecision(10)} ${scale.toPrecision(10)}`;
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    const twin = group.find((other) => {
      // Indicators of one term never coincide.
      if (columns[other].term === term || comparisons++ >= maxComparisons) return false;
      for (let i = 0; i < numRows; i++)
        if (Math.abs(rows[i * stride + j] - rows[i * stride + other]) > 1e-6) return false;
      return true;
    });
    if (twin === undefined) group.push(j);
    else
      warnings.push(`${name} is the same as ${columns[twin].name} in every row; leave one of them out of the formula.`);
  });
  return warnings;
}
