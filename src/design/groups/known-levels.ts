import type { ExpressionScope } from "../../formula/expression.ts";
import type { Factor } from "../../formula/formula.ts";
import type { CompleteRows } from "../../table/complete-rows.ts";
import { compileGroupingColumn, type GroupingColumn } from "./grouping-columns.ts";
import { NumberIndex } from "./number-index.ts";
import type { RecipeFactor, RecipeLevels } from "./recipe-types.ts";

/** Finds the levels of a fit's grouping factor in other rows. */
export class KnownLevels {
  private readonly columns: readonly KnownColumn[];
  /** The levels by the places of their columns' levels; absent where a level's number is its place. */
  private readonly index: NumberIndex | undefined;

  /** @throws InputError where a column does not fit the table */
  constructor({ name, numLevels, columns, places }: RecipeFactor, by: readonly Factor[], scope: ExpressionScope) {
    this.columns = columns.map(({ levels }, c) => new KnownColumn(compileGroupingColumn(by[c], scope), levels));
    if (!places) return;
    // Codes are given in the order of the levels, and so are these.
    this.index = new NumberIndex(name);
    for (let level = 0; level < numLevels; level++) this.index.add(this.keyOf(places.map((of) => of[level])));
  }

  /** The level of each row, −1 where the fit has none such. */
  read(rows: CompleteRows): Int32Array {
    const places = this.columns.map((column) => column.read(rows));
    const [first] = places;
    const { index } = this;
    if (!index) return first;
    return first.map((_, i) => {
      const own = places.map((of) => of[i]);
      return own.includes(-1) ? -1 : index.find(this.keyOf(own));
    });
  }

  private keyOf(places: readonly number[]): number {
    return places.reduce((key, place, c) => key * this.columns[c].numLevels + place, 0);
  }
}

class KnownColumn {
  readonly numLevels: number;
  private readonly placeOf: (value: number | string) => number;
  /** The place of each of the column's codes. */
  private places = new Int32Array(1024);
  private known = 0;

  constructor(
    private readonly column: GroupingColumn,
    levels: RecipeLevels,
  ) {
    this.numLevels = levels.kind === "range" ? levels.count : levels.values.length;
    this.placeOf = placeFinder(levels);
  }

  /** The place of each row's level among the known ones, −1 where it is not among them. */
  read(rows: CompleteRows): Int32Array {
    const codes = this.column.read(rows);
    const { numCodes } = this.column;
    if (numCodes > this.places.length) {
      const larger = new Int32Array(Math.max(numCodes, 2 * this.places.length));
      larger.set(this.places);
      this.places = larger;
    }
    for (; this.known < numCodes; this.known++) this.places[this.known] = this.placeOf(this.column.valueOf(this.known));
    return Int32Array.from(codes, (code) => this.places[code]);
  }
}

function placeFinder(levels: RecipeLevels): (value: number | string) => number {
  if (levels.kind === "range") {
    const { first, count } = levels;
    return (value) => {
      const place = Number(value) - first;
      return Number.isInteger(place) && place >= 0 && place < count ? place : -1;
    };
  }
  if (levels.kind === "text") {
    const places = new Map(levels.values.map((text, place) => [text, place]));
    return (value) => places.get(String(value)) ?? -1;
  }
  const index = new NumberIndex("");
  for (const value of levels.values) index.add(value);
  return (value) => index.find(Number(value));
}
