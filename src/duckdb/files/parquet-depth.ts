import { closeSync, openSync, readSync, statSync } from "node:fs";
import { InputError } from "../../errors.ts";
import { maxLevels } from "./json-depth.ts";
import { type ThriftList, ThriftReader, type ThriftStruct } from "./thrift-compact.ts";

/** The footer's list of elements, and of each how many children follow it. */
const schemaField = 2;
const childrenField = 5;

/**
 * Looks at the schema of a Parquet file before DuckDB does, which reads it by recursion.
 * @throws InputError where groups stand in more than `mostLevels` levels, or the schema cannot be read
 */
export function refuseDeepParquet(file: string, label: string): void {
  let depth: number;
  try {
    depth = schemaDepth(elementsOf(file));
  } catch (error) {
    // A call stack too short, bytes that end too early, or what stands elsewhere than it should.
    if (error instanceof RangeError || error instanceof TypeError) throw damaged(label);
    throw error;
  }
  if (depth > maxLevels)
    throw new InputError(
      `${label} has columns in more than ${maxLevels} levels within each other; leave what is nested so deeply out where the file is made.`,
    );
}

export function damaged(label: string): InputError {
  return new InputError(`${label} is damaged and cannot be read as Parquet; make it again, or take another copy.`);
}

function elementsOf(file: string): readonly ThriftStruct[] {
  const { size } = statSync(file);
  const descriptor = openSync(file, "r");
  try {
    const end = Buffer.alloc(8);
    readSync(descriptor, end, 0, 8, Math.max(0, size - 8));
    const length = end.readUInt32LE(0);
    // What DuckDB says of other files is good.
    if (size < 12 || end.toString("latin1", 4) !== "PAR1" || length > size - 12) return [];
    const bytes = Buffer.alloc(length);
    readSync(descriptor, bytes, 0, length, size - 8 - length);
    // What comes behind the schema is as long as the file has parts.
    const footer = new ThriftReader(bytes).struct(schemaField);
    return (footer.get(schemaField)!.value as ThriftList).items as ThriftStruct[];
  } finally {
    closeSync(descriptor);
  }
}

/** Of the elements, which stand depth first. */
function schemaDepth(elements: readonly ThriftStruct[]): number {
  /** Children that are still to come, by depth. */
  const left: number[] = [];
  let deepest = 0;
  for (const element of elements) {
    while (left.length > 0 && left[left.length - 1] === 0) left.pop();
    deepest = Math.max(deepest, left.length);
    if (left.length > 0) left[left.length - 1]--;
    const children = Number(element.get(childrenField)?.value ?? 0);
    if (children > 0) left.push(children);
  }
  return deepest;
}
