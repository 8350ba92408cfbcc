import { writeSparseStarts } from "../../engine/bindings/sparse-row.ts";
import type { BlockStore } from "../../engine/block-store.ts";
import type { DesignOptions } from "../design-types.ts";
import { type SparsePlan, sparseLayout } from "../sparse-design.ts";

/** Reads the sample of rows in blocks, laid out as a design of so many rows in memory is. */
export async function readSample(
  store: Pick<BlockStore, "sampleRows" | "stride" | "readSample">,
  sparse: SparsePlan | undefined,
  memory: DesignOptions["memory"],
): Promise<Float32Array> {
  const { sampleRows, stride } = store;
  const { startsAt, recordsAt } = sparse
    ? sparseLayout(sparse.shift.length, sampleRows)
    : { startsAt: 0, recordsAt: 0 };
  const length = recordsAt / 4 + sampleRows * stride;
  const rows = memory?.allocateRows(1, length) ?? new Float32Array(length);
  const { buffer, byteOffset } = rows;
  if (sparse) {
    new Float64Array(buffer, byteOffset, sparse.shift.length).set(sparse.shift);
    writeSparseStarts(new Uint32Array(buffer, byteOffset + startsAt, sampleRows), byteOffset + recordsAt, stride);
  }
  await store.readSample(new Uint8Array(buffer, byteOffset + recordsAt, 4 * sampleRows * stride));
  return rows;
}
