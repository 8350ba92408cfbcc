/**
 * Parquet keeps the levels of a dictionary column, in their order, in a page of its own. DuckDB has the codecs to read it,
 * but no way to ask for it; so it is asked to read a file that holds that page alone, and a row for each entry.
 */

/** Of Thrift's compact protocol: the types of fields. */
const [i32, i64, binary, list, struct] = [5, 6, 8, 9, 12];
const codecs = ["UNCOMPRESSED", "SNAPPY", "GZIP", "LZO", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"];
const byteArray = 6;
const rleDictionary = 8;
const dataPageV2 = 3;
const dictionaryPage = 2;

type Field = readonly [id: number, type: number, bytes: readonly number[]];

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  while (left >= 128) {
    bytes.push((left % 128) + 128);
    left = Math.floor(left / 128);
  }
  return [...bytes, left];
}

/** Not negative. */
const integer = (value: number) => varint(2 * value);
const text = (value: string) => {
  const bytes = [...new TextEncoder().encode(value)];
  return [...varint(bytes.length), ...bytes];
};
const listOf = (type: number, items: readonly (readonly number[])[]) => [(items.length << 4) | type, ...items.flat()];

function record(...fields: readonly Field[]): number[] {
  let last = 0;
  const bytes = fields.flatMap(([id, type, content]) => {
    const start = ((id - last) << 4) | type;
    last = id;
    return [start, ...content];
  });
  return [...bytes, 0];
}

/** Reads the structs of Thrift's compact protocol. */
class CompactReader {
  at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  struct(): Map<number, number | Map<number, unknown>> {
    const fields = new Map<number, number | Map<number, unknown>>();
    let id = 0;
    for (;;) {
      const byte = this.next();
      if (byte === 0) return fields;
      const type = byte & 15;
      id = byte >> 4 === 0 ? this.integer() : id + (byte >> 4);
      if (type === 1 || type === 2) fields.set(id, type === 1 ? 1 : 0);
      else if (type === struct) fields.set(id, this.struct() as Map<number, unknown>);
      else if (type === binary) this.at += this.varint();
      else if (type >= 4 && type <= 6) fields.set(id, this.integer());
      else throw new RangeError(`No page header has a field of type ${type}.`);
    }
  }

  private next(): number {
    if (this.at >= this.bytes.length) throw new RangeError("The page header does not end.");
    return this.bytes[this.at++];
  }

  private varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.next();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  private integer(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

/** Bytes of a page's header at most. */
export const mostHeaderBytes = 1024;

/** Where a dictionary's page ends, from its start. @throws RangeError where it is no such page */
export function dictionaryPageOf(bytes: Uint8Array): { readonly length: number; readonly entries: number } {
  const reader = new CompactReader(bytes);
  const header = reader.struct();
  const about = header.get(7);
  if (header.get(1) !== dictionaryPage || !(about instanceof Map)) throw new RangeError("This is no dictionary's page.");
  return { length: reader.at + (header.get(3) as number), entries: about.get(1) as number };
}

/**
 * A Parquet file with a column `v` whose rows are the entries of a dictionary in their order.
 * @param page The dictionary's page with its header, as it stands in a file of that codec.
 */
export function fileOfDictionary(page: Uint8Array, entries: number, codec: string): Uint8Array {
  const indices = indicesOf(entries);
  const dataHeader = record(
    [1, i32, integer(dataPageV2)],
    [2, i32, integer(indices.length)],
    [3, i32, integer(indices.length)],
    [
      8,
      struct,
      record(
        [1, i32, integer(entries)],
        [2, i32, integer(0)],
        [3, i32, integer(entries)],
        [4, i32, integer(rleDictionary)],
        [5, i32, integer(0)],
        [6, i32, integer(0)],
        // Not compressed.
        [7, 2, []],
      ),
    ],
  );
  const bytes = page.length + dataHeader.length + indices.length;
  const column = record(
    [1, i32, integer(byteArray)],
    [2, list, listOf(i32, [integer(rleDictionary)])],
    [3, list, listOf(binary, [text("v")])],
    [4, i32, integer(codecs.indexOf(codec))],
    [5, i64, integer(entries)],
    [6, i64, integer(bytes)],
    [7, i64, integer(bytes)],
    [9, i64, integer(4 + page.length)],
    [11, i64, integer(4)],
  );
  const schema = [
    record([4, binary, text("schema")], [5, i32, integer(1)]),
    record([1, i32, integer(byteArray)], [3, i32, integer(0)], [4, binary, text("v")], [6, i32, integer(0)]),
  ];
  const group = record(
    [1, list, listOf(struct, [record([2, i64, integer(4)], [3, struct, column])])],
    [2, i64, integer(bytes)],
    [3, i64, integer(entries)],
  );
  const footer = record(
    [1, i32, integer(2)],
    [2, list, listOf(struct, schema)],
    [3, i64, integer(entries)],
    [4, list, listOf(struct, [group])],
  );
  const magic = new TextEncoder().encode("PAR1");
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, footer.length, true);
  return Uint8Array.from(
    [magic, page, dataHeader, indices, footer, length, magic].flatMap((part) => [...(part as Iterable<number>)]),
  );
}

/** 0, 1, 2, …, bit-packed with 32 bits each, in groups of eight. */
function indicesOf(entries: number): number[] {
  const groups = Math.ceil(entries / 8);
  const values = Array.from({ length: 8 * groups }, (_, i) => (i < entries ? i : 0));
  return [32, ...varint(2 * groups + 1), ...values.flatMap((i) => [i & 255, (i >> 8) & 255, (i >> 16) & 255, i >> 24])];
}
