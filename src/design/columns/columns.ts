import { wordsLeftOut } from "../../formula/words.ts";
import { requireComputable } from "../../table/computable.ts";
import { combine, isRounding, type Moments, scalingOf } from "../../table/moments.ts";
import { formatCount } from "../../table/table-source.ts";
import type { DesignColumn } from "../design-types.ts";
import type { TermRows } from "../term-rows.ts";
import { chooseCoding, type TermPart } from "./coding.ts";
import type { FactorLevels } from "./factors.ts";

/** Columns that a term fills: one for all rows, or at most one for each cell. */
export interface ColumnBlock {
  readonly term: TermRows;
  /** The coding of the categorical factors that tell the columns apart. */
  readonly part: TermPart;
  /** The design column of each cell, −1 where there is none. */
  readonly columnOfCell: Int32Array;
}

export interface ChosenColumns {
  /** Without the intercept. */
  readonly columns: readonly DesignColumn[];
  readonly blocks: readonly ColumnBlock[];
  /** The levels that occur of each categorical factor: the reference, and the others sorted. */
  readonly levels: ReadonlyMap<string, readonly string[]>;
  readonly leftOut: readonly string[];
  readonly warnings: readonly string[];
}

export interface ColumnOptions {
  /**
   * Whether a categorical term has a column for each of its levels, an intercept or not, all on one scale: 1 for
   * indicators, and for a number within levels its own. Their coefficients are then alike, as a common prior takes them
   * to be, and are told apart from the intercept by it.
   */
  readonly allLevels: boolean;
  readonly numRows: number;
  readonly hasIntercept: boolean;
  /** Whether categorical terms leave out their reference level as after an intercept; `hasIntercept` unless told. */
  readonly isCodedWithIntercept?: boolean;
  readonly standardized: boolean;
}

/** Chooses the design's columns from what the first pass saw. */
export function chooseColumns(terms: readonly TermRows[], options: ColumnOptions): ChosenColumns {
  const columns: DesignColumn[] = [];
  const blocks: ColumnBlock[] = [];
  const leftOut: string[] = [];
  const warnings: string[] = [];
  const ranks = rankLevels(terms);
  for (const { words } of terms) {
    if (words) warnings.push(...wordsLeftOut(words, ranks.get(words.name)?.levels.length ?? 0, options.numRows));
  }
  const codings = options.allLevels
    ? terms.map((term): TermPart[] => [new Map(term.categoricals.map(({ name }) => [name, "full"]))])
    : chooseCoding(
        terms.map((term) => ({
          categoricals: term.categoricals.map(({ name }) => name),
          numericKey: term.numericKey,
        })),
        options.isCodedWithIntercept ?? options.hasIntercept,
      );
  terms.forEach((term, t) => {
    for (const part of codings[t]) {
      const candidates = partColumns(term, part, ranks);
      const columnOfCell = new Int32Array(term.numCells).fill(-1);
      const isOfLevels = options.allLevels && term.categoricals.length > 0 && !term.words;
      const scale = isOfLevels ? scaleOfLevels(term) : undefined;
      for (const { cells, name } of candidates.columns) {
        const isIndicator = !term.hasNumbers;
        const moments = columnMoments(term, cells, options.numRows);
        const hasValues = cells.some((cell) => term.nonZeros(cell) > 0);
        const isScaled = options.standardized && scale === undefined;
        if (term.hasNumbers) requireComputable({ what: `The column ${name}`, moments, hasValues, isScaled });
        const column = scaled({ name, term: term.name, isIndicator, ...(isOfLevels && { isOfLevels }) }, moments, {
          ...options,
          scale,
        });
        if (!column) {
          leftOut.push(name);
          continue;
        }
        for (const cell of cells) columnOfCell[cell] = columns.length;
        columns.push(column);
      }
      if (candidates.empty > 0) {
        const which = candidates.empty === 1 ? "1 column" : `${formatCount(candidates.empty)} columns`;
        warnings.push(`${which} of ${term.name} left out: no row has those levels together.`);
      }
      blocks.push({ term, part, columnOfCell });
    }
  });
  if (leftOut.length > 0) {
    const shown = leftOut.length > 10 ? [...leftOut.slice(0, 10), "…"] : leftOut;
    const because = leftOut.length === 1 ? "as it has" : "as they have";
    warnings.unshift(`Left out, ${because} the same value in every row: ${shown.join(", ")}.`);
  }
  const levels = new Map([...ranks].map(([name, rank]) => [name, rank.levels]));
  return { columns, blocks, levels, leftOut, warnings };
}

/** For each categorical factor, its codes' places among the levels that occur, the reference first and the others sorted; −1 for codes that do not occur. */
type Ranks = ReadonlyMap<string, { readonly rankOf: Int32Array; readonly levels: readonly string[] }>;

function rankLevels(terms: readonly TermRows[]): Ranks {
  const seen = new Map<string, { factor: FactorLevels; codes: Set<number> }>();
  for (const term of terms) {
    for (let cell = 0; cell < term.numCells; cell++) {
      if (!term.keeps(cell)) continue;
      term.codesOf(cell).forEach((code, f) => {
        const factor = term.categoricals[f];
        const entry = seen.get(factor.name) ?? { factor, codes: new Set() };
        seen.set(factor.name, entry);
        entry.codes.add(code);
      });
    }
  }
  const ranks = new Map<string, { rankOf: Int32Array; levels: readonly string[] }>();
  for (const [name, { factor, codes }] of seen) {
    const rankOf = new Int32Array(factor.numCodes).fill(-1);
    const sorted = [...codes].sort(factor.compare);
    const reference = factor.referenceAmong?.(sorted.map(factor.label)) ?? 0;
    sorted.unshift(...sorted.splice(reference, 1));
    sorted.forEach((code, rank) => {
      rankOf[code] = rank;
    });
    ranks.set(name, { rankOf, levels: sorted.map(factor.label) });
  }
  return ranks;
}

interface PartColumn {
  readonly name: string;
  /** The cells in which the column is not 0. */
  readonly cells: number[];
}

/** The columns of a term's part that occur, the first factor's levels varying fastest, and how many do not occur. */
function partColumns(term: TermRows, part: TermPart, ranks: Ranks): { columns: PartColumn[]; empty: number } {
  const factors = term.categoricals.map((factor) => ({
    factor,
    coding: part.get(factor.name),
    ...ranks.get(factor.name)!,
  }));
  const found = new Map<number, PartColumn>();
  for (let cell = 0; cell < term.numCells; cell++) {
    if (!term.keeps(cell)) continue;
    const codes = term.codesOf(cell);
    /** The combination of levels as a number in mixed radix. */
    let combination = 0;
    let radix = 1;
    let isReference = false;
    factors.forEach(({ coding, rankOf, levels }, f) => {
      if (!coding) return;
      const rank = rankOf[codes[f]];
      if (coding === "reduced" && rank === 0) isReference = true;
      combination += radix * rank;
      radix *= levels.length;
    });
    if (isReference) continue;
    const column = found.get(combination) ?? { name: columnName(term, part, codes), cells: [] };
    found.set(combination, column);
    column.cells.push(cell);
  }
  const possible = factors.reduce(
    (count, { coding, levels }) =>
      count * (coding === undefined ? 1 : coding === "full" ? levels.length : levels.length - 1),
    1,
  );
  const columns = [...found].sort(([a], [b]) => a - b).map(([, column]) => column);
  return { columns, empty: possible - columns.length };
}

/** `x:weekday[Tuesday]`: the factors in the formula's order, without the categoricals that the part does not have. */
function columnName(term: TermRows, part: TermPart, codes: readonly number[]): string {
  const names = term.factorNames.flatMap((name) => {
    const f = term.categoricals.findIndex((factor) => factor.name === name);
    if (f < 0) return [name];
    return part.has(name) ? [`${name}[${term.categoricals[f].label(codes[f])}]`] : [];
  });
  return names.join(":");
}

/** Moments of a column over all rows: those of its cells, and zeros elsewhere. */
function columnMoments(term: TermRows, cells: readonly number[], numRows: number): Moments {
  let moments: Moments = { count: 0, mean: 0, squares: 0 };
  for (const cell of cells) moments = combine(moments, term.moments(cell));
  return combine(moments, { count: numRows - moments.count, mean: 0, squares: 0 });
}

/** A column with its place and scale, or nothing where it is constant and of no use: without an intercept it stands for one. */
function scaled(
  about: Pick<DesignColumn, "name" | "term" | "isIndicator" | "isOfLevels">,
  { mean, squares, count }: Moments,
  { hasIntercept, standardized, scale }: ColumnOptions & { readonly scale?: number },
): DesignColumn | undefined {
  const spread = Math.sqrt(squares / count);
  const isConstant = isRounding(spread, mean);
  if (isConstant && (hasIntercept || mean === 0)) return undefined;
  const scaling = standardized ? scalingOf(mean, spread, hasIntercept) : { mean: 0, scale: 1 };
  return { ...about, ...scaling, ...(standardized && scale !== undefined && { scale }), isIntercept: false };
}

/** What the columns of a term of levels are divided by: nothing, or the root mean square of the number that the levels share. */
function scaleOfLevels(term: TermRows): number {
  if (!term.hasNumbers) return 1;
  let moments: Moments = { count: 0, mean: 0, squares: 0 };
  for (let cell = 0; cell < term.numCells; cell++) moments = combine(moments, term.moments(cell));
  return Math.hypot(moments.mean, Math.sqrt(moments.squares / moments.count)) || 1;
}
