import { InputError } from "../errors.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { TriangularFactor } from "../linalg/triangular-factor.ts";
import type { CompleteRows } from "../table/complete-rows.ts";
import type { ColumnBlock } from "./columns/columns.ts";
import { type OrthogonalBasis, rotateRowsInto } from "./columns/orthogonal-basis.ts";
import type { DesignColumn } from "./design-types.ts";
import type { RowPass } from "./first-pass.ts";
import type { RowNumbers } from "./recipe/row-numbers.ts";
import type { RowStorage } from "./row-storage.ts";
import { type SparsePlan, SparseWriter } from "./sparse-design.ts";
import { type SideOfRows, SparseEncoder } from "./sparse-encoder.ts";
import type { FinishedTarget, TargetReader } from "./target/target-types.ts";
import type { TermRows, TermValues } from "./term-rows.ts";

/** Takes rows as they are made, in their order, and copies them. */
interface RowTaker {
  add(rows: Float32Array): Promise<void>;
}

export interface RowLayout extends RowStorage {
  readonly numRows: number;
  readonly columns: readonly DesignColumn[];
  readonly blocks: readonly ColumnBlock[];
  /** Where dense rows are stored in coordinates of their own. */
  readonly basis?: OrthogonalBasis;
  /** N: where each row stands among the dense rows, where that is not the table's order. */
  readonly places?: Uint32Array;
  /** Takes the rows, where they do not stand in memory. */
  readonly encoder?: RowTaker;
}

/** What a row has besides its columns. */
interface RowSide {
  readonly target: Pick<TargetReader, "read"> & Pick<FinishedTarget, "encodeInto" | "target">;
  readonly offset?: RowNumbers;
}

/**
 * The second pass: writes every complete row, standardised.
 * @throws InputError where the rows are not those of the first pass.
 */
export async function fillRows(
  pass: RowPass,
  layout: RowLayout,
  terms: readonly TermRows[],
  { target, offset }: RowSide,
): Promise<void> {
  const write = writerFor(layout);
  let filled = 0;
  await pass(async (complete) => {
    const count = complete.chunk.numRows;
    if (filled + count > layout.numRows) throw changed();
    const values = valuesOf(terms, complete);
    if (layout.blocks.some(({ term, columnOfCell }) => term.numCells > columnOfCell.length)) throw changed();
    const targets = new Float32Array(count);
    target.encodeInto(target.read(complete), targets, 0, 1);
    const offsets = offset?.(complete).map((value) => value / target.target.scale);
    await write(values, { target: targets, offset: offsets, weights: complete.weights });
    filled += count;
  }, 2);
  if (filled !== layout.numRows) throw changed();
}

/** What the terms make of a chunk. */
export function valuesOf(terms: readonly TermRows[], rows: CompleteRows): ReadonlyMap<TermRows, TermValues> {
  const cached = new Map<string, Float64Array | Int32Array>();
  return new Map(terms.map((term) => [term, term.read(rows, cached)]));
}

/**
 * The R of W^½ X = Q R, X the rows that `fillRows` would write, in double precision, and W their weights: what an orthogonal
 * basis is made of.
 * @throws InputError where the data changed
 */
export async function triangularFactorOf(
  pass: RowPass,
  layout: Pick<RowLayout, "columns" | "blocks" | "numRows">,
  terms: readonly TermRows[],
): Promise<Matrix> {
  const standardise = chunkStandardiser(layout);
  const factor = new TriangularFactor(layout.columns.length);
  await pass((complete) => {
    const { numRows } = complete.chunk;
    if (numRows > 0) factor.add(weighted(standardise(valuesOf(terms, complete), numRows), complete.weights), numRows);
  }, 1);
  return factor.triangle;
}

/** Each row times the root of its weight, in place. */
function weighted(rows: Float64Array, weights: Float64Array | undefined): Float64Array {
  if (!weights) return rows;
  const size = rows.length / weights.length;
  weights.forEach((weight, i) => {
    const root = Math.sqrt(weight);
    for (let j = i * size; j < (i + 1) * size; j++) rows[j] *= root;
  });
  return rows;
}

/** Writes a chunk's rows after those of the chunks before. */
type ChunkWriter = (values: ReadonlyMap<TermRows, TermValues>, side: SideOfRows) => void | Promise<void>;

function writerFor(layout: RowLayout): ChunkWriter {
  if (layout.encoder) return blockWriter(layout, layout.encoder);
  return layout.sparse ? sparseWriter(layout, layout.sparse) : denseWriter(layout);
}

function sparseWriter({ rows, columns, blocks, numRows }: RowLayout, plan: SparsePlan): ChunkWriter {
  const writer = new SparseWriter(rows, plan, columns, blocks, numRows);
  return (values, side) => {
    writer.write(values, side);
    if (writer.rowsWritten === numRows && !writer.isComplete) throw changed();
  };
}

function denseWriter(layout: RowLayout): ChunkWriter {
  const { rows, stride, places } = layout;
  const encode = rowEncoder(layout);
  let chunk = new Float32Array(0);
  let start = 0;
  return (values, side) => {
    const count = side.target.length;
    // Rows that go elsewhere are made beside the others.
    if (places && chunk.length < count * stride) chunk = new Float32Array(count * stride);
    if (places) {
      encode(values, side, chunk, 0);
      scatterRows(chunk, rows, stride, places.subarray(start / stride, start / stride + count));
    } else encode(values, side, rows, start);
    start += count * stride;
  };
}

function blockWriter(layout: RowLayout, encoder: RowTaker): ChunkWriter {
  const encode = layout.sparse ? recordEncoder(layout, layout.sparse) : rowEncoder(layout);
  let chunk = new Float32Array(0);
  return (values, side) => {
    const length = side.target.length * layout.stride;
    if (chunk.length < length) chunk = new Float32Array(length);
    encode(values, side, chunk, 0);
    return encoder.add(chunk.subarray(0, length));
  };
}

/** Writes a chunk's sparse rows, each in a place of its own, from the place `from` of `rows` on. */
function recordEncoder({ stride, columns, blocks }: RowLayout, plan: SparsePlan) {
  const encoder = new SparseEncoder(plan, columns, blocks);
  return (values: ReadonlyMap<TermRows, TermValues>, side: SideOfRows, rows: Float32Array, from: number): void => {
    const count = side.target.length;
    rows.fill(0, from, from + count * stride);
    const writeRecord = encoder.recordsOf(values, side, rows);
    for (let i = 0, at = from; i < count; i++, at += stride) if (writeRecord(i, at) > at + stride) throw changed();
  };
}

/** Writes a chunk's dense rows from the place `from` of `rows` on. */
function rowEncoder(layout: RowLayout) {
  const { stride, columns, blocks, basis } = layout;
  const template = Float32Array.from(rowTemplate(columns, stride));
  const scaling = scalingOfColumns(columns);
  const standardise = basis && chunkStandardiser(layout);
  return (
    values: ReadonlyMap<TermRows, TermValues>,
    { target, offset, weights }: SideOfRows,
    rows: Float32Array,
    from: number,
  ): void => {
    const count = target.length;
    const out = { ...scaling, rows, stride };
    if (basis) rotateRowsInto(rows, from, stride, basis, standardise!(values, count), count);
    else {
      repeatInto(rows, template, from, count);
      for (const block of blocks) writeBlock(block, values.get(block.term)!, out, from, count);
    }
    [target, offset, weights].forEach((numbers, k) => {
      if (numbers) for (let i = 0, at = from + stride - 1 - k; i < count; i++, at += stride) rows[at] = numbers[i];
    });
  };
}

/** Copies each row to its place. */
function scatterRows(chunk: Float32Array, rows: Float32Array, stride: number, places: Uint32Array): void {
  for (let i = 0, from = 0; i < places.length; i++) {
    const to = places[i] * stride;
    for (let j = 0; j < stride; j++) rows[to + j] = chunk[from++];
  }
}

/** A chunk's rows on the standardised scale in double precision, D numbers each. */
function chunkStandardiser({ columns, blocks }: Pick<RowLayout, "columns" | "blocks">) {
  const stride = columns.length;
  const template = rowTemplate(columns, stride);
  const scaling = scalingOfColumns(columns);
  return (values: ReadonlyMap<TermRows, TermValues>, count: number): Float64Array => {
    const rows = new Float64Array(count * stride);
    repeatInto(rows, template, 0, count);
    for (const block of blocks) writeBlock(block, values.get(block.term)!, { ...scaling, rows, stride }, 0, count);
    return rows;
  };
}

/** The columns' scaling as arrays, for the loops over rows. */
interface ColumnScaling {
  readonly means: Float64Array;
  readonly scales: Float64Array;
  /** What 1 is stored as. */
  readonly ones: Float64Array;
}

function scalingOfColumns(columns: readonly DesignColumn[]): ColumnScaling {
  const means = Float64Array.from(columns, ({ mean }) => mean);
  const scales = Float64Array.from(columns, ({ scale }) => scale);
  return { means, scales, ones: means.map((mean, j) => (1 - mean) / scales[j]) };
}

/** Rows that are written, with the scaling of their columns. */
interface ScaledRows extends ColumnScaling {
  readonly rows: Float32Array | Float64Array;
  readonly stride: number;
}

/** The error of data that are not those of the first pass. */
export function changed(): InputError {
  return new InputError("The data changed while it was being read; run the command again when nothing writes to it.");
}

/** A row in which every column is 0 before standardising, and the intercept 1: what most of a row of indicators is. */
function rowTemplate(columns: readonly DesignColumn[], stride: number): Float64Array {
  const template = new Float64Array(stride);
  columns.forEach((column, j) => {
    template[j] = column.isIntercept ? 1 : (0 - column.mean) / column.scale;
  });
  return template;
}

/** Writes the template `count` times from `start` on, doubling what is there: as fast as memory. */
function repeatInto<Rows extends Float32Array | Float64Array>(
  rows: Rows,
  template: Rows,
  start: number,
  count: number,
): void {
  if (count === 0) return;
  rows.set(template, start);
  const total = count * template.length;
  for (let done = template.length; done < total; done *= 2) {
    rows.copyWithin(start + done, start, start + Math.min(done, total - done));
  }
}

function writeBlock(
  block: ColumnBlock,
  { starts, values, cells }: TermValues,
  layout: ScaledRows,
  start: number,
  count: number,
): void {
  const { rows, stride, means, scales, ones } = layout;
  const { columnOfCell } = block;
  if (!cells) {
    const column = columnOfCell[0];
    if (column < 0 || !values) return;
    const mean = means[column];
    const scale = scales[column];
    for (let i = 0, at = start + column; i < count; i++, at += stride) rows[at] = (values[i] - mean) / scale;
    return;
  }
  if (starts && values) {
    for (let i = 0, at = start; i < count; i++, at += stride) {
      for (let entry = starts[i]; entry < starts[i + 1]; entry++) {
        const column = columnOfCell[cells[entry]];
        if (column >= 0) rows[at + column] = (values[entry] - means[column]) / scales[column];
      }
    }
    return;
  }
  if (values) {
    for (let i = 0, at = start; i < count; i++, at += stride) {
      const column = columnOfCell[cells[i]];
      if (column >= 0) rows[at + column] = (values[i] - means[column]) / scales[column];
    }
    return;
  }
  for (let i = 0, at = start; i < count; i++, at += stride) {
    const column = columnOfCell[cells[i]];
    if (column >= 0) rows[at + column] = ones[column];
  }
}
