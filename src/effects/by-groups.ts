import { InputError } from "../errors.ts";
import { suggestion } from "../suggest.ts";
import { type Column, type ColumnInfo, formatCount, type TableChunk, type TableSource } from "../table/table-source.ts";

/** The values of the columns that results are by, of one group of rows. */
export type ByLabels = Readonly<Record<string, string | number>>;

const maxGroups = 1000;

/** Numbers the combinations of values of some columns, in the order of their first rows. */
export class ByGroups {
  readonly labels: ByLabels[] = [];
  private readonly places = new Map<string, number>();
  private readonly infos: readonly ColumnInfo[];

  /** @throws InputError where the table has no such column */
  constructor(
    private readonly names: readonly string[],
    source: TableSource,
  ) {
    this.infos = names.map((name) => {
      const info = source.columns.find((column) => column.name === name);
      if (info && info.type !== "unsupported") return info;
      const known = source.columns.filter(({ type }) => type !== "unsupported").map((column) => column.name);
      if (info)
        throw new InputError(`The column "${name}" is of type ${info.sourceType}, by which nothing is averaged.`);
      throw new InputError(`The data have no column "${name}"; ${suggestion(name, known, "their columns are")}`);
    });
    if (names.length === 0) this.labels.push({});
  }

  /** The group of every row of a chunk, −1 where a value is missing. @throws InputError where groups become too many */
  read({ numRows, columns }: TableChunk): Int32Array {
    const groups = new Int32Array(numRows);
    if (this.names.length === 0) return groups;
    const own = this.names.map((name) => columns.get(name)!);
    for (let i = 0; i < numRows; i++)
      groups[i] = own.some((column) => isMissing(column, i)) ? -1 : this.placeOf(own, i);
    return groups;
  }

  private placeOf(columns: readonly Column[], i: number): number {
    const values = columns.map((column) =>
      column.kind === "number" ? column.values[i] : column.levels[column.codes[i]],
    );
    const key = values.length === 1 ? String(values[0]) : JSON.stringify(values);
    const known = this.places.get(key);
    if (known !== undefined) return known;
    if (this.labels.length === maxGroups)
      throw new InputError(
        `--by makes more than ${formatCount(maxGroups)} groups of rows; take a column of fewer values, or make one with --sql.`,
      );
    this.places.set(key, this.labels.length);
    const shown = values.map((value, k) => (this.infos[k].isTime ? dateText(Number(value)) : value));
    this.labels.push(Object.fromEntries(this.names.map((name, k) => [name, shown[k]])));
    return this.labels.length - 1;
  }

  /** The numbers of the groups in the order of their values. */
  inOrder(): number[] {
    const compare = (a: string | number, b: string | number) =>
      typeof a === "number" && typeof b === "number" ? a - b : a < b ? -1 : a > b ? 1 : 0;
    const order = this.labels.map((_, place) => place);
    const difference = (a: number, b: number) =>
      this.names.reduce((sign, name) => sign || compare(this.labels[a][name], this.labels[b][name]), 0);
    return order.sort(difference);
  }
}

const isMissing = (column: Column, i: number) =>
  column.kind === "number" ? Number.isNaN(column.values[i]) : column.codes[i] < 0;

function dateText(days: number): string {
  const text = new Date(Math.round(days * 86_400_000)).toISOString();
  return text.endsWith("T00:00:00.000Z") ? text.slice(0, 10) : text;
}
