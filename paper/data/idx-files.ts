import { readFile } from "node:fs/promises";
import { gunzipSync } from "node:zlib";

/** An array of bytes as the MNIST files hold it: its lengths, and its entries with the last index running fastest. */
export interface ByteArray {
  readonly shape: readonly number[];
  readonly values: Uint8Array;
}

/**
 * Reads a gzipped IDX file of bytes: two zeros, the type 0x08 (unsigned byte), the number of dimensions, each length as a
 * big-endian u32, then the entries.
 * Source: LeCun, Cortes & Burges, The MNIST database of handwritten digits.
 * @throws Error where the file is no such thing
 */
export async function readIdxBytes(path: string): Promise<ByteArray> {
  const bytes = gunzipSync(await readFile(path));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(0) !== 0 || view.getUint8(2) !== 0x08) throw new Error(`${path} is not an IDX file of bytes.`);
  const shape = Array.from({ length: view.getUint8(3) }, (_, k) => view.getUint32(4 + 4 * k));
  const values = new Uint8Array(bytes.subarray(4 + 4 * shape.length));
  if (values.length !== shape.reduce((product, length) => product * length, 1))
    throw new Error(`${path} does not hold as many entries as it says.`);
  return { shape, values };
}
