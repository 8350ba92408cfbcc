import { InputError } from "../../errors.ts";
import type { ExpressionScope } from "../../formula/expression.ts";
import { type FormulaGroup, groupingName } from "../../formula/formula-groups.ts";
import type { CompleteRows } from "../../table/complete-rows.ts";
import type { GroupStructure } from "./group-types.ts";
import { compileGroupingColumn, type GroupingColumn, levelText, type SortedLevels } from "./grouping-columns.ts";
import { inverseOf, orderPartitions, type Partition, pairsOf, sortedPlaces } from "./level-order.ts";
import { grown } from "./number-index.ts";

/** The levels of a grouping factor: combinations of its columns' levels. */
export interface FactorOfLevels extends Partition {
  /** Its columns, and the levels of each. */
  readonly columnNames: readonly string[];
  readonly columns: readonly SortedLevels[];
  /** The place among a column's levels that a level of the factor has. */
  placeOf(level: number, column: number): number;
  /** Whether that is the level's own number, as there is one column, in its order. */
  readonly isInOrder: boolean;
}

/** The grouping factors of a design, the levels of every row in the order of the rows in memory. */
export interface GroupLevels {
  readonly structure: GroupStructure;
  readonly sortedBy: number;
  /** As GroupDesign has them. */
  readonly factors: readonly FactorOfLevels[];
  /** N: where each row of the table stands in memory; left out where they stand as in the table. */
  readonly places?: Uint32Array;
}

/** The name of a factor's level: `a`, of several columns `a:b`. */
export function levelNameOf({ columns, placeOf }: FactorOfLevels, level: number): string {
  return columns.map((levels, c) => levelText(levels, placeOf(level, c))).join(":");
}

/** Reads the levels of grouping factors in the first pass over the rows. */
export class GroupLevelReader {
  /** Each column once, in how many factors it may be. */
  private readonly columns = new Map<string, { readonly column: GroupingColumn; codes: Uint32Array }>();
  private readonly factors = new Map<string, readonly string[]>();
  private numRows = 0;

  /** @throws InputError where a column does not fit the table */
  constructor(groups: readonly FormulaGroup[], scope: ExpressionScope) {
    for (const { by } of groups) {
      const key = factorKey(by.map(groupingName));
      if (!this.factors.has(key)) this.factors.set(key, by.map(groupingName));
      for (const factor of by) {
        const own = groupingName(factor);
        if (this.columns.has(own)) continue;
        this.columns.set(own, { column: compileGroupingColumn(factor, scope), codes: new Uint32Array(4096) });
      }
    }
  }

  add(rows: CompleteRows): void {
    const count = rows.chunk.numRows;
    for (const entry of this.columns.values()) {
      const codes = entry.column.read(rows);
      while (entry.codes.length < this.numRows + count) entry.codes = grown(entry.codes);
      entry.codes.set(codes, this.numRows);
    }
    this.numRows += count;
  }

  /** @throws InputError where a factor has one level, or two are the same */
  finish(): GroupLevels {
    const columns = new Map<string, { readonly levels: SortedLevels; readonly partition: Partition }>();
    for (const [name, { column, codes }] of this.columns) {
      const { levels, rankOf } = column.sorted();
      const levelOf = codes.subarray(0, this.numRows);
      for (let n = 0; n < levelOf.length; n++) levelOf[n] = rankOf[levelOf[n]];
      columns.set(name, { levels, partition: { name, numLevels: rankOf.length, levelOf } });
    }
    const factors = [...this.factors.values()].map((names) => productOf(names.map((name) => columns.get(name)!)));
    for (const { name, numLevels } of factors) {
      if (numLevels > 1) continue;
      throw new InputError(
        `The grouping factor ${name} has one level in all rows, and effects that vary need several; leave its terms out of the formula.`,
      );
    }
    const { structure, order, sortedBy, levels } = orderPartitions(factors);
    const ordered = order.map((place, k) => renumbered(factors[place], levels[k]));
    const places = sortedPlaces(ordered[sortedBy].levelOf, ordered[sortedBy].numLevels);
    return { structure, sortedBy, factors: ordered.map((factor) => moved(factor, places)), ...(places && { places }) };
  }
}

/** Of each factor the level of each row, in the order in which rows were read. */
export function levelsOfRows({ factors, places }: GroupLevels): readonly Uint32Array[] {
  return factors.map(({ levelOf }) => (places ? places.map((place) => levelOf[place]) : levelOf));
}

/** The same for a:b and b:a. */
export function factorKey(names: readonly string[]): string {
  return [...names].sort().join("\n");
}

function productOf(
  columns: readonly { readonly levels: SortedLevels; readonly partition: Partition }[],
): FactorOfLevels {
  const levels = columns.map((column) => column.levels);
  const [first, ...others] = columns.map(({ partition }) => partition);
  let product: Partition = first;
  /** For each column the place of each level of the product. */
  let parts: readonly Uint32Array[] | undefined;
  for (const other of others) {
    const pairs = pairsOf(`${product.name}:${other.name}`, product, other);
    const [left, right] = pairs.parts;
    parts = [...(parts?.map((part) => left.map((level) => part[level])) ?? [left]), right];
    product = pairs;
  }
  const columnNames = columns.map(({ partition }) => partition.name);
  return {
    ...product,
    columnNames,
    columns: levels,
    placeOf: (level, column) => parts?.[column][level] ?? level,
    isInOrder: !parts,
  };
}

/** The factor with its levels in another order: the level that stands in each place is given. */
function renumbered(factor: FactorOfLevels, order: Uint32Array | undefined): FactorOfLevels {
  if (!order) return factor;
  const numberOf = inverseOf(order);
  const levelOf = factor.levelOf.map((level) => numberOf[level]);
  return { ...factor, levelOf, placeOf: (level, column) => factor.placeOf(order[level], column), isInOrder: false };
}

function moved(factor: FactorOfLevels, places: Uint32Array | undefined): FactorOfLevels {
  if (!places) return { ...factor, levelOf: factor.levelOf.slice() };
  const levelOf = new Uint32Array(places.length);
  for (let n = 0; n < places.length; n++) levelOf[places[n]] = factor.levelOf[n];
  return { ...factor, levelOf };
}
