import type { ExpressionScope } from "../../formula/expression.ts";
import type { FormulaGroup } from "../../formula/formula-groups.ts";
import { CompleteRowReader, type CompleteRows } from "../../table/complete-rows.ts";
import type { Column, ColumnInfo } from "../../table/table-source.ts";
import { compileGroupingColumn, type GroupingColumn } from "./grouping-columns.ts";

/** The groups of rows that stand side by side, in plain data. */
export interface RunsOfGroups {
  /** Of each grouping column the value of each group. */
  readonly values: readonly (readonly (number | string)[])[];
  /** How many rows each group has. */
  readonly sizes: readonly number[];
}

/** Finds the groups of one factor in rows that are sorted by it. */
export class GroupRuns {
  private readonly columns: readonly GroupingColumn[];
  private readonly values: (number | string)[][];
  private readonly sizes: number[] = [];
  private readonly seen = new Set<string>();
  private last = "";

  /** @throws InputError where a column does not fit the table */
  constructor({ by }: FormulaGroup, scope: ExpressionScope) {
    this.columns = by.map((factor) => compileGroupingColumn(factor, scope));
    this.values = by.map(() => []);
  }

  add(rows: CompleteRows): void {
    if (rows.chunk.numRows === 0) return;
    const codes = this.columns.map((column) => column.read(rows));
    for (let i = 0; i < rows.chunk.numRows; i++) {
      const key = codes.map((of) => of[i]).join(" ");
      if (key !== this.last) this.begin(key, codes, i);
      this.sizes[this.sizes.length - 1]++;
    }
  }

  get found(): RunsOfGroups {
    return { values: this.values, sizes: this.sizes };
  }

  private begin(key: string, codes: readonly Uint32Array[], row: number): void {
    if (this.seen.has(key)) throw new Error("Rows of one group do not stand side by side.");
    this.seen.add(key);
    this.last = key;
    this.sizes.push(0);
    this.columns.forEach((column, c) => {
      this.values[c].push(column.valueOf(codes[c][row]));
    });
  }
}

/** A row for each group, with the grouping columns alone. */
export function rowsOfRuns(
  names: readonly string[],
  columns: ReadonlyMap<string, ColumnInfo>,
  { values, sizes }: RunsOfGroups,
): CompleteRows {
  const columnOf = (name: string, own: readonly (number | string)[]): Column => {
    const type = columns.get(name)?.type;
    if (type === "number") return { kind: "number", values: Float64Array.from(own, Number) };
    if (type === "boolean") return { kind: "category", codes: Int32Array.from(own, Number), levels: ["false", "true"] };
    return { kind: "category", codes: Int32Array.from(own, (_, k) => k), levels: own.map(String) };
  };
  const found = new Map(names.map((name, c) => [name, columnOf(name, values[c])]));
  return new CompleteRowReader().read({ numRows: sizes.length, columns: found });
}
