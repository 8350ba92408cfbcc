// Rows of the tests' small problems: skewed targets and unequal columns, so that sign errors show.

import type { FamilyName } from "../../families/families.ts";
import type { Xoshiro } from "../../rng/xoshiro.ts";
import type { RowBlock } from "../bindings/model-record.ts";
import { beginSparseRow, endSparseRow, sparseRecordBytes } from "../bindings/sparse-row.ts";
import type { EngineMemory } from "../memory.ts";

export interface FixtureRows {
  readonly family: FamilyName;
  readonly numRows: number;
  readonly numColumns: number;
  readonly numClasses: number;
  /** Whether rows have an offset and a weight. */
  readonly furnished: boolean;
}

/** Whether a linear predictor of moderate size is wanted, as by exponentials of it and their rounding in f32. */
export function isCount(family: FamilyName): boolean {
  return family === "poisson" || family === "negative-binomial";
}

/** Dense rows, written to the engine's memory. */
export function writeDenseRows(
  memory: EngineMemory,
  rows: FixtureRows,
  truth: Float64Array,
  random: Pick<Xoshiro, "uniform" | "normal">,
): RowBlock {
  const { numRows, numColumns, furnished } = rows;
  const stride = Math.ceil((numColumns + (furnished ? 3 : 1)) / 8) * 8;
  const address = memory.allocateZeroed(numRows * stride * 4);
  const values = memory.f32(address, numRows * stride);
  for (let n = 0; n < numRows; n++) {
    let eta = 0.3;
    for (let j = 0; j < numColumns; j++) {
      const value = random.normal() * (0.5 + (j % 3)) + 0.4;
      values[n * stride + j] = value;
      eta += value * truth[j];
    }
    const end = (n + 1) * stride;
    values[end - 1] = drawTarget(rows, n, eta, random);
    if (furnished) {
      values[end - 2] = 0.3 * random.normal() + 0.2;
      values[end - 3] = 0.5 + random.uniform() + (n % 9 === 0 ? 2 : 0);
    }
    // The first class is the rarest.
    if (rows.family === "categorical") values[end - 1] = Math.floor(rows.numClasses * Math.sqrt(random.uniform()));
  }
  const paddedColumns = Math.ceil(numColumns / 8) * 8;
  return { address, numRows, numColumns, paddedColumns, stride, hasOffset: furnished, hasWeights: furnished };
}

function drawTarget({ family }: FixtureRows, n: number, eta: number, random: Pick<Xoshiro, "uniform">): number {
  const skewed = eta - Math.log(random.uniform());
  const isPositive = random.uniform() < 1 / (1 + Math.exp(2 - eta));
  if (family === "gaussian" || family === "student-t") return skewed;
  if (isCount(family)) return Math.floor(Math.exp(0.3 + 0.3 * Math.min(skewed, 4)) * (n % 40 === 0 ? 20 : 1));
  return Number(isPositive);
}

/**
 * Sparse rows after the pattern of dense ones: three entries of five are left out, less m' of the column, and the last column
 * is the constant 1 without entries.
 */
export function writeSparseRows(memory: EngineMemory, dense: RowBlock): RowBlock {
  const { numRows, numColumns, stride, hasOffset, hasWeights } = dense;
  const address = memory.allocate(4 * numRows);
  const shift = memory.putF64(
    Array.from({ length: numColumns }, (_, j) => (j === numColumns - 1 ? -1 : 0.2 * (j % 4))),
  );
  for (let n = 0; n < numRows; n++) {
    const row = memory.f32(dense.address + 4 * n * stride, stride).slice();
    const entries = [...row.keys()].filter((j) => j < numColumns - 1 && (3 * n + 7 * j) % 5 < 2);
    const bytes = sparseRecordBytes(1, entries.length);
    const record = memory.allocate(bytes, 8);
    memory.u32(address, numRows)[n] = record;
    const [words, floats] = [memory.u32(record, bytes / 4), memory.f32(record, bytes / 4)];
    const offset = hasOffset ? row[stride - 2] : 0;
    let at = beginSparseRow(floats, 0, { target: row[stride - 1], offset, weight: hasWeights ? row[stride - 3] : 0 });
    for (const j of entries) {
      words[at] = j;
      floats[at + 1] = row[j];
      at += 2;
    }
    endSparseRow(words, 0, at);
  }
  const paddedColumns = Math.ceil((numColumns + 1) / 8) * 8;
  return { ...dense, address, paddedColumns, stride: 11, sparse: { shift } };
}
