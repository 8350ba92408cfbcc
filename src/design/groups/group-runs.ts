import type { SizesOfGroups } from "../../engine/sizes-of-groups.ts";
import type { ExpressionScope } from "../../formula/expression.ts";
import { CompleteRowReader, type CompleteRows } from "../../table/complete-rows.ts";
import type { Column, ColumnInfo } from "../../table/table-source.ts";
import { compileGroupingColumn, type GroupingColumn } from "./grouping-columns.ts";
import type { Nesting } from "./nesting.ts";

/** The groups of rows that stand side by side, in plain data. */
export interface RunsOfGroups {
  /** Of each grouping column the value of each group, or of each inner group of nested factors. */
  readonly values: readonly (readonly (number | string)[])[];
  readonly sizes: SizesOfGroups;
}

/** Finds the groups of one factor, or of two that are nested, in rows that are sorted by them. */
export class GroupRuns {
  private readonly columns: readonly GroupingColumn[];
  private readonly values: (number | string)[][];
  private readonly rows: number[] = [];
  private readonly inner: number[] | undefined;
  private readonly seen = { group: new Set<string>(), outer: new Set<string>() };
  private readonly last = { group: "", outer: "" };

  /** @throws InputError where a column does not fit the table */
  constructor(
    private readonly nesting: Nesting,
    scope: ExpressionScope,
  ) {
    this.columns = nesting.by.map((factor) => compileGroupingColumn(factor, scope));
    this.values = nesting.by.map(() => []);
    if (nesting.numOuter !== undefined) this.inner = [];
  }

  add(rows: CompleteRows): void {
    if (rows.chunk.numRows === 0) return;
    const codes = this.columns.map((column) => column.read(rows));
    for (let i = 0; i < rows.chunk.numRows; i++) {
      const own = codes.map((of) => of[i]);
      if (this.inner && this.isNext("outer", own.slice(0, this.nesting.numOuter))) this.inner.push(0);
      if (this.isNext("group", own)) this.begin(own);
      this.rows[this.rows.length - 1]++;
    }
  }

  get found(): RunsOfGroups {
    return { values: this.values, sizes: { rows: this.rows, ...(this.inner && { inner: this.inner }) } };
  }

  /** Whether a run of other codes begins. */
  private isNext(kind: "group" | "outer", codes: readonly number[]): boolean {
    const key = codes.join(" ");
    if (key === this.last[kind]) return false;
    if (this.seen[kind].has(key)) throw new Error("Rows of one group do not stand side by side.");
    this.seen[kind].add(key);
    this.last[kind] = key;
    return true;
  }

  private begin(codes: readonly number[]): void {
    this.rows.push(0);
    if (this.inner) this.inner[this.inner.length - 1]++;
    this.columns.forEach((column, c) => {
      this.values[c].push(column.valueOf(codes[c]));
    });
  }
}

/** A row for each group, or inner group, with the grouping columns alone. */
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
  return new CompleteRowReader().read({ numRows: sizes.rows.length, columns: found });
}
