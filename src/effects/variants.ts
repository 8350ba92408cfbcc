import { InputError } from "../errors.ts";
import { type Column, formatCount, type TableChunk } from "../table/table-source.ts";

/** What is done to a column of all rows: it is set to a value, or a number is added. */
export type Change = { readonly column: string; readonly isBoolean: boolean } & (
  | { readonly set: number | string }
  | { readonly add: number }
);

/** The changes that make a row what is predicted; none leave it as it is. */
export type Variant = readonly Change[];

/** Different variants, numbered in the order of their first use. */
export class Variants {
  readonly list: Variant[] = [];
  private readonly places = new Map<string, number>();

  /** @throws InputError where they become too many */
  placeOf(variant: Variant): number {
    const key = JSON.stringify(variant);
    let place = this.places.get(key);
    if (place === undefined) {
      place = this.list.push(variant) - 1;
      this.places.set(key, place);
      if (place >= maxVariants)
        throw new InputError(
          `More than ${formatCount(maxVariants)} different predictions of each row are wanted; name fewer columns by --of, or fewer values by --at.`,
        );
    }
    return place;
  }
}

const maxVariants = 2000;

/** The rows with their columns changed; a missing value stays missing, so that every variant is of the same rows. */
export function changed(chunk: TableChunk, variant: Variant): TableChunk {
  if (variant.length === 0) return chunk;
  const columns = new Map(chunk.columns);
  for (const change of variant) {
    const column = columns.get(change.column);
    if (column) columns.set(change.column, changedColumn(column, change));
  }
  return { numRows: chunk.numRows, columns };
}

function changedColumn(column: Column, change: Change): Column {
  if (column.kind === "number") {
    const result = "set" in change ? () => Number(change.set) : (value: number) => value + change.add;
    return { kind: "number", values: column.values.map((value) => (Number.isNaN(value) ? value : result(value))) };
  }
  if (!("set" in change)) throw new RangeError("Nothing is added to levels.");
  const level = String(change.set);
  const levels = change.isBoolean ? ["false", "true"] : [level];
  const own = levels.indexOf(level);
  return { kind: "category", levels, codes: column.codes.map((code) => (code < 0 ? code : own)) };
}
