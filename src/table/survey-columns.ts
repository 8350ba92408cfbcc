import type { Column, Survey, SurveyWanted } from "./table-source.ts";

/** A spread below this share of the values may be taken for none. */
export const minSpread = 1e-5;

/** What `TableSource.survey` tells of columns in memory. All rows are counted: that takes a moment. */
export function surveyColumns(
  columns: ReadonlyMap<string, Column>,
  rowsSeen: number,
  { names, numbers, weights }: SurveyWanted,
): Survey {
  const isLeftOut = new Uint8Array(rowsSeen);
  for (const name of names) {
    const column = columns.get(name)!;
    if (column.kind === "number") mark(isLeftOut, column.values, Number.isNaN);
    else mark(isLeftOut, column.codes, (code) => code < 0);
  }
  const weight = weights === undefined ? undefined : columns.get(weights);
  if (weight?.kind === "number") mark(isLeftOut, weight.values, (value) => value === 0);
  const nonZeros = numbers.map((name) => nonZerosOf(columns.get(name)!, isLeftOut));
  return { rowsSeen, numRows: isLeftOut.reduce((count, left) => count + 1 - left, 0), nonZeros };
}

function mark(marks: Uint8Array, values: Float64Array | Int32Array, isMarked: (value: number) => boolean): void {
  for (let i = 0; i < values.length; i++) if (isMarked(values[i])) marks[i] = 1;
}

function nonZerosOf(column: Column, isLeftOut: Uint8Array): number {
  if (column.kind !== "number") return 0;
  const { values } = column;
  let [count, min, max] = [0, Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    if (isLeftOut[i] === 1) continue;
    if (values[i] !== 0) count++;
    min = Math.min(min, values[i]);
    max = Math.max(max, values[i]);
  }
  return max - min > minSpread * Math.max(Math.abs(min), Math.abs(max)) ? count : 0;
}
