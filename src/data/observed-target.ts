import { CompleteRowReader } from "./complete-rows.ts";
import { CountCheck, isCountFamily } from "./counts.ts";
import type { DesignRecipe } from "./design-types.ts";
import type { ExpressionScope } from "./expression.ts";
import { type Formula, visitColumns } from "./formula.ts";
import type { TableChunk } from "./table.ts";
import { compileTarget } from "./target.ts";

/** The targets of other rows than the fit's. */
export interface ObservedTargets {
  /** The table's columns that they are made of. */
  readonly names: ReadonlySet<string>;
  /** Values that the fit does not know, and their rows. */
  readonly unknown: ReadonlyMap<string, number>;
  /**
   * A value for each row of the chunk, coded as the fit's; NaN where it is missing or unknown.
   * @throws InputError where a number is not finite, or is no count and should be one.
   */
  read(chunk: TableChunk, firstRow: number): Float64Array;
}

/**
 * What reads the formula's left side, or nothing where the table does not have its columns.
 * @throws InputError where it does not fit the table.
 */
export function observeTargets(
  { family, target }: DesignRecipe,
  formula: Formula,
  scope: ExpressionScope,
): ObservedTargets | undefined {
  const names = new Set<string>();
  visitColumns(formula.target, (name) => names.add(name));
  if (![...names].every((name) => scope.columns.has(name))) return undefined;
  const reader = compileTarget(formula, scope);
  const complete = new CompleteRowReader();
  const counts = isCountFamily(family) ? new CountCheck(target.name) : undefined;
  const unknown = new Map<string, number>();
  const codes = new Map(target.levels?.map((level, k) => [level, k]));

  function codeOf(value: number): number {
    if (target.kind === "number") return value;
    const label = reader.labelOf(value);
    const code = codes.get(label);
    if (code === undefined) unknown.set(label, (unknown.get(label) ?? 0) + 1);
    return code ?? Number.NaN;
  }

  function read(chunk: TableChunk, firstRow: number): Float64Array {
    const own = new Map([...chunk.columns].filter(([name]) => names.has(name)));
    const rows = complete.read({ numRows: chunk.numRows, columns: own });
    const values = reader.read(rows);
    counts?.add(values, rows);
    if (isCountFamily(family)) counts?.require(family);
    const result = new Float64Array(chunk.numRows).fill(Number.NaN);
    for (let i = 0; i < values.length; i++) result[rows.rowNumber(i) - firstRow] = codeOf(values[i]);
    return result;
  }
  return { names, unknown, read };
}
