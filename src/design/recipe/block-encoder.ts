import { InputError } from "../../errors.ts";
import type { CompleteRows } from "../../table/complete-rows.ts";
import type { RecipeBlock } from "../design-types.ts";
import type { TermRows } from "../term-rows.ts";
import type { LevelCheck } from "./recipe-levels.ts";

/** Entry e is `values[e]` (1 where absent) in `columns[e]` (−1: none). */
export interface EncodedBlock {
  /** Row i has the entries from `starts[i]` to `starts[i + 1]` − 1; entry i alone where it is absent. */
  readonly starts?: Int32Array;
  readonly columns: Int32Array;
  readonly values?: Float64Array;
}

/**
 * Whether a block needs the values of other rows: not where it is of numbers alone that were constant in the fit, and so
 * have no column. Of a category the level still has to be one that the fit knows.
 */
export function tellsOfRows({ coding, columns }: RecipeBlock): boolean {
  return coding.length > 0 || columns.some(({ column }) => column >= 0);
}

/** Finds the column of a block for each cell of its term. */
export class BlockEncoder {
  private readonly columnOf: ReadonlyMap<string, number>;
  /** Of each cell so far: its column, −1 where it has none, −2 where its levels do not occur together in the fit. */
  private readonly columnOfCell: number[] = [];
  /** The places of the block's factors among the term's. */
  private readonly indices: readonly number[];

  private readonly term: TermRows;

  /** @throws InputError where the recipe does not fit together */
  constructor(
    block: RecipeBlock,
    term: TermRows | undefined,
    private readonly check: LevelCheck,
  ) {
    const isOfTerm = ([name]: RecipeBlock["coding"][number]) =>
      term?.categoricals.some((factor) => factor.name === name);
    if (!term || !block.coding.every(isOfTerm))
      throw new InputError(`The fit has columns of ${block.term}, which is no term of its formula; fit again.`);
    this.term = term;
    this.columnOf = new Map(block.columns.map(({ levels, column }) => [JSON.stringify(levels), column]));
    this.indices = block.coding.map(([name]) => term.categoricals.findIndex((factor) => factor.name === name));
  }

  encode(rows: CompleteRows, cached: Map<string, Float64Array | Int32Array>, isNew: Uint8Array): EncodedBlock {
    const { starts, values, cells } = this.term.read(rows, cached);
    const columns = new Int32Array(cells?.length ?? rows.chunk.numRows);
    for (let cell = this.columnOfCell.length; cell < this.term.numCells; cell++)
      this.columnOfCell.push(this.findColumn(cell));
    for (let i = 0; i < columns.length; i++) {
      const column = this.columnOfCell[cells ? cells[i] : 0];
      if (column === -2) isNew[i] = 1;
      columns[i] = Math.max(column, -1);
    }
    return { starts, columns, values };
  }

  private findColumn(cell: number): number {
    const codes = this.term.codesOf(cell);
    const levels = this.indices.map((index) => this.term.categoricals[index].label(codes[index]));
    const column = this.columnOf.get(JSON.stringify(levels));
    if (column !== undefined) return column;
    const isKnown = this.indices.every((index, k) => this.check.knows(this.term.categoricals[index].name, levels[k]));
    return isKnown ? -2 : -1;
  }
}
