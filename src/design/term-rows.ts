import { InputError } from "../errors.ts";
import type { WordFactor } from "../formula/words.ts";
import type { CompleteRows } from "../table/complete-rows.ts";
import { combine, GroupMoments, type Moments, momentsOf } from "../table/moments.ts";
import { formatCount } from "../table/table-source.ts";
import type { CategoricalFactor, FactorLevels, FactorReader, NumericFactor } from "./columns/factors.ts";

const maxCells = 1_000_000;

/** What a term makes of a chunk: entry e is `values[e]` (1 where absent) in cell `cells[e]` (0 where absent). */
export interface TermValues {
  /** Row i has the entries from `starts[i]` to `starts[i + 1]` − 1; entry i alone where it is absent. */
  readonly starts?: Int32Array;
  /** The product of the numeric factors. */
  readonly values?: Float64Array;
  /** The combination of the categorical factors' levels. */
  readonly cells?: Int32Array;
}

/** What a term has gathered of some rows, in plain data. */
export interface TermStatistics {
  readonly numRows: number;
  readonly whole: Moments;
  readonly wholeNonZeros: number;
  readonly mostEntries: number;
  /** The cells that occur: the factors' codes, moments and how many values are not 0. */
  readonly cells: readonly (readonly [codes: readonly number[], moments: Moments, nonZeros: number])[];
}

/**
 * Reads a term's values chunk by chunk, and gathers their moments. A cell is a combination of levels that occurs; cells
 * are numbered as they appear, so that a product of large categoricals costs no more than what is in the data. The words of
 * a text are like the product of a number (how often) and a categorical (which word), with several entries a row.
 */
export class TermRows {
  /** In the formula's order. */
  readonly factorNames: readonly string[];
  readonly categoricals: readonly FactorLevels[];
  /** Where the term counts words: its only factor, which is among the categoricals too. */
  readonly words: WordFactor | undefined;
  private readonly coded: readonly CategoricalFactor[];
  private readonly numerics: readonly NumericFactor[];
  /** For each categorical but the first: (cell so far, its code) → cell. */
  private readonly pairs: Map<number, number>[];
  private readonly groups = new GroupMoments();
  private numRows = 0;
  private wholeNonZeros = 0;
  /** How many entries a row has at most: of words, as many as it has different ones. */
  mostEntries = 1;
  private whole: Moments = { count: 0, mean: 0, squares: 0 };
  /** The codes of each cell, where there are several categoricals. */
  private readonly cellCodes: number[][] = [];

  constructor(
    readonly name: string,
    factors: readonly FactorReader[],
  ) {
    this.factorNames = factors.map((factor) => factor.name);
    this.words = factors.find((factor) => factor.kind === "words");
    this.coded = factors.filter((factor) => factor.kind === "category");
    this.categoricals = this.words ? [this.words] : this.coded;
    this.numerics = factors.filter((factor) => factor.kind === "number");
    this.pairs = this.categoricals.slice(1).map(() => new Map());
  }

  get hasNumbers(): boolean {
    return this.numerics.length > 0 || this.words !== undefined;
  }

  /** The same for terms with the same numeric factors. Counts of words are of their own kind: every word has a column. */
  get numericKey(): string {
    const names = (this.words ? [this.words] : this.numerics).map((factor) => factor.name);
    return names.sort().join("\n");
  }

  get numCells(): number {
    return this.pairs.length > 0 ? this.cellCodes.length : (this.categoricals[0]?.numCodes ?? 1);
  }

  /** The categorical factors' codes of a cell. */
  codesOf(cell: number): readonly number[] {
    return this.pairs.length > 0 ? this.cellCodes[cell] : this.categoricals.length > 0 ? [cell] : [];
  }

  /**
   * @param cached Values of factors that other terms have read from this chunk already.
   * @throws InputError where a value is not finite, or levels or combinations are too many.
   */
  read(rows: CompleteRows, cached: Map<string, Float64Array | Int32Array>): TermValues {
    if (this.words) return this.words.read(rows);
    const readOnce = <T extends Float64Array | Int32Array>(factor: {
      name: string;
      read(rows: CompleteRows): T;
    }): T => {
      const known = cached.get(factor.name) as T | undefined;
      if (known) return known;
      const fresh = factor.read(rows);
      cached.set(factor.name, fresh);
      return fresh;
    };
    const values = this.product(this.numerics.map(readOnce), rows);
    const codes = this.coded.map(readOnce);
    return { values, cells: codes.length > 1 ? this.cellsOf(codes) : codes[0] };
  }

  addMoments({ starts, values, cells }: TermValues): void {
    if (starts) this.addEntries(starts);
    if (cells) this.groups.add(cells, this.numCells, values);
    else if (values) {
      this.whole = combine(this.whole, momentsOf(values));
      for (let i = 0; i < values.length; i++) if (values[i] !== 0) this.wholeNonZeros++;
    }
  }

  get statistics(): TermStatistics {
    const cells = Array.from({ length: this.categoricals.length > 0 ? this.numCells : 0 }, (_, cell) => cell)
      .map((cell) => [this.codesOf(cell), this.moments(cell), this.nonZeros(cell)] as const)
      .filter(([, { count }]) => count > 0);
    return {
      numRows: this.numRows,
      whole: this.whole,
      wholeNonZeros: this.wholeNonZeros,
      mostEntries: this.mostEntries,
      cells,
    };
  }

  private addEntries(starts: Int32Array): void {
    this.numRows += starts.length - 1;
    for (let i = 1; i < starts.length; i++) this.mostEntries = Math.max(this.mostEntries, starts[i] - starts[i - 1]);
  }

  /**
   * Adds what was gathered of other rows.
   * @param codesOf the code here of each of its codes, of each categorical factor; the same where absent
   */
  merge(
    { numRows, whole, wholeNonZeros, mostEntries, cells }: TermStatistics,
    codesOf: readonly (Int32Array | undefined)[],
  ): void {
    this.numRows += numRows;
    this.whole = combine(this.whole, whole);
    this.wholeNonZeros += wholeNonZeros;
    this.mostEntries = Math.max(this.mostEntries, mostEntries);
    if (cells.length === 0) return;
    const codes = this.categoricals.map((_, f) => Int32Array.from(cells, ([own]) => codesOf[f]?.[own[f]] ?? own[f]));
    this.cellsOf(codes).forEach((cell, k) => {
      const [, moments, nonZeros] = cells[k];
      this.groups.merge(cell, moments, nonZeros);
    });
  }

  /** Whether a cell is one that the design knows: it occurs, and is no word that is too rare. */
  keeps(cell: number): boolean {
    return this.moments(cell).count >= (this.words ? this.words.minRows(this.numRows) : 1);
  }

  /** How many rows of a cell have a value other than 0. */
  nonZeros(cell: number): number {
    return this.categoricals.length > 0 ? this.groups.nonZeros(cell) : this.wholeNonZeros;
  }

  /** Moments of the term's values within a cell. */
  moments(cell: number): Moments {
    return this.categoricals.length > 0 ? this.groups.of(cell, this.hasNumbers) : this.whole;
  }

  private product(factors: readonly Float64Array[], rows: CompleteRows): Float64Array | undefined {
    if (factors.length < 2) return factors[0];
    const result = factors[0].slice();
    for (const factor of factors.slice(1)) for (let i = 0; i < result.length; i++) result[i] *= factor[i];
    const overflow = result.findIndex((value) => !Number.isFinite(value));
    if (overflow < 0) return result;
    throw new InputError(
      `${this.name} is infinite in data row ${formatCount(rows.rowNumber(overflow))}; its factors are too large, so divide them first, as in I(x / 1e6).`,
    );
  }

  private cellsOf(codes: readonly Int32Array[]): Int32Array {
    const cells = codes[0].slice();
    for (let factor = 1; factor < codes.length; factor++) {
      const pair = this.pairs[factor - 1];
      const isLast = factor === codes.length - 1;
      for (let i = 0; i < cells.length; i++) {
        // Cells and codes are below 2^20 (maxCells, maxLevels), so the key is a whole number below 2^40.
        const key = cells[i] * 2 ** 20 + codes[factor][i];
        let cell = pair.get(key);
        if (cell === undefined) {
          cell = pair.size;
          pair.set(key, cell);
          if (pair.size > maxCells) throw this.tooManyCells();
          if (isLast) this.cellCodes.push(codes.map((column) => column[i]));
        }
        cells[i] = cell;
      }
    }
    return cells;
  }

  private tooManyCells(): InputError {
    return new InputError(
      `${this.name} has more than ${formatCount(maxCells)} combinations of levels; leave it out of the formula, or group rare levels with --sql.`,
    );
  }
}
