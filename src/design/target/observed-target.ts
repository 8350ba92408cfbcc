import { isCountFamily } from "../../families/families.ts";
import { compileNumeric, type ExpressionScope } from "../../formula/expression.ts";
import { type Expression, type Formula, visitColumns } from "../../formula/formula.ts";
import { type TrialsTarget, trialsTarget } from "../../formula/trials.ts";
import { CompleteRowReader } from "../../table/complete-rows.ts";
import type { TableChunk } from "../../table/table-source.ts";
import type { DesignRecipe } from "../design-types.ts";
import { isCount } from "./counts.ts";
import { compileTarget } from "./target.ts";
import { areTrials, compileTrials } from "./trials.ts";

/** The squares of larger targets' distances from their predictions are beyond all numbers. */
const maxScored = 1e100;

/** The targets of other rows than the fit's. */
export interface ObservedTargets {
  /** The table's columns that they are made of. */
  readonly names: ReadonlySet<string>;
  /** Values that cannot be scored (unknown classes, numbers that are no counts), with the number of their rows. */
  readonly unusable: ReadonlyMap<string, number>;
  /**
   * A value for each row of the chunk, coded as the fit's; NaN where it is missing or unusable. Of a target of trials how
   * many succeeded.
   */
  read(chunk: TableChunk, firstRow: number): Float64Array;
}

/** How many trials other rows than the fit's have. */
export interface ObservedTrials {
  /** The table's columns that they are made of. */
  readonly names: ReadonlySet<string>;
  /** A number for each row of the chunk; NaN where it is missing or none of trials. */
  read(chunk: TableChunk): Float64Array;
}

/**
 * What reads the trials of the formula's left side, or nothing where it has none, or the table does not have their columns.
 * @throws InputError where they do not fit the table
 */
export function observeTrials(formula: Formula, scope: ExpressionScope): ObservedTrials | undefined {
  const target = trialsTarget(formula.target, scope.text);
  const names = namesOf(target?.trials, scope);
  if (!target || !names) return undefined;
  const trials = compileNumeric(target.trials, scope, "trials()");
  const read = (chunk: TableChunk) => trials.evaluate(chunk).map((n) => (isCount(n) ? n : Number.NaN));
  return { names, read };
}

/** The columns of an expression, where the table has all of them. */
function namesOf(expression: Expression | undefined, scope: ExpressionScope): ReadonlySet<string> | undefined {
  if (!expression) return undefined;
  const names = new Set<string>();
  visitColumns(expression, (name) => names.add(name));
  return [...names].every((name) => scope.columns.has(name)) ? names : undefined;
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
  const found = namesOf(formula.target, scope);
  if (!found) return undefined;
  const names: ReadonlySet<string> = found;
  const trials = trialsTarget(formula.target, scope.text);
  if (trials) return observeSuccesses(trials, names, scope);
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

function observeSuccesses(target: TrialsTarget, names: ReadonlySet<string>, scope: ExpressionScope): ObservedTargets {
  const readTrials = compileTrials(target, scope);
  const unusable = new Map<string, number>();
  function read(chunk: TableChunk): Float64Array {
    const { successes, trials } = readTrials(chunk);
    return successes.map((y, i) => {
      if (areTrials(y, trials[i])) return y;
      if (Number.isNaN(y) || Number.isNaN(trials[i])) return Number.NaN;
      const label = `${y} of ${trials[i]}`;
      unusable.set(label, (unusable.get(label) ?? 0) + 1);
      return Number.NaN;
    });
  }
  return { names, unusable, read };
}
