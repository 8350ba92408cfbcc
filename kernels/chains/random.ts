// Random numbers: xoshiro128++ in four lanes, row numbers by Lemire's multiply-shift, normals by the ziggurat.
// A stream is 16 u32, word w of lane l at index 4 w + l; its words come in the order of the lanes. src/rng/ holds the
// same in TypeScript, bit for bit.
import { AliasEntry, Model } from "../layout/model";
import { Ziggurat } from "../layout/tables";
import { slotU32 } from "../memory/record";

// @ts-ignore: decorator
@inline
function rotate(x: v128, by: i32): v128 {
  return v128.or(i32x4.shl(x, by), i32x4.shr_u(x, 32 - by));
}

/** The next word of each lane. */
// @ts-ignore: decorator
@inline
function nextWords(stream: usize): v128 {
  let s0 = v128.load(stream, 0);
  let s1 = v128.load(stream, 16);
  let s2 = v128.load(stream, 32);
  let s3 = v128.load(stream, 48);
  const words = i32x4.add(rotate(i32x4.add(s0, s3), 7), s0);
  const shifted = i32x4.shl(s1, 9);
  s2 = v128.xor(s2, s0);
  s3 = v128.xor(s3, s1);
  s1 = v128.xor(s1, s2);
  s0 = v128.xor(s0, s3);
  v128.store(stream, s0, 0);
  v128.store(stream, s1, 16);
  v128.store(stream, v128.xor(s2, shifted), 32);
  v128.store(stream, rotate(s3, 11), 48);
  return words;
}

/**
 * Draws `count` rows (a multiple of 4), leaving their addresses (of sparse rows those of their starts) at `rows` and, where there is an alias table, their
 * weights at `weights`. Four are drawn at once, and all four again where one of them falls into the part of 2³² that
 * does not divide evenly among the rows: that keeps each uniform and independent.
 */
export function drawRows(
  stream: usize, count: u32, model: usize, rows: usize, weights: usize,
): void {
  const numRows = slotU32(model, Model.numRows);
  const aliasTable = <usize>slotU32(model, Model.aliasTable);
  const starts = slotU32(model, Model.rowStarts);
  const firstRow = starts ? starts : slotU32(model, Model.rows);
  const rowBytes = starts ? 4 : slotU32(model, Model.stride) << 2;
  const range = i32x4.splat(numRows);
  // Both operands must be unsigned: (0 - n) % n is a signed remainder, always 0, and would bias the draws.
  const rejected = i32x4.splat((<u32>0 - numRows) % numRows);
  const end = rows + (<usize>count << 2);
  while (rows < end) {
    let index: v128;
    let fraction: v128;
    do {
      const words = nextWords(stream);
      const low = i64x2.extmul_low_i32x4_u(words, range);
      const high = i64x2.extmul_high_i32x4_u(words, range);
      fraction = v128.shuffle<i32>(low, high, 0, 2, 4, 6);
      index = v128.shuffle<i32>(low, high, 1, 3, 5, 7);
    } while (v128.any_true(i32x4.lt_u(fraction, rejected)));
    if (aliasTable) {
      const words = nextWords(stream);
      takeOrAlias(aliasTable, i32x4.extract_lane(index, 0), i32x4.extract_lane(words, 0), rows, weights);
      takeOrAlias(aliasTable, i32x4.extract_lane(index, 1), i32x4.extract_lane(words, 1), rows + 4, weights + 4);
      takeOrAlias(aliasTable, i32x4.extract_lane(index, 2), i32x4.extract_lane(words, 2), rows + 8, weights + 8);
      takeOrAlias(aliasTable, i32x4.extract_lane(index, 3), i32x4.extract_lane(words, 3), rows + 12, weights + 12);
      index = v128.load(rows);
    }
    v128.store(rows, i32x4.add(i32x4.mul(index, i32x4.splat(rowBytes)), i32x4.splat(firstRow)));
    rows += 16;
    weights += 16;
  }
}

// @ts-ignore: decorator
@inline
function takeOrAlias(aliasTable: usize, index: u32, word: u32, row: usize, weight: usize): void {
  const entry = aliasTable + <usize>index * AliasEntry.bytes;
  const threshold = load<u32>(entry, AliasEntry.threshold);
  // Selected without a branch, so that the table's cache misses overlap.
  const itself = i32(word < threshold) | i32(threshold === 0xffffffff);
  store<u32>(row, select<u32>(index, load<u32>(entry, AliasEntry.alias), itself));
  store<f32>(weight, select<f32>(load<f32>(entry, AliasEntry.weight), load<f32>(entry, AliasEntry.aliasWeight), itself));
}

/** A reader of the stream's words one by one: u32 how many are left, then (from byte 16 on) a buffer of 64 words. */
export const enum WordReader {
  left = 0,
  words = 16,
  size = 64,
  bytes = 272,
}

// @ts-ignore: decorator
@inline
function nextWord(stream: usize, reader: usize): u32 {
  const left = load<u32>(reader, WordReader.left);
  if (left === 0) return firstOfNextWords(stream, reader);
  store<u32>(reader, left - 1, WordReader.left);
  return load<u32>(reader + ((WordReader.size - left) << 2), WordReader.words);
}

export function firstOfNextWords(stream: usize, reader: usize): u32 {
  for (let at = reader; at < reader + 4 * WordReader.size; at += 16) v128.store(at, nextWords(stream), WordReader.words);
  store<u32>(reader, WordReader.size - 1, WordReader.left);
  return load<u32>(reader, WordReader.words);
}

/**
 * Writes `count` standard normals as f64. Ziggurat of Marsaglia and Tsang with 128 layers, as corrected by Doornik: the
 * layer and the sign come from one word, the abscissa from another.
 */
export function fillNormals(stream: usize, reader: usize, out: usize, count: u32): void {
  for (const end = out + (<usize>count << 3); out < end; out += 8) {
    const choice = nextWord(stream, reader);
    const word = nextWord(stream, reader);
    const layer = <usize>(choice & 127);
    const size = (<f64>word + 0.5) * load<f64>(layer << 3, Ziggurat.scales);
    if (word < load<u32>(layer << 2, Ziggurat.thresholds)) store<f64>(out, choice & 128 ? -size : size);
    else store<f64>(out, rareNormal(stream, reader, choice, size));
  }
}

/** A normal whose first point fell outside the part of its layer that lies wholly under the density: one in 80. */
export function rareNormal(stream: usize, reader: usize, choice: u32, size: f64): f64 {
  while (true) {
    const layer = <usize>(choice & 127);
    if (layer === 0) {
      size = normalTail(stream, reader);
      break;
    }
    const lower = load<f64>(layer << 3, Ziggurat.heights);
    const upper = load<f64>(layer << 3, Ziggurat.heights + 8);
    const share = (<f64>nextWord(stream, reader) + 0.5) * (1.0 / 4294967296.0);
    if (upper + share * (lower - upper) < Math.exp(-0.5 * size * size)) break;
    choice = nextWord(stream, reader);
    const word = nextWord(stream, reader);
    size = (<f64>word + 0.5) * load<f64>(<usize>(choice & 127) << 3, Ziggurat.scales);
    if (word < load<u32>(<usize>(choice & 127) << 2, Ziggurat.thresholds)) break;
  }
  return choice & 128 ? -size : size;
}

/** A normal beyond the lowest layer's edge, by Marsaglia's exponential rejection. */
function normalTail(stream: usize, reader: usize): f64 {
  const edge: f64 = 3.442619855899;
  while (true) {
    const x = Math.log((<f64>nextWord(stream, reader) + 0.5) * (1.0 / 4294967296.0)) / edge;
    const y = Math.log((<f64>nextWord(stream, reader) + 0.5) * (1.0 / 4294967296.0));
    if (-2 * y >= x * x) return edge - x;
  }
}
