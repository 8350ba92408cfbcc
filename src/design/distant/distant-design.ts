import {
  type BlockStore,
  type BlockSummary,
  blockShape,
  type LevelsOfGroups,
  numBlocksOf,
} from "../../engine/block-store.ts";
import type { DistantColumn, DistantTable } from "../../engine/distant-parts.ts";
import { fetchGroups, fetchRows } from "../../engine/fetch-rows.ts";
import {
  areSameGroups,
  joinedGroups,
  rowsOfEach,
  type SizesOfGroups,
  someGroups,
  startsOfSizes,
} from "../../engine/sizes-of-groups.ts";
import { InputError } from "../../errors.ts";
import { groupingName } from "../../formula/formula-groups.ts";
import { factorName } from "../../formula/formula-text.ts";
import type { ChebyshevSeries } from "../../formula/polynomials.ts";
import { formatCount, type TableSource } from "../../table/table-source.ts";
import { chooseRows } from "../blocks/block-encoder.ts";
import { readSample } from "../blocks/read-sample.ts";
import type { ChosenColumns } from "../columns/columns.ts";
import { PolynomialFits, type PolynomialRanges } from "../columns/fit-polynomials.ts";
import type { CompiledFormula } from "../compile-formula.ts";
import { curvatureKind, denseLimit } from "../curvature-kind.ts";
import type { DesignColumn, DesignOptions } from "../design-types.ts";
import { changed } from "../fill.ts";
import type { GroupLevelReader } from "../groups/group-levels.ts";
import { type RunsOfGroups, rowsOfRuns } from "../groups/group-runs.ts";
import { nestingOf } from "../groups/nesting.ts";
import type { FirstPass, PartStatistics, RowStatistics } from "../row-statistics.ts";
import { type RowStorage, storageInBlocks } from "../row-storage.ts";
import { denseStrideOf, type RowSideKinds } from "../size-limit.ts";
import { planSparse } from "../sparse-design.ts";
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
  /** Of each part, where rows are grouped. */
  private runs: readonly RunsOfGroups[] = [];
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
      const answers = await this.distant.read(question, this.columnsRead(new Map()), "reading, for poly()");
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

  /**
   * The first pass, by the parts.
   * @param levels takes a row for each group, in the order of the parts and of their rows
   * @throws InputError as `firstPass`
   */
  async firstPass(gathered: RowStatistics, levels: GroupLevelReader | undefined): Promise<FirstPass> {
    const question: StatisticsQuestion = { kind: "statistics", plan: this.plan };
    const answers = await this.distant.read(question, this.columnsRead(), "reading, pass 1 of 2");
    const parts = answers.map(({ content }) => content as PartStatistics);
    const counts = gathered.merge(parts, noRowsOf(this.compiled, this.source.columns, this.plan));
    this.rowsOfParts = parts.map(({ counts }) => counts.rowsRead - counts.droppedRows - counts.zeroWeightRows);
    this.merged = gathered.part(counts);
    if (levels) this.runs = parts.map(({ groups }) => groups ?? { values: [], sizes: { rows: [] } });
    const names = [...groupingColumns(this.compiled).keys()];
    for (const runs of this.runs)
      if (runs.sizes.rows.length > 0) levels?.add(rowsOfRuns(names, this.compiled.scope.columns, runs));
    return gathered.finish(counts, this.source.label ?? "the data");
  }

  /** Rows that are in none of this memory: those of groups are dense. @throws InputError where they are too many columns */
  storageOf(
    { columns, blocks }: Pick<ChosenColumns, "columns" | "blocks">,
    numRows: number,
    numParameters: number,
    side: RowSideKinds,
  ): RowStorage {
    const { options } = this;
    options.requireParameters?.(columns.length);
    if (curvatureKind(numParameters) !== "dense")
      throw new InputError(
        `The model has ${numParameters.toLocaleString("en-US")} parameters, and ${denseLimit} are the most with rows on ${this.distant.place}; make a group term of the widest categorical, as in (1 | g), leave some columns out, or fit a part of the rows without --engine.`,
      );
    const wanted = this.runs.length > 0 ? "dense" : (options.storage ?? "auto");
    const denseStride = denseStrideOf(columns.length, side);
    return storageInBlocks({ plan: planSparse(columns, blocks, numRows), blocks, denseStride, wanted });
  }

  /**
   * Has the parts encode their rows, and fetches the uniform sample of them, or of their groups.
   * @param levels where rows are grouped, of each factor the level of each group, or inner group
   */
  async encode(
    columns: readonly DesignColumn[],
    { stride, sparse }: RowStorage,
    numRows: number,
    levels: readonly Uint32Array[] | undefined,
  ): Promise<{ readonly store: BlockStore; readonly rows: Float32Array }> {
    const { rowsOfParts, merged, distant } = this;
    if (!merged) throw new TypeError("The first pass comes first.");
    const sizesOfParts = this.runs.map(({ sizes }) => sizes);
    const all = joinedGroups(sizesOfParts);
    const ofGroups = levels && levelsOfGroups(levels, all);
    const sample = ofGroups && sampleOfGroups(all, stride, distant.place);
    const shape = { ...blockShape(numRows, stride), ...(sample && { sampleRows: sample.numRows }) };
    const { rowsOfBlock } = shape;
    const isSparse = sparse !== undefined;
    const expected = { columns: columns.map(({ mean, scale }) => [mean, scale]), stride, isSparse };
    const question: EncodeQuestion = { kind: "encode", plan: this.plan, merged, rowsOfParts, rowsOfBlock, expected };
    const { answers, parts } = await distant.encode(question, this.columnsRead(), "reading, pass 2 of 2");
    if (answers.length !== rowsOfParts.length) throw changed();
    const encoded = answers.map(({ content }) => content as EncodedPart);
    if (
      levels &&
      encoded.some(({ summary }, part) => !areSameGroups(summary.groups ?? { rows: [] }, sizesOfParts[part]))
    )
      throw changed();
    const groups = sample && ofGroups && { sizesOfParts, levels: ofGroups, sample: sample.sizes };
    const store: BlockStore = {
      ...shape,
      numBlocks: rowsOfParts.reduce((sum, own) => sum + numBlocksOf({ numRows: own, rowsOfBlock }), 0),
      summary: summaryOf(encoded),
      checksums: Uint32Array.from(encoded.flatMap(({ checksums }) => checksums)),
      folder: distant.place,
      memoryBytes: this.options.blocks?.memoryBytes ?? 2 ** 30,
      distant: { parts, rowsOfParts, ...(groups && { groups }) },
      read: () => Promise.reject(new TypeError("Blocks elsewhere are not read from here.")),
      readSample: (target) => fetchSample(store, sample?.numbers ?? chooseRows(numRows, shape.sampleRows), target),
      remove: parts.remove,
    };
    return { store, rows: await readSample(store, sparse, this.options.memory) };
  }

  private columnsRead(by = groupingColumns(this.compiled)): readonly DistantColumn[] {
    const { columns, dates, levels } = this.plan;
    const whole = new Set([...dates, ...this.compiled.texts]);
    return columnsRead(this.compiled.names, columns, { whole, levels, by });
  }
}

/** The columns by which rows are grouped, and how. */
function groupingColumns({ expanded: { groups } }: CompiledFormula): ReadonlyMap<string, DistantColumn["grouping"]> {
  const { by, numOuter } = nestingOf(groups) ?? { by: [] };
  return new Map(
    by.map((factor, k) => [groupingName(factor), numOuter === undefined || k < numOuter ? "group" : "within"]),
  );
}

/** The levels of groups, each of which is in one part. @param ofFactors of each group of the innermost factor, the outer factor first */
function levelsOfGroups(ofFactors: readonly Uint32Array[], { inner: innerOfEach }: SizesOfGroups): LevelsOfGroups {
  const [inner, outer] = [...ofFactors].reverse();
  const starts = outer && innerOfEach && startsOfSizes(innerOfEach);
  const levels = { inner, ...(starts && { outer: starts.subarray(0, -1).map((first) => outer[first]) }) };
  for (const own of Object.values(levels))
    if (own.reduce((most, level) => Math.max(most, level), -1) + 1 !== own.length)
      throw new Error("Rows of one group are in several parts.");
  return levels;
}

/** Groups of the sample: what is averaged over groups is off by one over the root of their number. */
const fewestSampled = 200;
const sampleBytes = 2 ** 27;

/** Groups of the uniform sample: about as many as have the rows of other samples, and all where they are few. */
function sampleOfGroups(all: SizesOfGroups, stride: number, place: string) {
  const sizes = rowsOfEach(all);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const { sampleRows } = blockShape(total, stride);
  const wanted = Math.max(Math.min(sizes.length, fewestSampled), Math.floor((sizes.length * sampleRows) / total));
  const numbers = chooseRows(sizes.length, wanted);
  const numRows = numbers.reduce((sum, group) => sum + sizes[group], 0);
  if (4 * stride * numRows > sampleBytes)
    throw new InputError(
      `A group has ${formatCount(Math.round(total / sizes.length))} rows on average, and with rows on ${place} (--engine) whole groups come to this machine, of which ${formatCount(wanted)} are too large; write the grouping factor as a term, or group by more levels.`,
    );
  return { numbers, sizes: someGroups(all, Array.from(numbers)), numRows };
}

/** Copies rows of a distant store, or groups, by their numbers in ascending order. */
async function fetchSample(
  { distant, stride }: Pick<BlockStore, "distant" | "stride">,
  numbers: Uint32Array,
  target: Uint8Array,
): Promise<void> {
  const rows = new Float32Array(target.buffer, target.byteOffset, target.length / 4);
  if (distant?.groups) return rows.set((await fetchGroups(distant, stride, Array.from(numbers))).rows);
  await fetchRows(distant, stride, Array.from(numbers), (row, place) => rows.set(row, place * stride));
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
  const { groups } = expanded;
  if (groups.length > 0 && !nestingOf(groups))
    throw refuse(
      "Group terms of several factors are not fitted",
      "write one within the other where it lies there, as in (1 | a/b), keep one of the factors, or fit on one machine",
    );
  const expression = groups.flatMap(({ by }) => by).find((factor) => factor.expression.kind !== "column");
  if (expression)
    throw refuse(
      `Rows are not grouped by ${factorName(expression)}`,
      'make it a column, such as by --sql "select …", and group by that',
    );
  if (options.storage === "sparse" && groups.length > 0)
    throw refuse("Rows with group terms are not sparse", "leave --storage out, or the group terms");
  if (options.allLevels)
    throw refuse("A prior is not learned", "give --prior a width, or fit a part of the rows on one machine");
}
