import { chooseCoding, type TermPart } from "./coding.ts";
import type { DesignColumn } from "./design-types.ts";
import type { FactorLevels } from "./factors.ts";
import { combine, type Moments } from "./moments.ts";
import { formatCount } from "./table.ts";
import type { TermRows } from "./term-rows.ts";
import { wordsLeftOut } from "./words.ts";

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
  /** The levels that occur of each categorical factor, sorted. */
  readonly levels: ReadonlyMap<string, readonly string[]>;
  readonly leftOut: readonly string[];
  readonly warnings: readonly string[];
}

export interface ColumnOptions {
  readonly numRows: number;
  readonly hasIntercept: boolean;
  readonly standardized: boolean;
}

/** A level of a standard deviation, relative to the mean, below which differences are rounding. */
const roundingLevel = 1e-12;
/** From this ratio of mean to sd on, single precision keeps less than three digits of a column's differences. */
const roundedRatio = 1e4;

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
  const codings = chooseCoding(
    terms.map((term) => ({ categoricals: term.categoricals.map(({ name }) => name), numericKey: term.numericKey })),
    options.hasIntercept,
  );
  terms.forEach((term, t) => {
    for (const part of codings[t]) {
      const candidates = partColumns(term, part, ranks);
      const columnOfCell = new Int32Array(term.numCells).fill(-1);
      for (const { cells, name } of candidates.columns) {
        const isIndicator = !term.hasNumbers;
        const column = scaled(
          { name, term: term.name, isIndicator },
          columnMoments(term, cells, options.numRows),
          options,
        );
        if (!column) {
          leftOut.push(name);
          continue;
        }
        for (const cell of cells) columnOfCell[cell] = columns.length;
        if (!options.standardized && column.spread * roundedRatio < Math.abs(column.center)) {
          warnings.push(
            `The values of ${name} are large beside their spread (mean ${column.center.toPrecision(3)}, sd ${column.spread.toPrecision(3)}), and single precision rounds the differences off; standardize the features, or subtract a constant.`,
          );
        }
        columns.push(column.column);
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

/** For each categorical factor, its codes' places among the levels that occur, sorted; −1 for the others. */
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
    let place = 0;
    let radix = 1;
    let isReference = false;
    factors.forEach(({ coding, rankOf, levels }, f) => {
      if (!coding) return;
      const rank = rankOf[codes[f]];
      if (coding === "reduced" && rank === 0) isReference = true;
      place += radix * rank;
      radix *= levels.length;
    });
    if (isReference) continue;
    const column = found.get(place) ?? { name: columnName(term, part, codes), cells: [] };
    found.set(place, column);
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

/** A column with its place and scale, or nothing where it is constant and of no use. */
function scaled(
  about: Pick<DesignColumn, "name" | "term" | "isIndicator">,
  moments: Moments,
  { hasIntercept, standardized }: ColumnOptions,
): { column: DesignColumn; center: number; spread: number } | undefined {
  const center = moments.mean;
  const spread = Math.sqrt(moments.squares / moments.count);
  const isConstant = spread <= roundingLevel * Math.abs(center);
  if (isConstant && (hasIntercept || standardized || center === 0)) return undefined;
  const place = standardized ? { mean: center, scale: spread } : { mean: 0, scale: 1 };
  return { column: { ...about, ...place, isIntercept: false }, center, spread: isConstant ? Infinity : spread };
}
