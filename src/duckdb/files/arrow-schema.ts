/** A field of a flatbuffer: tables tell by their vtable where each field is, if it is there. */
class FlatTable {
  constructor(
    private readonly view: DataView,
    private readonly at: number,
  ) {}

  static root(view: DataView, at: number): FlatTable {
    return new FlatTable(view, at + view.getInt32(at, true));
  }

  /** Where field k is; undefined where it has its default. */
  private place(k: number): number | undefined {
    const vtable = this.at - this.view.getInt32(this.at, true);
    if (4 + 2 * k >= this.view.getUint16(vtable, true)) return undefined;
    const offset = this.view.getUint16(vtable + 4 + 2 * k, true);
    return offset === 0 ? undefined : this.at + offset;
  }

  byte(k: number): number {
    const place = this.place(k);
    return place === undefined ? 0 : this.view.getUint8(place);
  }

  table(k: number): FlatTable | undefined {
    const place = this.place(k);
    return place === undefined ? undefined : FlatTable.root(this.view, place);
  }

  tables(k: number): FlatTable[] {
    const place = this.place(k);
    if (place === undefined) return [];
    const vector = place + this.view.getInt32(place, true);
    return Array.from({ length: this.view.getInt32(vector, true) }, (_, i) =>
      FlatTable.root(this.view, vector + 4 + 4 * i),
    );
  }

  text(k: number): string {
    const place = this.place(k);
    if (place === undefined) return "";
    const start = place + this.view.getInt32(place, true);
    const bytes = new Uint8Array(this.view.buffer, this.view.byteOffset + start + 4, this.view.getInt32(start, true));
    return new TextDecoder().decode(bytes);
  }
}

const textTypes = new Set([5, 20, 24]);

/**
 * The fields of an Arrow schema that are ordered dictionaries of texts, such as pandas' ordered categories and R's ordered
 * factors.
 * @param schema The message that holds it, as Parquet files have it under "ARROW:schema".
 */
export function orderedDictionaries(schema: Uint8Array): string[] {
  const view = new DataView(schema.buffer, schema.byteOffset, schema.byteLength);
  try {
    // Since Arrow 0.15 four bytes of ones stand before the length.
    const start = view.getUint32(0, true) === 0xffffffff ? 8 : 4;
    const fields = FlatTable.root(view, start).table(2)?.tables(1) ?? [];
    return fields
      .filter((field) => textTypes.has(field.byte(2)) && field.table(4)?.byte(2) === 1)
      .map((field) => field.text(0));
  } catch (error) {
    // What cannot be understood says nothing of an order.
    if (error instanceof RangeError) return [];
    throw error;
  }
}
