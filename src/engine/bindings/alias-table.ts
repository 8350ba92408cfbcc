import { AliasEntry } from "../../../kernels/layout/model.ts";

/** Memory with typed views at byte addresses, such as EngineMemory. */
interface ViewableMemory {
  u32(address: number, length: number): Uint32Array;
  f32(address: number, length: number): Float32Array;
}

const full = 0xffff_ffff;

/**
 * Writes N entries of an alias table (kernels/layout/model.ts, AliasEntry) at `address`, from which row n is drawn with probability
 * p_n = (1 − uniformShare) q_n/Σq + uniformShare/N, and has the weight 1/(N p_n). If all q are 0, p is uniform.
 * O(N), by Vose's method (A linear algorithm for generating random numbers with a given distribution, 1991).
 *
 * @param values q, N non-negative numbers
 * @param uniformShare in (0, 1]; no weight exceeds 1/uniformShare
 * @throws RangeError where a value is negative or not finite
 */
export function writeAliasTable(
  memory: ViewableMemory,
  address: number,
  values: Float32Array,
  uniformFraction: number,
): void {
  const size = values.length;
  const words = AliasEntry.bytes / 4;
  const integers = memory.u32(address, size * words);
  const floats = memory.f32(address, size * words);
  const sum = total(values);
  const factor = sum > 0 ? ((1 - uniformFraction) * size) / sum : 0;
  const offset = sum > 0 ? uniformFraction : 1;

  // N p_n, less what larger rows have passed on to smaller ones. Rows below 1 wait at the left end of `waiting`, rows
  // above at the right end.
  const rest = new Float64Array(size);
  const waiting = new Uint32Array(size);
  let numSmall = 0;
  let firstLarge = size;
  for (let row = 0; row < size; row++) {
    rest[row] = factor * values[row] + offset;
    if (rest[row] < 1) waiting[numSmall++] = row;
    else waiting[--firstLarge] = row;
  }
  const write = (row: number, threshold: number, alias: number) => {
    const entry = row * words;
    integers[entry] = threshold;
    integers[entry + AliasEntry.alias / 4] = alias;
    floats[entry + AliasEntry.weight / 4] = 1 / (factor * values[row] + offset);
    floats[entry + AliasEntry.aliasWeight / 4] = 1 / (factor * values[alias] + offset);
  };
  while (numSmall > 0 && firstLarge < size) {
    const small = waiting[--numSmall];
    const large = waiting[firstLarge];
    write(small, Math.min(full, Math.round(rest[small] * 2 ** 32)), large);
    rest[large] -= 1 - rest[small];
    if (rest[large] < 1) {
      firstLarge++;
      waiting[numSmall++] = large;
    }
  }
  // Whatever is left has N p_n = 1, up to rounding.
  while (numSmall > 0) write(waiting[--numSmall], full, waiting[numSmall]);
  while (firstLarge < size) write(waiting[firstLarge], full, waiting[firstLarge++]);
}

/** Bytes of the entries of N rows. */
export function aliasTableBytes(numRows: number): number {
  return numRows * AliasEntry.bytes;
}

/** Rows drawn with replacement by the entries at `address`, and 1/(N p_n) of each. */
export function drawByAlias(
  memory: ViewableMemory,
  address: number,
  numRows: number,
  count: number,
  random: { uniform(): number },
): { rows: Uint32Array; weights: Float32Array } {
  const words = AliasEntry.bytes / 4;
  const table = memory.u32(address, numRows * words);
  const floats = memory.f32(address, numRows * words);
  const rows = Uint32Array.from({ length: count }, () => {
    const row = Math.floor(random.uniform() * numRows);
    const entry = row * words;
    const isItself = random.uniform() * 2 ** 32 < table[entry + AliasEntry.threshold / 4];
    return isItself ? row : table[entry + AliasEntry.alias / 4];
  });
  return { rows, weights: Float32Array.from(rows, (row) => floats[row * words + AliasEntry.weight / 4]) };
}

function total(values: Float32Array): number {
  let sum = 0;
  for (const value of values) {
    if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`Rows cannot be drawn in proportion to the value ${value}.`);
    }
    sum += value;
  }
  return sum;
}
