/**
 * Parquet keeps the levels of a dictionary column, in their order, in a page of its own. DuckDB has the codecs to read it,
 * but no way to ask for it; so it is asked to read a file that holds that page alone, and a row for each entry.
 */
import { structOf, ThriftReader, type ThriftStruct, thrift, writeStruct } from "./thrift-compact.ts";

const { false: no, i32, i64, binary, list, struct } = thrift;
const codecs = ["UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"];
const byteArray = 6;
const rleDictionary = 8;
const dataPageV2 = 3;
const dictionaryPage = 2;

/** Bytes of a page's header at most. */
export const maxHeaderBytes = 1024;

/** Where a dictionary's page ends, from its start. @throws RangeError where it is no such page */
export function dictionaryPageOf(bytes: Uint8Array): { readonly length: number; readonly entries: number } {
  const reader = new ThriftReader(bytes);
  const header = reader.struct();
  const about = header.get(7)?.value;
  if (header.get(1)?.value !== dictionaryPage || !(about instanceof Map))
    throw new RangeError("This is no dictionary's page.");
  return { length: reader.at + (header.get(3)!.value as number), entries: about.get(1)!.value as number };
}

/**
 * A Parquet file with a column `v` whose rows are the entries of a dictionary in their order.
 * @param page The dictionary's page with its header, as it stands in a file of that codec.
 */
export function fileOfDictionary(page: Uint8Array, entries: number, codec: string): Uint8Array {
  const indices = indicesOf(entries);
  const ofIndices = structOf({
    1: [i32, entries],
    2: [i32, 0],
    3: [i32, entries],
    4: [i32, rleDictionary],
    5: [i32, 0],
    6: [i32, 0],
    // Whether they are compressed.
    7: [no, 0],
  });
  const header = writeStruct(
    structOf({ 1: [i32, dataPageV2], 2: [i32, indices.length], 3: [i32, indices.length], 8: [struct, ofIndices] }),
  );
  const bytes = page.length + header.length + indices.length;
  const column = structOf({
    1: [i32, byteArray],
    2: [list, { type: i32, items: [rleDictionary] }],
    3: [list, { type: binary, items: [new TextEncoder().encode("v")] }],
    4: [i32, codecs.indexOf(codec)],
    5: [i64, entries],
    6: [i64, bytes],
    7: [i64, bytes],
    9: [i64, 4 + page.length],
    11: [i64, 4],
  });
  const chunk = structOf({ 2: [i64, 4], 3: [struct, column] });
  const group = structOf({ 1: [list, { type: struct, items: [chunk] }], 2: [i64, bytes], 3: [i64, entries] });
  const root = structOf({ 4: [binary, "schema"], 5: [i32, 1] });
  // Required texts in UTF-8.
  const leaf = structOf({ 1: [i32, byteArray], 3: [i32, 0], 4: [binary, "v"], 6: [i32, 0] });
  const footer = structOf({
    1: [i32, 2],
    2: [list, { type: struct, items: [root, leaf] }],
    3: [i64, entries],
    4: [list, { type: struct, items: [group] }],
  });
  return Buffer.concat([magic, page, Uint8Array.from(header), indices, footerBytes(footer)]);
}

const magic = new TextEncoder().encode("PAR1");

/** A footer with what ends a file. */
export function footerBytes(footer: ThriftStruct): Uint8Array {
  const bytes = Uint8Array.from(writeStruct(footer));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length, true);
  return Buffer.concat([bytes, length, magic]);
}

/** 0, 1, 2, …, bit-packed with 32 bits each, in groups of eight. */
function indicesOf(entries: number): Uint8Array {
  const groups = Math.ceil(entries / 8);
  const values = Uint32Array.from({ length: 8 * groups }, (_, i) => (i < entries ? i : 0));
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setUint32(4 * i, value, true);
  const run: number[] = [];
  for (let left = 2 * groups + 1; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.concat([Uint8Array.from([32, ...run, left]), bytes]);
    run.push((left % 128) + 128);
  }
}
