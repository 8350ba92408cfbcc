import type { DataSummary } from "../design/data-summary.ts";
import type { RecipeInput } from "../design/design-types.ts";
import { type EncodedRows, type EncodeOptions, RowEncoder } from "../design/recipe/encode-rows.ts";
import type { ReportProgress } from "../engine/progress.ts";
import { InputError } from "../errors.ts";
import { type PredictiveFit, requireFit } from "../prediction/predictive-fit.ts";
import { tellRows, whilePreparing } from "../prediction/telling-rows.ts";
import { combine, type Moments, momentsOf } from "../table/moments.ts";
import { formatCount, type TableChunk, type TableSource } from "../table/table-source.ts";
import { RowPrint } from "./row-print.ts";

/** What comparing models takes of a fit: what predictions are made from, and what rows it was made of. */
export interface FittedModel extends PredictiveFit {
  readonly data: DataSummary;
  /** What its draws were made with. */
  readonly settings: { readonly sampler: string };
}

/** Rows of a chunk that the fit was made of. */
export interface FittedChunk {
  /** The chunk as the table has it, with the columns that were read beside those of the formula. */
  readonly chunk: TableChunk;
  readonly rows: EncodedRows;
  /** Which of the encoded rows they are, and the number of each in the data, from 1. */
  readonly places: readonly number[];
  readonly numbers: readonly number[];
}

/**
 * Reads the rows that a fit was made of from a table that should hold them: those with every value that the formula uses. That they
 * are the fit's is known once all were read: as many, with the same means and sds of the target and of each column of numbers.
 */
export class FittedRows {
  readonly prints = new RowPrint();
  private readonly encoder: RowEncoder;
  private readonly moments = new Map<string, Moments>();
  private count = 0;
  private chunk: TableChunk | undefined;

  /** @throws InputError where the table misses a column, or has one of a type that cannot be read */
  constructor(
    private readonly fit: FittedModel,
    private readonly source: TableSource,
    private readonly options: EncodeOptions,
  ) {
    requireFitted(fit);
    this.encoder = new RowEncoder(fit.recipe, source, options);
    if (!this.encoder.hasTarget)
      throw new InputError(
        `${labelOf(source)} lacks the columns of the target, ${fit.data.target}: give the rows that the fit was made of.`,
      );
  }

  /** @param others columns of the table that are read beside those of the formula */
  async *read(
    stage: string,
    onProgress: ReportProgress | undefined,
    others: readonly string[] = [],
  ): AsyncGenerator<FittedChunk> {
    const rows = this.encodedRows(others);
    for (;;) {
      const isFirst = this.encoder.rowsRead === 0;
      const first = this.encoder.rowsRead + 1;
      const next = await whilePreparing(this.source, isFirst ? onProgress : undefined, () => rows.next());
      if (next.done) break;
      yield this.ofFit(next.value, first);
      tellRows(onProgress, stage, this.source, this.encoder.rowsRead);
    }
    this.requireSameRows();
  }

  private async *encodedRows(others: readonly string[]): AsyncGenerator<EncodedRows> {
    const { names, texts } = this.encoder.wanted;
    for await (const chunk of this.source.chunks([...new Set([...names, ...others])], texts)) {
      this.options.signal?.throwIfAborted();
      yield this.encoder.encodeNext(chunk, (same) => {
        this.chunk = same;
        return same;
      });
    }
  }

  private ofFit(rows: EncodedRows, first: number): FittedChunk {
    const places: number[] = [];
    rows.indices.forEach((_, i) => {
      // Of no trials nothing is told, so that no fit has such rows.
      if (!Number.isNaN(rows.target![i]) && !(rows.trials && !(rows.trials[i] > 0))) places.push(i);
    });
    const numbers = places.map((i) => first + rows.indices[i]);
    this.count += places.length;
    if (this.count > this.fit.data.rows) throw this.otherRows(`more than ${formatCount(this.fit.data.rows)}`);
    const { target } = this.fit.recipe;
    places.forEach((i, k) => {
      this.prints.add(numbers[k], target.levels?.[rows.target![i]] ?? rows.target![i], rows.trials?.[i]);
    });
    this.addMoments(rows, places);
    return { chunk: this.chunk!, rows, places, numbers };
  }

  private addMoments(rows: EncodedRows, places: readonly number[]): void {
    if (places.length === 0) return;
    const add = (name: string, of: (i: number) => number) => {
      const own = momentsOf(Float64Array.from(places, of));
      const before = this.moments.get(name);
      this.moments.set(name, before ? combine(before, own) : own);
    };
    for (const { name } of this.numberInputs()) {
      const column = this.chunk!.columns.get(name);
      if (column?.kind === "number") add(name, (i) => column.values[rows.indices[i]]);
    }
    add(targetKey, (i) => rows.target![i] / (rows.trials?.[i] ?? 1));
  }

  private numberInputs(): readonly RecipeInput[] {
    return this.fit.recipe.inputs.filter(({ typical }) => typical && "mean" in typical);
  }

  /** @throws InputError where the rows that were read are not those of the fit */
  private requireSameRows(): void {
    const { rows, targetMean, targetSd } = this.fit.data;
    if (this.encoder.rowsRead === 0)
      throw new InputError(`There are no rows in ${labelOf(this.source)}; check the file or the query.`);
    if (this.count !== rows) throw this.otherRows(formatCount(this.count));
    for (const { name, typical } of this.numberInputs())
      if (typical && "mean" in typical) this.requireMoments(name, `"${name}"`, typical);
    if (targetMean !== undefined && targetSd !== undefined)
      this.requireMoments(targetKey, `the target, ${this.fit.data.target},`, { mean: targetMean, sd: targetSd });
  }

  private requireMoments(key: string, what: string, fitted: { readonly mean: number; readonly sd: number }): void {
    const own = this.moments.get(key);
    if (!own) return;
    const sd = Math.sqrt(own.squares / own.count);
    // Targets are summed in single precision by the fit.
    const room = 1e-5 * fitted.sd + 1e-6 * Math.abs(fitted.mean);
    if (Math.abs(own.mean - fitted.mean) <= room && Math.abs(sd - fitted.sd) <= room) return;
    const text = (value: number) => String(Number(value.toPrecision(6)));
    throw new InputError(
      `The rows of ${labelOf(this.source)} are not those of the fit: ${what} has the mean ${text(own.mean)} and the sd ${text(sd)}, and had ${text(fitted.mean)} and ${text(fitted.sd)}; give the rows that the fit was made of, or fit again.`,
    );
  }

  private otherRows(count: string): InputError {
    return new InputError(
      `${labelOf(this.source)} has ${count} rows with every value that the formula uses, and the fit was made of ${formatCount(this.fit.data.rows)}: give the rows that the fit was made of.`,
    );
  }
}

const targetKey = "";

const labelOf = ({ label = "the data" }: TableSource) => label;

/** @throws InputError where a fit has rows that count more than once, or is none */
function requireFitted(fit: FittedModel): void {
  requireFit(fit);
  if (typeof fit.data?.rows !== "number")
    throw new InputError(
      "The fit does not say what rows it was made of: give the result of fit, importFit or loadFit.",
    );
  if (fit.data.weights !== undefined)
    throw new InputError(
      `The fit counts rows by the weights ${fit.data.weights}, and it is not told whether such a row is one observation or several: fit without --weights to leave rows out.`,
    );
}
