import { InputError } from "../errors.ts";
import { tableFromColumns } from "../table/table.ts";
import type { TableSource } from "../table/table-source.ts";
import { quotedNames, type SetValue } from "./at-values.ts";
import type { EffectColumn } from "./effect-columns.ts";

/** What a column is held at where there are no rows. */
export interface Condition {
  readonly column: string;
  readonly value: number | string;
  /** "mean", "mode" (the most frequent), or "set" where `at` says so. */
  readonly is: "mean" | "mode" | "set";
}

/** The one row that stands for a fit's rows: numbers at their means, levels at the most frequent. */
export interface TypicalRow {
  readonly source: TableSource;
  readonly conditions: readonly Condition[];
}

/**
 * @param columns The columns that predictions read
 * @param at What columns are set to: of these the first stands in the row, as any of them will replace it
 * @throws InputError where the fit does not keep what a column is typically, and it is not set
 */
export function typicalRow(
  columns: readonly EffectColumn[],
  at: ReadonlyMap<string, readonly SetValue[]>,
  isAsked: (name: string) => boolean,
): TypicalRow {
  const unknown = columns.filter(
    ({ name, typical, levels }) => !typical && !at.has(name) && !(isAsked(name) && levels[0]),
  );
  if (unknown.length > 0) {
    const names = quotedNames(unknown.map(({ name }) => name));
    const hint = unknown
      .map(({ name }) => `--at '${name}=…'`)
      .slice(0, 3)
      .join(" ");
    throw new InputError(
      `The fit does not keep what ${names} typically ${unknown.length === 1 ? "is" : "are"}: give the data, or values by ${hint}.`,
    );
  }
  const conditions = columns
    .filter(({ name }) => !isAsked(name))
    .flatMap((column): Condition[] => {
      if (at.has(column.name)) return [];
      const { typical, name } = column;
      return "mean" in typical!
        ? [{ column: name, value: typical.mean, is: "mean" }]
        : [{ column: name, value: typical!.mode, is: "mode" }];
    });
  const cells = columns.map((column) => [column.name, [cellOf(column, at.get(column.name)?.[0].value)]] as const);
  const source = tableFromColumns(Object.fromEntries(cells));
  return { source: { ...source, label: "the typical row" }, conditions };
}

/** The column's value in the row, of the type that the fit had. */
function cellOf({ type, isTime, typical, levels }: EffectColumn, set: number | string | undefined) {
  const usual = typical && ("mean" in typical ? typical.mean : typical.mode);
  const value = set ?? usual ?? levels[0];
  if (type === "boolean") return String(value) === "true";
  if (type === "string") return String(value);
  return isTime ? new Date(Number(value) * 86_400_000) : Number(value);
}
