import { InputError } from "../errors.ts";
import type { CompleteRows, RowCounts } from "../table/complete-rows.ts";
import { requireComputableWeights } from "../table/computable.ts";
import { combine, type Moments, momentsOf } from "../table/moments.ts";
import { formatCount } from "../table/table-source.ts";
import type { FactorLevels } from "./columns/factors.ts";
import type { CompiledFormula } from "./compile-formula.ts";
import type { RunsOfGroups } from "./groups/group-runs.ts";
import { type TypicalStatistics, TypicalValues } from "./recipe/typical-values.ts";
import type { TargetStatistics } from "./target/target-types.ts";
import type { TermRows, TermStatistics } from "./term-rows.ts";

/** What the first pass tells beside the moments of terms and target, which these gather themselves. */
export interface FirstPass {
  readonly numRows: number;
  readonly droppedRows: number;
  readonly zeroWeightRows: number;
  /** The levels of columns of text. */
  readonly textLevels: ReadonlyMap<string, readonly string[]>;
  readonly offsetMean: number;
  readonly largestOffset: number;
  readonly typical: TypicalValues;
}

/** What a first pass has gathered of a part of the rows, in plain data. */
export interface PartStatistics {
  readonly counts: Omit<RowCounts, "missing"> & { readonly missing: readonly (readonly [string, number])[] };
  readonly offsets: { readonly moments: Moments; readonly largest: number };
  readonly typical: TypicalStatistics;
  /** What the codes of factors stand for, where they are given in the order of appearance. */
  readonly factors: readonly (readonly [name: string, appeared: readonly (number | string)[]])[];
  readonly terms: readonly TermStatistics[];
  readonly target: TargetStatistics;
  /** Where rows are grouped, their groups. */
  readonly groups?: RunsOfGroups;
}

const nothing: Moments = { count: 0, mean: 0, squares: 0 };

/** Gathers what the first pass tells: of rows chunk by chunk, or of parts of them that others have read. */
export class RowStatistics {
  private readonly textLevels = new Map<string, readonly string[]>();
  private readonly typical: TypicalValues;
  private offsets = { moments: nothing, largest: 0 };

  /** @param terms each once, of fixed effects and of slopes that vary by group */
  constructor(
    private readonly compiled: CompiledFormula,
    private readonly terms: readonly TermRows[],
  ) {
    this.typical = new TypicalValues(compiled.factors, compiled.texts);
  }

  /** Takes the levels of texts, which a chunk has even without rows. */
  look({ chunk }: CompleteRows): void {
    for (const [name, column] of chunk.columns)
      if (column.kind === "category" && !this.compiled.texts.has(name)) this.textLevels.set(name, column.levels);
  }

  add(rows: CompleteRows): void {
    const { target, offset } = this.compiled;
    this.typical.add(rows.chunk);
    const cached = new Map<string, Float64Array | Int32Array>();
    for (const term of this.terms) term.addMoments(term.read(rows, cached));
    target.add(target.read(rows), rows);
    if (!offset) return;
    const offsets = offset(rows);
    const moments = combine(this.offsets.moments, momentsOf(offsets));
    this.offsets = { moments, largest: offsets.reduce((most, o) => Math.max(most, Math.abs(o)), this.offsets.largest) };
  }

  part({ missing, rowsRead, droppedRows, zeroWeightRows, weightSum }: RowCounts): PartStatistics {
    const factors = new Map(this.categoricals().map((factor) => [factor.name, factor.appeared]));
    return {
      counts: { rowsRead, droppedRows, zeroWeightRows, weightSum, missing: [...missing] },
      offsets: this.offsets,
      typical: this.typical.statistics,
      factors: [...factors].flatMap(([name, appeared]) => (appeared ? [[name, appeared] as const] : [])),
      terms: this.terms.map(({ statistics }) => statistics),
      target: this.compiled.target.statistics,
    };
  }

  /**
   * Adds the statistics of parts of the rows, in the order of the rows.
   * @param empty no rows, with the levels of their texts
   */
  merge(parts: readonly PartStatistics[], empty: CompleteRows): RowCounts {
    this.look(empty);
    for (const term of this.terms) term.read(empty, new Map());
    this.compiled.target.read(empty);
    const total = { rowsRead: 0, droppedRows: 0, zeroWeightRows: 0, weightSum: 0, missing: new Map<string, number>() };
    for (const { counts, offsets, typical, factors, terms, target } of parts) {
      const appeared = new Map(factors);
      const learned = new Map<string, Int32Array>();
      for (const factor of this.categoricals()) {
        const own = learned.has(factor.name) ? undefined : appeared.get(factor.name);
        if (own && factor.learn) learned.set(factor.name, factor.learn(own));
      }
      this.terms.forEach((term, t) => {
        term.merge(
          terms[t],
          term.categoricals.map(({ name }) => learned.get(name)),
        );
      });
      this.typical.merge(typical);
      this.compiled.target.merge(target, total.rowsRead);
      this.offsets = {
        moments: combine(this.offsets.moments, offsets.moments),
        largest: Math.max(this.offsets.largest, offsets.largest),
      };
      total.rowsRead += counts.rowsRead;
      total.droppedRows += counts.droppedRows;
      total.zeroWeightRows += counts.zeroWeightRows;
      total.weightSum += counts.weightSum;
      for (const [name, count] of counts.missing) total.missing.set(name, (total.missing.get(name) ?? 0) + count);
    }
    return total;
  }

  /** @throws InputError where no row is left, or they cannot be computed with */
  finish(counts: RowCounts, label: string): FirstPass {
    const { droppedRows, zeroWeightRows } = counts;
    const numRows = counts.rowsRead - droppedRows - zeroWeightRows;
    if (numRows === 0) throw noRows(counts, label);
    refuseManyProducts(this.terms, numRows);
    if (this.compiled.weights) requireComputableWeights(counts.weightSum);
    const { textLevels, typical, offsets } = this;
    const ofOffset = { offsetMean: offsets.moments.mean, largestOffset: offsets.largest };
    return { numRows, droppedRows, zeroWeightRows, textLevels, ...ofOffset, typical };
  }

  private categoricals(): readonly FactorLevels[] {
    return this.terms.flatMap(({ categoricals }) => categoricals);
  }
}

function noRows(reader: RowCounts, label: string): InputError {
  if (reader.rowsRead === 0) return new InputError(`There are no rows in ${label}; check the file or the query.`);
  if (reader.zeroWeightRows > 0)
    return new InputError("Every complete row has weight 0, so nothing counts; give some rows a weight above 0.");
  const [name, count] = [...reader.missing].sort((a, b) => b[1] - a[1])[0];
  return new InputError(
    `None of the ${formatCount(reader.rowsRead)} rows is complete: each misses a value that the formula uses, most often in column "${name}" (${formatCount(count)} rows); leave that column out, or fill it in.`,
  );
}

/** Of a term that is a product of so many factors, the data have to tell something, or it is nothing but work. */
const factorsOfHighProducts = 3;

/** @throws InputError where there are more products of three factors and more than rows */
function refuseManyProducts(terms: readonly TermRows[], numRows: number): void {
  const count = terms.filter(({ factorNames }) => factorNames.length >= factorsOfHighProducts).length;
  if (count <= numRows) return;
  throw new InputError(
    `The formula makes ${formatCount(count)} products of three factors or more, and there are ${formatCount(numRows)} rows to tell them apart; take products of two, as in (a + b + c)^2, or fewer factors.`,
  );
}
