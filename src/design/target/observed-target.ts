import { isCountFamily } from "../../families/families.ts";
import type { ExpressionScope } from "../../formula/expression.ts";
import { type Formula, visitColumns } from "../../formula/formula.ts";
import { CompleteRowReader } from "../../table/complete-rows.ts";
import type { TableChunk } from "../../table/table-source.ts";
import type { DesignRecipe } from "../design-types.ts";
import { isCount } from "./counts.ts";
import { compileTarget } from "./target.ts";

/** The squares of larger targets' distances from their predictions are beyond all numbers. */
const maxScored = 1e100;

/** The targets of other rows than the fit's. */
export interface ObservedTargets {
  /** The table's columns that they are made of. */
  readonly names: ReadonlySet<string>;
  /** Values that cannot be scored (unknown classes, numbers that are no counts), with the number of their rows. */
  readonly unusable: ReadonlyMap<string, number>;
  /** A value for each row of the chunk, coded as the fit's; NaN where it is missing or unusable. */
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
  const reader = compileTarget(formula, scope, { whereNotFinite: "keep" });
  const complete = new CompleteRowReader();
  const isUsable = (value: number) => Math.abs(value) <= maxScored && (!isCountFamily(family) || isCount(value));
  const unusable = new Map<string, number>();
  const codes = new Map(target.levels?.map((level, k) => [level, k]));

  function codeOf(value: number): number {
    if (target.kind === "number" && isUsable(value)) return value;
    const label = target.kind === "number" ? String(value) : reader.labelOf(value);
    const code = codes.get(label);
    if (code === undefined) unusable.set(label, (unusable.get(label) ?? 0) + 1);
    return code ?? Number.NaN;
  }

  function read(chunk: TableChunk, firstRow: number): Float64Array {
    const own = new Map([...chunk.columns].filter(([name]) => names.has(name)));
    const rows = complete.read({ numRows: chunk.numRows, columns: own });
    const values = reader.read(rows);
    const result = new Float64Array(chunk.numRows).fill(Number.NaN);
    for (let i = 0; i < values.length; i++) result[rows.rowNumber(i) - firstRow] = codeOf(values[i]);
    return result;
  }
  return { names, unusable, read };
}
