// Loss and gradient of a block of dense rows with products in f32, as in chains: four columns at once, where f64 has two.
import { PassArray, PassScratch } from "../layout/scratch";
import { passArray } from "../memory/pass-scratch";
import { addRows, dotRows } from "../rows/rows";
import { differentiate } from "./pass-derivatives";

// What a Gram matrix would need, and other positions, is not used in a pass without one: for a block's row addresses (u32), its
// numbers (f32), the position and the block's gradient (f32).
const addressBytes: usize = 256;

export function sumSingleBlock(pass: usize, model: usize, scratch: usize, rows: usize, rowBytes: usize, count: u32, columns: u32): void {
  const addresses = scratch + PassScratch.packed;
  const numbers = addresses + addressBytes;
  const eta = scratch + PassScratch.eta;
  for (let n: usize = 0; n < <usize>count; n++, rows += rowBytes) store<u32>(addresses + (n << 2), <u32>rows);
  const position = passArray(scratch, columns, PassArray.center);
  roundTo(passArray(scratch, columns, PassArray.position), columns, position);
  dotRows(addresses, count, position, columns, numbers);
  for (let n: usize = 0; n < <usize>count; n++) store<f64>(eta + (n << 3), <f64>load<f32>(numbers + (n << 2)));
  differentiate(pass, model, scratch, count);
  roundTo(eta, count, numbers);
  const sums = passArray(scratch, columns, PassArray.cross);
  addRows(addresses, count, numbers, columns, sums);
  moveSums(sums, columns, passArray(scratch, columns, PassArray.gradient));
}

/** Copies f64 as f32. */
function roundTo(from: usize, count: u32, to: usize): void {
  for (const end = to + (<usize>count << 2); to < end; to += 4, from += 8) store<f32>(to, <f32>load<f64>(from));
}

/** Adds f32 sums to those in f64, and leaves zeros. */
function moveSums(from: usize, columns: u32, to: usize): void {
  for (const end = from + (<usize>columns << 2); from < end; from += 16, to += 32) {
    const four = v128.load(from);
    v128.store(to, f64x2.add(v128.load(to), f64x2.promote_low_f32x4(four)));
    v128.store(to, f64x2.add(v128.load(to, 16), f64x2.promote_low_f32x4(v128.shuffle<i64>(four, four, 1, 1))), 16);
    v128.store(from, i64x2.splat(0));
  }
}
