import { InputError } from "../../errors.ts";
import { suggestion } from "../../suggest.ts";
import { formatCount, type TableChunk, type TableSource } from "../../table/table-source.ts";

/** Numbers the values of a column by which folds are made; without one every row is of group 0. */
export class FoldColumn {
  private readonly groups = new Map<string | number, number>();

  /** @throws InputError where the table has no such column */
  constructor(
    private readonly name: string | undefined,
    { columns }: TableSource,
  ) {
    if (name === undefined) return;
    const info = columns.find((column) => column.name === name);
    if (!info) {
      const names = columns.map((column) => column.name);
      throw new InputError(`The data have no column "${name}"; ${suggestion(name, names, "their columns are")}`);
    }
    if (info.type === "unsupported")
      throw new InputError(`The column "${name}" is of type ${info.sourceType}, by which no folds are made.`);
  }

  /** @throws InputError where the row has no value */
  groupOf({ columns }: TableChunk, index: number, row: number): number {
    if (this.name === undefined) return 0;
    const column = columns.get(this.name)!;
    const value = column.kind === "number" ? column.values[index] : column.levels[column.codes[index]];
    if (value === undefined || Number.isNaN(value))
      throw new InputError(`"${this.name}" has no value in data row ${formatCount(row)}, so that it is of no fold.`);
    let group = this.groups.get(value);
    if (group === undefined) {
      group = this.groups.size;
      this.groups.set(value, group);
    }
    return group;
  }
}
