import { InputError } from "../errors.ts";
import { quoted, sqlText } from "../table/sql-text.ts";
import { maxLevels } from "../table/table.ts";
import {
  type ColumnInfo,
  compareText,
  formatCount,
  type TextLevel,
  type TextValues,
  tooManyLevels,
} from "../table/table-source.ts";
import { textExpression } from "./columns.ts";
import type { DuckDBSession } from "./session.ts";

/** Rows that are looked at where a column has too many different texts to look at all of them. */
const partRows = 100_000;

/** What different texts of a column may take together. */
const maxBytes = 2 ** 28;

/** What DuckDB's columns of texts hold. */
export class DuckDBTexts {
  private readonly known = new Map<string, TextValues>();
  private readonly enums = new Map<string, readonly string[]>();

  constructor(
    private readonly session: DuckDBSession,
    private readonly local: string,
    private readonly label: string,
    private readonly sqlName: (name: string) => string,
  ) {}

  /** The texts of a column of a table, with how often each occurs. */
  async values(name: string, table: string): Promise<TextValues> {
    const known = this.known.get(name);
    if (known) return known;
    const text = textExpression(name, this.column(name));
    const [[count, longest]] = await this.query(
      `select count(t)::double, coalesce(max(strlen(t)), 0)::double from (select ${text} as t from ${table})`,
    );
    const rows = Number(count);
    const most = Math.floor(maxBytes / Math.max(1, Number(longest)));
    const maxGroups = Math.min(maxLevels, most);
    const all = await this.grouped(name, table, maxGroups + 1);
    const isWhole = all.length <= maxGroups;
    const levels = isWhole
      ? all
      : await this.grouped(name, `(from ${table} limit ${Math.min(partRows, most)})`, maxGroups);
    const values = { rows, levels, isWhole };
    this.known.set(name, values);
    return values;
  }

  private async grouped(name: string, table: string, most: number): Promise<TextLevel[]> {
    const text = textExpression(name, this.column(name));
    const rows = await this.query(
      `select t, cast(count(*) as double), cast(min(r) as double) from (select ${text} as t, row_number() over () as r from ${table}) where t is not null group by t limit ${most}`,
    );
    return rows.map(([text, rows, firstRow]) => ({
      text: String(text),
      rows: Number(rows),
      firstRow: Number(firstRow),
    }));
  }

  /** The first value that the pattern does not match. */
  async firstUnlike(name: string, table: string, pattern: string): Promise<TextLevel | undefined> {
    const text = textExpression(name, this.column(name));
    const rows = await this.query(
      `select t, cast(r as double) from (select ${text} as t, row_number() over () as r from ${table}) where t is not null and not regexp_full_match(t, ${sqlText(pattern)}) limit 1`,
    );
    return rows.length === 0 ? undefined : { text: String(rows[0][0]), rows: 1, firstRow: Number(rows[0][1]) };
  }

  /**
   * The levels of a column, none of one of numbers; of texts an ENUM is made to read it by: in the order of its own, or by codepoint.
   * @throws InputError where they are too many
   */
  async levels({ name, type, sourceType }: ColumnInfo, table: string): Promise<readonly string[]> {
    if (type !== "string") return type === "boolean" ? ["false", "true"] : [];
    const known = this.enums.get(name);
    if (known) return known;
    const levels = sourceType?.startsWith("ENUM(") ? await this.order(sourceType) : await this.distinct(name, table);
    if (levels.some((level) => level.includes("\0")))
      throw new InputError(`Column "${name}" of ${this.label} holds binary data; leave it out of the formula.`);
    if (levels.length > 0)
      await this.session.run(`create type ${quoted(`levels of ${name}`)} as enum (${levels.map(sqlText)})`, this.local);
    this.enums.set(name, levels);
    return levels;
  }

  private async order(type: string): Promise<string[]> {
    return (await this.query(`select unnest(enum_range(cast(null as ${type})))`)).map(([level]) => String(level));
  }

  private async distinct(name: string, table: string): Promise<readonly string[]> {
    const known = this.known.get(name);
    if (known?.isWhole) return known.levels.map(({ text }) => text).sort(compareText);
    const text = textExpression(name, this.column(name));
    const rows = await this.query(
      `select distinct ${text} from ${table} where ${this.column(name)} is not null limit ${maxLevels + 1}`,
    );
    if (rows.length > maxLevels) {
      const [[count]] = await this.query(`select cast(count(distinct ${text}) as double) from ${table}`);
      throw tooManyLevels(name, formatCount(Number(count)));
    }
    return rows.map(([level]) => String(level)).sort(compareText);
  }

  private column(name: string): string {
    return quoted(this.sqlName(name));
  }

  private query(statement: string) {
    return this.session.rows(statement, this.local);
  }
}
