/**
 * DuckDB reads decimals of more than 38 digits wrongly. Where they stand in bytes of a fixed length, a copy of the file
 * that says nothing of decimals gives the bytes themselves.
 */
import { appendFileSync, closeSync, copyFileSync, openSync, readSync, statSync, truncateSync } from "node:fs";
import { footerBytes } from "./parquet-dictionary.ts";
import { type ThriftList, ThriftReader, type ThriftStruct } from "./thrift-compact.ts";

/** The element of a schema: its name, and what says that its bytes are a decimal. */
const nameField = 4;
const decimalFields = [6, 7, 8, 10];
/** The footer's list of elements; the root is the first. */
const schemaField = 2;

/** Copies a file so that the named columns, which stand at the top of its schema, are bytes. */
export function copyWithBytes(from: string, to: string, columns: ReadonlySet<string>): void {
  copyFileSync(from, to);
  const { size } = statSync(to);
  const descriptor = openSync(to, "r");
  let footer: ThriftStruct;
  let length: number;
  try {
    const end = Buffer.alloc(8);
    readSync(descriptor, end, 0, 8, size - 8);
    length = end.readUInt32LE(0);
    const bytes = Buffer.alloc(length);
    readSync(descriptor, bytes, 0, length, size - 8 - length);
    footer = new ThriftReader(bytes).struct();
  } finally {
    closeSync(descriptor);
  }
  for (const element of (footer.get(schemaField)!.value as ThriftList).items as ThriftStruct[]) {
    const name = new TextDecoder().decode(element.get(nameField)?.value as Uint8Array);
    if (columns.has(name)) for (const field of decimalFields) element.delete(field);
  }
  truncateSync(to, size - 8 - length);
  appendFileSync(to, footerBytes(footer));
}

/** Six bytes, which a double holds exactly. */
const chunkBytes = 6;

/**
 * The SQL of a decimal's value as a double.
 * @param column Quoted; its bytes are a whole number in two's complement, the first byte first.
 */
export function decimalSql(column: string, bytes: number, scale: number): string {
  const digits = `hex(${column})`;
  const isNegative = `${digits} >= '8'`;
  const parts: string[] = [];
  for (let end = bytes; end > 0; end -= chunkBytes) {
    const start = Math.max(0, end - chunkBytes);
    const part = `cast('0x' || substring(${digits}, ${2 * start + 1}, ${2 * (end - start)}) as bigint)`;
    const most = 2 ** (8 * (end - start)) - 1;
    // The complement of each part, so that nothing is lost where a small number is negative.
    parts.push(`cast(if(${isNegative}, ${most} - ${part}, ${part}) as double) * ${2 ** (8 * (bytes - end))}::double`);
  }
  return `if(${isNegative}, -1, 1) * (${parts.join(" + ")} + if(${isNegative}, 1, 0)) / 1e${scale}`;
}
