// Models over some of a model's rows.
import { copyGroupEntries } from "../engine/bindings/group-record.ts";
import { setSparseWeight, sparseRowEnd, sparseWeight } from "../engine/bindings/sparse-row.ts";
import { overRowsInMemory, withRows } from "../models/create-model.ts";
import type { Model, RowBlock } from "../models/model.ts";
import type { Xoshiro } from "../rng/xoshiro.ts";

/**
 * The same model over `numRows` rows drawn without replacement, copied side by side (of sparse rows only their addresses, of
 * a custom model only their numbers); the model itself where it has no more rows than that. Of rows in blocks they are drawn
 * from the sample that is in memory: no more than that has.
 */
export function subsampleModel(model: Model, numRows: number, random: Pick<Xoshiro, "uniform">): Model {
  const total = model.rows.numRows;
  if (total <= numRows && !model.blocks) return model;
  if (model.blocks) return subsampleModel(rowsAtHand(model), numRows, random);
  const chosen = chooseRows(total, numRows, random);
  if (model.groups)
    return withRows(model, { ...model.rows, numRows, address: copyGroupEntries(model.memory, model.rows, chosen) });
  if (!model.custom) return withRows(model, { ...model.rows, address: copyRows(model, chosen), numRows });
  const { subset } = model.custom;
  const custom = { ...model.custom, subset: subset ? chosen.map((row) => subset[row]) : chosen };
  return { ...model, rows: { ...model.rows, numRows }, custom };
}

/** The same model over those of its rows that are in memory: a uniform sample of rows that are in blocks, in their order; else all. */
export function rowsAtHand(model: Model): Model {
  const { blocks } = model;
  return blocks ? overRowsInMemory(model, blocks.sample, blocks.sampleGroups) : model;
}

/** Selection sampling (Knuth's algorithm S) keeps the rows in order, so that a copy reads the memory once, forwards. */
function chooseRows(total: number, count: number, random: Pick<Xoshiro, "uniform">): Uint32Array {
  const chosen = new Uint32Array(count);
  for (let row = 0, taken = 0; taken < count; row++)
    if (random.uniform() * (total - row) < count - taken) chosen[taken++] = row;
  return chosen;
}

function copyRows({ memory, rows }: Model, chosen: Uint32Array): number {
  const words = rows.sparse ? 1 : rows.stride;
  const address = memory.allocate(chosen.length * words * 4);
  const source = memory.u32(rows.address, rows.numRows * words);
  const target = memory.u32(address, chosen.length * words);
  chosen.forEach((row, k) => {
    target.set(source.subarray(row * words, (row + 1) * words), k * words);
  });
  return address;
}

/** The same model over the rows of these numbers, copied, each with its weight times the factor given for it. */
export function weightedRows(model: Model, numbers: ArrayLike<number>, factors: ArrayLike<number>): Model {
  if (model.blocks) throw new TypeError("Rows in blocks are drawn by BlockRows.");
  if (model.groups) {
    const address = copyGroupEntries(model.memory, model.rows, numbers, factors);
    return withRows(model, { ...model.rows, address, numRows: numbers.length });
  }
  const copy = model.rows.sparse ? copySparse : copyDense;
  return withRows(model, {
    ...model.rows,
    ...copy(model, numbers, factors),
    numRows: numbers.length,
    hasWeights: true,
  });
}

type RowKinds = Pick<RowBlock, "numColumns" | "stride" | "sparse" | "hasOffset" | "hasWeights">;

/** Room for target, offset and weight beside the columns. */
const besideColumns = 3;

/** Floats of a row that has a weight, of one in blocks that may have none. */
export function weightedStride({ numColumns, stride, sparse }: RowKinds): number {
  // A record always has room for one.
  if (sparse) return stride;
  return 8 * Math.ceil((numColumns + besideColumns) / 8);
}

/** Writes a row in blocks with its weight times a factor. @param target of `weightedStride` zeros */
export function writeWeightedRow(
  row: Float32Array,
  { numColumns, sparse, hasOffset, hasWeights }: RowKinds,
  factor: number,
  target: Float32Array,
): void {
  if (sparse) {
    target.set(row);
    setSparseWeight(target, 0, factor * (hasWeights ? sparseWeight(row, 0) : 1));
    return;
  }
  const [from, end] = [row.length, target.length];
  target.set(row.subarray(0, numColumns));
  target[end - 1] = row[from - 1];
  if (hasOffset) target[end - 2] = row[from - 2];
  target[end - 3] = factor * (hasWeights ? row[from - 3] : 1);
}

/** Multiplies the weights of a model's rows. */
export function scaleWeights({ memory, rows: { address, numRows, stride, sparse } }: Model, factor: number): void {
  if (sparse) {
    const floats = memory.f32(0, memory.memory.buffer.byteLength / 4);
    for (const start of memory.u32(address, numRows))
      setSparseWeight(floats, start / 4, factor * sparseWeight(floats, start / 4));
    return;
  }
  const rows = memory.f32(address, numRows * stride);
  for (let at = stride - 3; at < rows.length; at += stride) rows[at] *= factor;
}

function copyDense({ memory, rows }: Model, numbers: ArrayLike<number>, factors: ArrayLike<number>) {
  const { stride: from } = rows;
  const stride = weightedStride(rows);
  const address = memory.allocate(numbers.length * stride * 4);
  const source = memory.f32(rows.address, rows.numRows * from);
  const target = memory.f32(address, numbers.length * stride).fill(0);
  for (let k = 0; k < numbers.length; k++) {
    const row = source.subarray(numbers[k] * from, (numbers[k] + 1) * from);
    writeWeightedRow(row, rows, factors[k], target.subarray(k * stride, (k + 1) * stride));
  }
  return { address, stride };
}

function copySparse({ memory, rows }: Model, numbers: ArrayLike<number>, factors: ArrayLike<number>) {
  const address = memory.allocate(numbers.length * 4);
  const starts = Array.from(numbers, (n) => memory.u32(rows.address + 4 * n, 1)[0] / 4);
  const everything = () => memory.u32(0, memory.memory.buffer.byteLength / 4);
  const before = everything();
  const lengths = starts.map((start) => sparseRowEnd(before, start) - start);
  const records = memory.allocate(4 * lengths.reduce((sum, length) => sum + length, 0));
  const words = everything();
  const floats = memory.f32(0, words.length);
  for (let k = 0, at = records / 4; k < numbers.length; at += lengths[k], k++) {
    words.copyWithin(at, starts[k], starts[k] + lengths[k]);
    setSparseWeight(floats, at, factors[k] * (rows.hasWeights ? sparseWeight(floats, at) : 1));
    words[address / 4 + k] = 4 * at;
  }
  return { address };
}
