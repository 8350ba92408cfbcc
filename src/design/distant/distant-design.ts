import { type BlockStore, type BlockSummary, blockShape, numBlocksOf } from "../../engine/block-store.ts";
import type { DistantColumn, DistantTable } from "../../engine/distant-parts.ts";
import { InputError } from "../../errors.ts";
import type { ChebyshevSeries } from "../../formula/polynomials.ts";
import type { TableSource } from "../../table/table-source.ts";
import { chooseRows } from "../blocks/block-encoder.ts";
import { PolynomialFits, type PolynomialRanges } from "../columns/fit-polynomials.ts";
import type { CompiledFormula } from "../compile-formula.ts";
import { curvatureKind, denseLimit } from "../curvature-kind.ts";
import type { DesignColumn, DesignOptions } from "../design-types.ts";
import { changed } from "../fill.ts";
import type { FirstPass, PartStatistics, RowStatistics } from "../row-statistics.ts";
import type { RowStorage } from "../row-storage.ts";
import { denseStrideOf, type RowSideKinds } from "../size-limit.ts";
import type {
  EncodedPart,
  EncodeQuestion,
  PolynomialAnswer,
  PolynomialQuestion,
  StatisticsQuestion,
} from "./part-answers.ts";
import { columnsRead, noRowsOf, type PartPlan } from "./part-plan.ts";

/** The design of a table whose parts read it where they are. */
export class DistantDesign {
  private readonly distant: DistantTable;
  private rowsOfParts: readonly number[] = [];
  private merged: PartStatistics | undefined;
  private plan: PartPlan;

  private constructor(
    private readonly source: TableSource,
    private readonly compiled: CompiledFormula,
    plan: PartPlan,
    private readonly options: DesignOptions,
  ) {
    this.distant = source.distant!;
    this.plan = plan;
  }

  /**
   * @param table as it is
   * @param source with dates for texts that are dates
   * @throws InputError where the formula or an option asks for what parts cannot do
   */
  static async of(
    table: TableSource,
    source: TableSource,
    compiled: CompiledFormula,
    options: DesignOptions,
  ): Promise<DistantDesign> {
    refuseForeign(compiled, options, table.distant!);
    const { columns } = table;
    const dates = columns.flatMap(({ name, type }, k) => (type === source.columns[k].type ? [] : [name]));
    const levels: Record<string, readonly string[]> = {};
    for await (const chunk of table.chunks(compiled.names, new Set([...compiled.texts, ...dates])))
      for (const [name, column] of chunk.columns) if (column.kind === "category") levels[name] = column.levels;
    const { family, event, weights, standardize } = options;
    const ofParts = { family, event, weights, standardize };
    return new DistantDesign(
      source,
      compiled,
      { formula: compiled.scope.text, options: ofParts, columns, dates, levels, polynomials: {} },
      options,
    );
  }

  /** The polynomials of the formula, by two passes of the parts. @throws InputError as `fitPolynomials` */
  async polynomials(): Promise<ReadonlyMap<string, ChebyshevSeries>> {
    const fits = new PolynomialFits(this.compiled.factors, this.compiled.scope);
    if (fits.areNone) return new Map();
    const ask = async (ranges?: PolynomialRanges) => {
      const question: PolynomialQuestion = { kind: "polynomials", plan: this.plan, ...(ranges && { ranges }) };
      const answers = await this.distant.read(question, this.columnsRead(), "reading, for poly()");
      return answers.map(({ content }) => content as PolynomialAnswer);
    };
    for (const { ranges } of await ask()) if (ranges) fits.mergeRanges(ranges);
    const { ranges } = fits;
    if (!ranges) return fits.series();
    for (const { triangles } of await ask(ranges)) fits.mergeTriangles(triangles);
    const series = fits.series();
    this.plan = { ...this.plan, polynomials: Object.fromEntries(series) };
    return series;
  }

  /** The first pass, by the parts. @throws InputError as `firstPass` */
  async firstPass(gathered: RowStatistics): Promise<FirstPass> {
    const question: StatisticsQuestion = { kind: "statistics", plan: this.plan };
    const answers = await this.distant.read(question, this.columnsRead(), "reading, pass 1 of 2");
    const parts = answers.map(({ content }) => content as PartStatistics);
    const counts = gathered.merge(parts, noRowsOf(this.compiled, this.source.columns, this.plan));
    this.rowsOfParts = parts.map(({ counts }) => counts.rowsRead - counts.droppedRows - counts.zeroWeightRows);
    this.merged = gathered.part(counts);
    return gathered.finish(counts, this.source.label ?? "the data");
  }

  /** Dense rows, which are in none of this memory. @throws InputError where they are too many columns */
  storageOf(numColumns: number, numParameters: number, side: RowSideKinds): RowStorage {
    this.options.requireParameters?.(numColumns);
    if (curvatureKind(numParameters) !== "dense")
      throw new InputError(
        `The model has ${numParameters.toLocaleString("en-US")} parameters, and ${denseLimit} are the most with rows on ${this.distant.place}, which are dense; leave some columns out, or fit a part of the rows without --engine.`,
      );
    return { rows: new Float32Array(), stride: denseStrideOf(numColumns, side), isInBlocks: true };
  }

  /** Has the parts encode their rows, and fetches the uniform sample of them. */
  async encode(
    columns: readonly DesignColumn[],
    stride: number,
    numRows: number,
  ): Promise<{ readonly store: BlockStore; readonly rows: Float32Array }> {
    const { rowsOfParts, merged, distant } = this;
    if (!merged) throw new TypeError("The first pass comes first.");
    const shape = blockShape(numRows, stride);
    const { rowsOfBlock } = shape;
    const expected = { columns: columns.map(({ mean, scale }) => [mean, scale]), stride };
    const question: EncodeQuestion = { kind: "encode", plan: this.plan, merged, rowsOfParts, rowsOfBlock, expected };
    const { answers, parts } = await distant.encode(question, this.columnsRead(), "reading, pass 2 of 2");
    if (answers.length !== rowsOfParts.length) throw changed();
    const encoded = answers.map(({ content }) => content as EncodedPart);
    const store: BlockStore = {
      ...shape,
      numBlocks: rowsOfParts.reduce((sum, own) => sum + numBlocksOf({ numRows: own, rowsOfBlock }), 0),
      summary: summaryOf(encoded),
      checksums: Uint32Array.from(encoded.flatMap(({ checksums }) => checksums)),
      folder: distant.place,
      memoryBytes: this.options.blocks?.memoryBytes ?? 2 ** 30,
      distant: { parts, rowsOfParts },
      read: () => Promise.reject(new TypeError("Blocks elsewhere are not read from here.")),
      readSample: (target) => fetchRows(store, chooseRows(numRows, shape.sampleRows), target),
      remove: parts.remove,
    };
    const { memory } = this.options;
    const rows = memory?.allocateRows(shape.sampleRows, stride) ?? new Float32Array(shape.sampleRows * stride);
    await store.readSample(new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength));
    return { store, rows };
  }

  private columnsRead(): readonly DistantColumn[] {
    const { columns, dates, levels } = this.plan;
    return columnsRead(this.compiled.names, columns, { whole: new Set([...dates, ...this.compiled.texts]), levels });
  }
}

/**
 * Copies rows of a distant store, by their numbers in ascending order.
 * @param target of their bytes
 */
async function fetchRows(
  { distant, stride }: Pick<BlockStore, "distant" | "stride">,
  numbers: ArrayLike<number>,
  target: Uint8Array,
): Promise<void> {
  if (!distant) throw new TypeError("The rows are not elsewhere.");
  const ofParts: number[][] = [];
  let [first, next] = [0, 0];
  for (const own of distant.rowsOfParts) {
    const wanted: number[] = [];
    for (; next < numbers.length && numbers[next] < first + own; next++) wanted.push(numbers[next] - first);
    ofParts.push(wanted);
    first += own;
  }
  let at = 0;
  for (const { data } of await distant.parts.ask({ kind: "rows", ofParts })) {
    target.set(data, at);
    at += data.length;
  }
  if (at !== target.length || at !== 4 * stride * numbers.length)
    throw new Error(`Of ${numbers.length} rows elsewhere ${at / 4 / stride} have come.`);
}

function summaryOf(parts: readonly EncodedPart[]): BlockSummary {
  // A part without rows has seen no pair differ.
  const seen = parts.filter(({ numRows }) => numRows > 0);
  const inAll = ([i, j]: readonly [number, number]) =>
    seen.every(({ summary }) => summary.twins.some(([a, b]) => a === i && b === j));
  const sum = (of: (summary: BlockSummary) => number) => seen.reduce((total, { summary }) => total + of(summary), 0);
  return {
    weights: { sum: sum(({ weights }) => weights.sum), squares: sum(({ weights }) => weights.squares) },
    twins: seen[0].summary.twins.filter(inAll),
  };
}

function refuseForeign({ expanded }: CompiledFormula, options: DesignOptions, { place }: DistantTable): void {
  const refuse = (what: string, instead: string) =>
    new InputError(`${what} with rows on ${place} (--engine); ${instead}.`);
  if (expanded.groups.length > 0)
    throw refuse(
      "Group terms are not fitted",
      "write a grouping factor of few levels as a term, or fit the rows on one machine",
    );
  if (options.storage === "sparse")
    throw refuse("Rows are not sparse", "leave --storage out, or fit the rows on one machine");
  if (options.allLevels)
    throw refuse("A prior is not learned", "give --prior a width, or fit a part of the rows on one machine");
}
