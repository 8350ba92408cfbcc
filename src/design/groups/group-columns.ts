import { InputError } from "../../errors.ts";
import { type FormulaGroup, groupingName } from "../../formula/formula-groups.ts";
import { quoteName } from "../../formula/formula-text.ts";
import { type ColumnBlock, chooseColumns } from "../columns/columns.ts";
import type { DesignColumn } from "../design-types.ts";
import type { TermRows } from "../term-rows.ts";
import { factorKey, type GroupLevels, levelNameOf } from "./group-levels.ts";
import type { GroupDesign, GroupEffect, GroupTerm } from "./group-types.ts";

/** The slopes of group terms as columns of the rows. */
export interface GroupColumns {
  /** Those that are not among the fixed effects' columns. */
  readonly extraColumns: readonly DesignColumn[];
  /** They fill the extra columns alone, which follow the others. */
  readonly blocks: readonly ColumnBlock[];
  /** All columns that vary, once each: their places among the row's columns, and the blocks that fill them by themselves. */
  readonly slopes: { readonly places: readonly number[]; readonly blocks: readonly ColumnBlock[] };
  /** The levels of categorical slopes. */
  readonly levels: ReadonlyMap<string, readonly string[]>;
  /** The terms of each of the formula's group terms: two or more where its effects are independent. */
  readonly terms: readonly (readonly GroupTerm[])[];
}

/** A group term with what reads its slopes, which terms of the fixed effects share where they are the same. */
export interface CompiledGroup extends FormulaGroup {
  readonly slopes: readonly TermRows[];
}

export interface FixedColumns {
  readonly columns: readonly DesignColumn[];
  readonly blocks: readonly ColumnBlock[];
}

interface GroupColumnOptions {
  readonly numRows: number;
  /** Of the fixed effects: without it nothing is centred. */
  readonly hasIntercept: boolean;
  readonly standardized: boolean;
}

const constant: GroupEffect = { name: "Intercept", column: -1, mean: 0, scale: 1 };

/**
 * Finds the columns that group terms multiply: those of the fixed effects where they are the same, and others beside them.
 * Categorical slopes are coded by term, as if it were a formula: without the reference level after an intercept.
 * @throws InputError where a slope has the same value in every row
 */
export function chooseGroupColumns(
  groups: readonly CompiledGroup[],
  { columns: fixed, blocks: fixedBlocks }: FixedColumns,
  options: GroupColumnOptions,
): GroupColumns {
  const extraColumns: DesignColumn[] = [];
  const blocks: ColumnBlock[] = [];
  const slopes = { places: [] as number[], blocks: [] as ColumnBlock[] };
  const levels = new Map<string, readonly string[]>();
  const places = new ColumnPlaces();
  const uncentredPlaces = new ColumnPlaces();
  for (const { term, columnOfCell } of fixedBlocks)
    for (const j of columnOfCell) if (j >= 0) places.set(term, fixed[j].name, j);
  const terms = groups.map((group) => {
    // Without an intercept beside it in the same term nothing takes up what centring a slope's column would leave: (0 + x | g) and
    // (x || g) mean x itself.
    const isCentred = options.hasIntercept && group.hasIntercept && group.isCorrelated;
    const own = { ...options, hasIntercept: isCentred, isCodedWithIntercept: group.hasIntercept, allLevels: false };
    const shared = isCentred === options.hasIntercept ? places : uncentredPlaces;
    const { columns, blocks: chosen, leftOut, levels: ownLevels } = chooseColumns(group.slopes, own);
    if (leftOut.length > 0) throw flatSlope(leftOut[0], group);
    /** Of the columns that no term before has. */
    const added = new Map<number, number>();
    const placeOf = new Map<number, number>();
    for (const { term, columnOfCell } of chosen) {
      for (const j of columnOfCell) {
        if (j < 0 || placeOf.has(j)) continue;
        const known = shared.get(term, columns[j].name);
        const place = known ?? fixed.length + extraColumns.push(columns[j]) - 1;
        if (known === undefined) added.set(j, place);
        shared.set(term, columns[j].name, place);
        placeOf.set(j, place);
      }
    }
    for (const [name, own] of ownLevels) levels.set(name, own);
    const slopeOf = new Map<number, number>();
    for (const [j, place] of placeOf) {
      if (!slopes.places.includes(place)) slopeOf.set(j, slopes.places.push(place) - 1);
    }
    for (const block of chosen) {
      const extra = withColumns(block, added);
      if (extra) blocks.push(extra);
      const own = withColumns(block, slopeOf);
      if (own) slopes.blocks.push(own);
    }
    const effects = columns.map(({ name }, j): GroupEffect => {
      const column = placeOf.get(j)!;
      const { mean, scale } = fixed[column] ?? extraColumns[column - fixed.length];
      return { name, column, mean, scale };
    });
    return termsOf(group, group.hasIntercept ? [constant, ...effects] : effects);
  });
  return { extraColumns, blocks, slopes, levels, terms };
}

/** The block with its columns renumbered and others left out; nothing where none is left. */
function withColumns(block: ColumnBlock, numbers: ReadonlyMap<number, number>): ColumnBlock | undefined {
  const columnOfCell = block.columnOfCell.map((j) => numbers.get(j) ?? -1);
  return columnOfCell.some((j) => j >= 0) ? { ...block, columnOfCell } : undefined;
}

/** The places of columns by the term that they are of and their name, which two terms may share. */
class ColumnPlaces {
  private readonly byTerm = new Map<TermRows, Map<string, number>>();

  get(term: TermRows, name: string): number | undefined {
    return this.byTerm.get(term)?.get(name);
  }

  set(term: TermRows, name: string, place: number): void {
    const own = this.byTerm.get(term) ?? new Map<string, number>();
    this.byTerm.set(term, own.set(name, place));
  }
}

function flatSlope(name: string, { text, by }: FormulaGroup): InputError {
  const group = by.map(groupingName).map(quoteName).join(":");
  return new InputError(
    `The slope ${name} of ${text} has the same value in every row, which makes it an intercept; write (1 | ${group}).`,
  );
}

/** One term, or one for each effect where they are independent. */
function termsOf({ text, isCorrelated, name }: FormulaGroup, effects: readonly GroupEffect[]): readonly GroupTerm[] {
  if (isCorrelated || effects.length === 1) return [{ text, isCorrelated: effects.length > 1, effects }];
  return effects.map((effect) => {
    const what = effect.column < 0 ? "1" : `0 + ${effect.name}`;
    return { text: `(${what} | ${name})`, isCorrelated: false, effects: [effect] };
  });
}

/** Puts levels and terms together. @param classes of a categorical target: the names of those that have coefficients */
export function groupDesignOf(
  groups: readonly FormulaGroup[],
  { factors, structure, sortedBy }: GroupLevels,
  { extraColumns, terms }: GroupColumns,
  classes: readonly string[],
): GroupDesign {
  const keys = groups.map(({ by }) => factorKey(by.map(groupingName)));
  return {
    structure,
    sortedBy,
    extraColumns,
    factors: factors.map((factor) => ({
      name: factor.name,
      numLevels: factor.numLevels,
      levelName: (level) => levelNameOf(factor, level),
      levelOf: factor.levelOf,
      terms: ofEachClass(
        terms.flatMap((own, g) => (keys[g] === factorKey(factor.columnNames) ? own : [])),
        classes,
      ),
    })),
  };
}

/** Every class's predictor has effects of its own, independent of the other classes', class after class as the coefficients are. */
function ofEachClass(terms: readonly GroupTerm[], classes: readonly string[]): readonly GroupTerm[] {
  if (classes.length === 0) return terms;
  return classes.flatMap((name) =>
    terms.map((term) => ({
      ...term,
      effects: term.effects.map((effect) => ({ ...effect, name: `${name}:${effect.name}` })),
    })),
  );
}
