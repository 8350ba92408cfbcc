/** Thrift's compact protocol, in which Parquet's footer and the headers of its pages are written. */

/** The types of fields. A boolean field's type is its value. */
export const thrift = {
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  struct: 12,
} as const;

export interface ThriftList {
  readonly type: number;
  readonly items: readonly ThriftValue[];
}

export type ThriftStruct = Map<number, { readonly type: number; readonly value: ThriftValue }>;
/** Numbers below 2^53; a double's bytes, or a binary's. */
export type ThriftValue = number | Uint8Array | ThriftList | ThriftStruct;

/** Reads values one after the other. @throws RangeError where the bytes are no such values */
export class ThriftReader {
  at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** @param last Of the fields that are wanted; those behind it are left unread */
  struct(last = Infinity): ThriftStruct {
    const fields: ThriftStruct = new Map();
    let id = 0;
    for (;;) {
      const byte = this.next();
      if (byte === 0) return fields;
      const type = byte & 15;
      id = byte >> 4 === 0 ? this.integer() : id + (byte >> 4);
      fields.set(id, { type, value: type <= thrift.false ? 0 : this.value(type) });
      if (id >= last) return fields;
    }
  }

  private value(type: number): ThriftValue {
    switch (type) {
      // An item of a list; a field has no bytes.
      case thrift.true:
      case thrift.false:
      case thrift.byte:
        return this.next();
      case thrift.i16:
      case thrift.i32:
      case thrift.i64:
        return this.integer();
      case thrift.double:
        return this.take(8);
      case thrift.binary:
        return this.take(this.varint());
      case thrift.list: {
        const byte = this.next();
        const length = byte >> 4 === 15 ? this.varint() : byte >> 4;
        return { type: byte & 15, items: Array.from({ length }, () => this.value(byte & 15)) };
      }
      case thrift.struct:
        return this.struct();
      default:
        throw new RangeError(`There is no field of type ${type}.`);
    }
  }

  private take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) throw new RangeError("The bytes end within a value.");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  private next(): number {
    return this.take(1)[0];
  }

  private varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.next();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  }

  /** Zigzag: 0, −1, 1, −2, … */
  private integer(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

export function writeStruct(fields: ThriftStruct): number[] {
  let last = 0;
  const bytes: number[] = [];
  for (const [id, { type, value }] of [...fields].sort(([a], [b]) => a - b)) {
    if (id > last && id - last < 16) bytes.push(((id - last) << 4) | type);
    else bytes.push(type, ...integer(id));
    last = id;
    if (type > thrift.false) append(bytes, valueBytes(type, value));
  }
  bytes.push(0);
  return bytes;
}

function valueBytes(type: number, value: ThriftValue): ArrayLike<number> {
  if (typeof value === "number") return type <= thrift.byte ? [value] : integer(value);
  if (value instanceof Uint8Array) return type === thrift.binary ? [...varint(value.length), ...value] : value;
  if (value instanceof Map) return writeStruct(value);
  const { items } = value;
  const bytes = items.length < 15 ? [(items.length << 4) | value.type] : [0xf0 | value.type, ...varint(items.length)];
  for (const item of items) append(bytes, valueBytes(value.type, item));
  return bytes;
}

function append(bytes: number[], more: ArrayLike<number>): void {
  for (let i = 0; i < more.length; i++) bytes.push(more[i]);
}

function integer(value: number): number[] {
  return varint(value < 0 ? -2 * value - 1 : 2 * value);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  while (left >= 128) {
    bytes.push((left % 128) + 128);
    left = Math.floor(left / 128);
  }
  return [...bytes, left];
}

/** A struct of fields in the forms that Parquet has most of: whole numbers, texts, structs and lists. */
export function structOf(
  fields: Readonly<Record<number, readonly [type: number, value: ThriftValue | string]>>,
): ThriftStruct {
  return new Map(
    Object.entries(fields).map(([id, [type, value]]) => [
      Number(id),
      { type, value: typeof value === "string" ? new TextEncoder().encode(value) : value },
    ]),
  );
}
