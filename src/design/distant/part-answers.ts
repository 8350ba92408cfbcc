import { type BlockShape, type BlockStore, type BlockWriter, numBlocksOf } from "../../engine/block-store.ts";
import type { TableSource } from "../../table/table-source.ts";
import { BlockEncoder } from "../blocks/block-encoder.ts";
import { columnsOf, finishTarget } from "../columns/design-columns.ts";
import { PolynomialFits, type PolynomialRanges } from "../columns/fit-polynomials.ts";
import type { CompiledFormula } from "../compile-formula.ts";
import { changed, fillRows } from "../fill.ts";
import { passOver, type RowPass } from "../first-pass.ts";
import { type CompiledGroup, chooseGroupColumns, type FixedColumns } from "../groups/group-columns.ts";
import type { PartStatistics } from "../row-statistics.ts";
import { denseStrideOf } from "../size-limit.ts";
import { placeWords, planSparse } from "../sparse-design.ts";
import { compiledOf, type PartPlan, readersOf } from "./part-plan.ts";

export interface StatisticsQuestion {
  readonly kind: "statistics";
  readonly plan: PartPlan;
}

/** Asked twice where a formula has poly(): for the ranges of x, and for the triangles within the range of all rows. */
export interface PolynomialQuestion {
  readonly kind: "polynomials";
  readonly plan: PartPlan;
  readonly ranges?: PolynomialRanges;
}

export interface PolynomialAnswer {
  readonly ranges?: PolynomialRanges;
  readonly triangles: readonly (readonly number[])[];
}

export interface EncodeQuestion {
  readonly kind: "encode";
  readonly plan: PartPlan;
  /** Of all parts. */
  readonly merged: PartStatistics;
  readonly rowsOfParts: readonly number[];
  readonly rowsOfBlock: number;
  /** What the columns come to: mean and scale of each; and how rows are stored. */
  readonly expected: {
    readonly columns: readonly (readonly number[])[];
    readonly stride: number;
    readonly isSparse: boolean;
  };
}

/** What is known of a part's blocks. */
export interface EncodedPart extends Pick<BlockStore, "numRows" | "summary"> {
  readonly checksums: readonly number[];
}

/** What the first pass tells of one part. @throws InputError where a value cannot be used */
export async function statisticsOf(table: TableSource, { plan }: StatisticsQuestion): Promise<PartStatistics> {
  const { source, compiled, gathered, runs } = readersOf(plan, table);
  const reader = await passOver(
    source,
    compiled,
    {},
  )((rows) => {
    if (rows.chunk.numRows > 0) gathered.add(rows);
    runs?.add(rows);
  }, 1);
  return { ...gathered.part(reader), ...(runs && { groups: runs.found }) };
}

/** Ranges of a part, or with those of all parts its triangles. @throws InputError where a value cannot be used */
export async function polynomialsOf(
  table: TableSource,
  { plan, ranges }: PolynomialQuestion,
): Promise<PolynomialAnswer> {
  const { source, compiled } = compiledOf(plan, table);
  const fits = new PolynomialFits(compiled.factors, compiled.scope);
  if (ranges) fits.mergeRanges(ranges);
  await passOver(
    source,
    compiled,
    {},
  )((rows) => {
    if (rows.chunk.numRows === 0) return;
    if (ranges) fits.addToTriangles(rows);
    else fits.addToRanges(rows);
  }, 1);
  return ranges ? { triangles: fits.triangles } : { ranges: fits.ranges, triangles: [] };
}

/** The columns of a row: those of the fixed effects, and after them slopes of groups that are not among these. */
function withSlopes(
  { expanded }: CompiledFormula,
  groups: readonly CompiledGroup[],
  fixed: FixedColumns,
  numRows: number,
  { options: { standardize } }: PartPlan,
): FixedColumns {
  if (groups.length === 0) return fixed;
  const { hasIntercept } = expanded;
  const { extraColumns, blocks } = chooseGroupColumns(groups, fixed, {
    ...{ numRows, hasIntercept, standardized: standardize !== "none" },
  });
  return { columns: [...fixed.columns, ...extraColumns], blocks: [...fixed.blocks, ...blocks] };
}

/**
 * Encodes a part's rows into blocks, by what all parts have told.
 * @param create makes what writes blocks of that shape
 * @throws InputError where the rows are others than those of the first pass
 */
export async function encodePart(
  table: TableSource,
  { plan, merged, rowsOfParts, rowsOfBlock, expected }: EncodeQuestion,
  part: number,
  create: (shape: BlockShape) => Promise<BlockWriter>,
): Promise<{ readonly store: BlockStore; readonly encoded: EncodedPart }> {
  const { source, compiled, terms, groups, all, gathered, runs, empty } = readersOf(plan, table);
  const seen = gathered.finish(gathered.merge([merged], empty), "the data");
  const target = finishTarget(compiled, seen, plan.options);
  const { chosen, columns: fixed } = columnsOf(compiled, terms, seen.numRows, plan.options);
  const { columns, blocks } = withSlopes(
    compiled,
    groups,
    { columns: fixed, blocks: chosen.blocks },
    seen.numRows,
    plan,
  );
  const side = { hasWeights: compiled.weights !== undefined, hasOffset: compiled.offset !== undefined };
  const { isSparse } = expected;
  const stride = isSparse ? placeWords(blocks) : denseStrideOf(columns.length, side);
  const isAsExpected =
    stride === expected.stride &&
    columns.length === expected.columns.length &&
    columns.every(({ mean, scale }, j) => mean === expected.columns[j][0] && scale === expected.columns[j][1]);
  if (!isAsExpected) throw new Error("A part has come to other columns than the whole.");
  const numRows = rowsOfParts[part];
  if (numRows === undefined) throw changed();
  const shape = { numRows, stride, rowsOfBlock, sampleRows: 0 };
  const encoder = new BlockEncoder(await create(shape), shape, { columns, hasBasis: false, isSparse, ...side });
  const sparse = isSparse ? planSparse(columns, blocks, seen.numRows) : undefined;
  const layout = { rows: new Float32Array(), stride, sparse, numRows, columns, blocks, encoder };
  const pass = passOver(source, compiled, {});
  const finding: RowPass = (visit, which) =>
    pass(async (rows, reader) => {
      runs?.add(rows);
      await visit(rows, reader);
    }, which);
  try {
    const ofRows = { target: { ...target, read: compiled.target.read }, offset: compiled.offset };
    await fillRows(finding, layout, all, ofRows);
    const store = await encoder.finish(runs?.found.sizes);
    const { summary, checksums } = store;
    return { store, encoded: { numRows, summary, checksums: [...checksums].slice(0, numBlocksOf(shape)) } };
  } catch (error) {
    await encoder.abandon();
    throw error;
  }
}
