import type { DistantColumn } from "../../engine/distant-parts.ts";
import type { EventOption } from "../../formula/event.ts";
import { parseFormula } from "../../formula/formula.ts";
import { CompleteRowReader, type CompleteRows } from "../../table/complete-rows.ts";
import type { Column, ColumnInfo, TableChunk, TableSource } from "../../table/table-source.ts";
import { type CompiledFormula, compileFormula } from "../compile-formula.ts";
import { compileTerms } from "../compile-terms.ts";
import type { DesignFamily, DesignRecipe, Standardize } from "../design-types.ts";
import type { CompiledGroup } from "../groups/group-columns.ts";
import { GroupRuns } from "../groups/group-runs.ts";
import { nestingOf } from "../groups/nesting.ts";
import { withDates } from "../recipe/settle-texts.ts";
import { RowStatistics } from "../row-statistics.ts";
import type { TermRows } from "../term-rows.ts";

/** The options of a design that decide what its parts read, and how rows are encoded. */
interface PartOptions {
  readonly family?: DesignFamily;
  readonly event?: EventOption;
  readonly weights?: string;
  readonly standardize?: Standardize;
}

/** All that a part of a distant table has to know of the design, in plain data. */
export interface PartPlan {
  readonly formula: string;
  readonly options: PartOptions;
  /** The table's columns as they are, and those of texts that are read as dates. */
  readonly columns: readonly ColumnInfo[];
  readonly dates: readonly string[];
  /** The series of the columns of poly(), once they are known. */
  readonly polynomials: DesignRecipe["polynomials"];
  /** The levels of the columns of texts that are read by level. */
  readonly levels: Readonly<Record<string, readonly string[]>>;
}

/** A formula over a table, and what gathers its statistics. */
export interface PartReaders {
  readonly source: TableSource;
  readonly compiled: CompiledFormula;
  readonly terms: readonly TermRows[];
  /** The group terms, their slopes among `all` terms. */
  readonly groups: readonly CompiledGroup[];
  readonly all: readonly TermRows[];
  readonly gathered: RowStatistics;
  /** Where rows are grouped, what finds the groups. */
  readonly runs?: GroupRuns;
  /** No rows, with the levels of their texts. */
  readonly empty: CompleteRows;
}

/** The plan's formula over the table, the same here as where the parts are. */
export function compiledOf(
  plan: PartPlan,
  table: TableSource,
): { readonly source: TableSource; readonly compiled: CompiledFormula } {
  const source = plan.dates.length > 0 ? withDates(table, new Set(plan.dates)) : table;
  return { source, compiled: compileFormula(parseFormula(plan.formula), source.columns, plan.options) };
}

/** The same with what reads its terms. */
export function readersOf(plan: PartPlan, table: TableSource): PartReaders {
  const { source, compiled } = compiledOf(plan, table);
  const { terms, groups, all } = compileTerms(compiled, new Map(Object.entries(plan.polynomials)));
  const gathered = new RowStatistics(compiled, all);
  const nesting = nestingOf(groups);
  const runs = nesting && new GroupRuns(nesting, compiled.scope);
  const empty = noRowsOf(compiled, source.columns, plan);
  return { source, compiled, terms, groups, all, gathered, ...(runs && { runs }), empty };
}

/** No rows of the columns that are read, with the levels of their texts. */
export function noRowsOf(
  { names }: CompiledFormula,
  columns: readonly ColumnInfo[],
  { levels }: PartPlan,
): CompleteRows {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const columnOf = (name: string): Column => {
    const type = types.get(name);
    if (type === "number") return { kind: "number", values: new Float64Array() };
    const own = type === "boolean" ? ["false", "true"] : (levels[name] ?? []);
    return { kind: "category", codes: new Int32Array(), levels: own };
  };
  const chunk: TableChunk = { numRows: 0, columns: new Map(names.map((name) => [name, columnOf(name)])) };
  return new CompleteRowReader().read(chunk);
}

/**
 * How the named columns are read where the parts are.
 * @param whole columns of texts that are read as they are
 * @param by how rows are grouped by columns
 */
export function columnsRead(
  names: readonly string[],
  columns: readonly ColumnInfo[],
  {
    whole,
    levels,
    by = new Map(),
  }: {
    readonly whole: ReadonlySet<string>;
    readonly levels: PartPlan["levels"];
    readonly by?: ReadonlyMap<string, DistantColumn["grouping"]>;
  },
): readonly DistantColumn[] {
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  return names.map((name): DistantColumn => {
    const type = types.get(name);
    const grouping = by.has(name) && { grouping: by.get(name) };
    if (type === "number" || type === "boolean") return { name, as: type, ...grouping };
    return { name, ...(whole.has(name) ? { as: "texts" } : { as: "levels", levels: levels[name] }), ...grouping };
  });
}
