import { quoted } from "../table/sql-text.ts";
import type { DuckDBSession } from "./session.ts";

/** Columns of a view, which DuckDB holds in a table from when they are first asked for, so that every pass sees the same rows. */
export class HeldColumns {
  /** Known once a column was asked for. */
  numRows: number | undefined;
  private names: readonly string[] | undefined;

  constructor(
    private readonly session: DuckDBSession,
    private readonly view: { readonly name: string; readonly isStable: boolean },
    private readonly local: string,
    private readonly sqlName: (name: string) => string,
  ) {}

  /** The table that has the named columns, and maybe others: the view itself where reading it again gives the same rows. */
  async table(names: readonly string[]): Promise<{ readonly name: string; readonly numRows: number }> {
    const { view } = this;
    if (view.isStable) return { name: view.name, numRows: this.numRows ?? (await this.countRows(view.name)) };
    const known = this.names;
    if (known && this.numRows !== undefined && names.every((name) => known.includes(name)))
      return { name: "held", numRows: this.numRows };
    const all = [...new Set([...(known ?? []), ...names])];
    // Without columns only the number of rows matters.
    const list = all.length > 0 ? all.map((name) => quoted(this.sqlName(name))).join(", ") : "1 as one";
    await this.session.run(`create or replace table held as select ${list} from ${view.name}`, this.local);
    this.names = all;
    return { name: "held", numRows: await this.countRows("held") };
  }

  private async countRows(table: string): Promise<number> {
    const [[count]] = await this.session.rows(`select cast(count(*) as double) from ${table}`, this.local);
    this.numRows = Number(count);
    return this.numRows;
  }
}
