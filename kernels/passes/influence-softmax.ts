// Leverage and influence of a row with several linear predictors: matrices V_n and the size of the residual in P's norm.
// V_n is found for four rows at a time, one in each lane; what follows works in f64 on one row.
import { softmax } from "../families/softmax";
import { Model } from "../layout/model";
import { Influence } from "../layout/pass";
import { blockRows, ClassRows, influenceWorkOffset, PassArray, PassScratch } from "../layout/scratch";
import { classRows, passArray, passGram, passRowsCopy } from "../memory/pass-scratch";
import { dimensionOf, slotU32, widthOf } from "../memory/record";
import { exactDots } from "../rows/exact-rows";
import { isSparse, rowAt, weightAt } from "../rows/row-side";
import { shiftCovariance, sparseLeverage } from "./sparse-influence";
import { exactSparseDots } from "./sparse-pass";

/** Bytes from one output's array of a block's rows to the next one's. */
const apart: usize = <usize>blockRows << 3;

/** influenceRows for the categorical family. */
export function influenceClasses(task: usize): void {
  const model = <usize>slotU32(task, Influence.model);
  const scratch = <usize>slotU32(task, Influence.scratch);
  const columns = slotU32(model, Model.paddedColumns);
  const numPredictors = slotU32(model, Model.numPredictors);
  const rowBytes = <usize>slotU32(model, Model.stride) << 2;
  const to = slotU32(task, Influence.to);
  const pairs = (numPredictors * (numPredictors + 1)) / 2;
  const weights = slotU32(model, Model.hasWeights) ? weightAt(model) : 0;
  const values = scratch + <usize>influenceWorkOffset(columns, numPredictors);
  const leverage = <usize>slotU32(task, Influence.leverage);
  const influence = <usize>slotU32(task, Influence.influence);
  const sparse = isSparse(model);
  const factor = passGram(scratch, columns, numPredictors);
  if (sparse) shiftCovariance(task, factor);
  else loadClassFactor(model, slotU32(task, Influence.factor), factor);
  const eta = classRows(scratch, columns, numPredictors, ClassRows.eta);
  const center = passArray(scratch, widthOf(model), PassArray.center);
  for (let from = slotU32(task, Influence.from); from < to; from += 4) {
    const count = min<u32>(4, to - from);
    const rows = <usize>slotU32(model, Model.rows) + <usize>from * rowBytes;
    if (sparse) findSparseClassLeverage(task, scratch, from, count, factor);
    else {
      transposeRows(rows, rowBytes, count, columns, passRowsCopy(scratch, columns, numPredictors));
      findClassLeverage(scratch, columns, numPredictors);
    }
    if (influence) {
      for (let k: usize = 0; k < <usize>numPredictors; k++) {
        const vector = center + k * (<usize>columns << 3);
        if (sparse) exactSparseDots(model, scratch + PassScratch.packed, count, vector, eta + k * apart);
        else exactDots(rows, rowBytes, count, vector, columns, eta + k * apart);
      }
    }
    for (let n: u32 = 0; n < count; n++) {
      if (leverage) {
        const out = leverage + (<usize>(from + n) * <usize>pairs << 2);
        for (let p: usize = 0; p < <usize>pairs; p++) {
          store<f32>(out + (p << 2), load<f32>(values + (p << 4) + (<usize>n << 2)));
        }
      }
      if (!influence) continue;
      let q = findClassInfluence(model, scratch, n);
      if (weights) q *= <f64>load<f32>(rowAt(model, from + n) + weights);
      store<f32>(influence + (<usize>(from + n) << 2), <f32>q);
    }
  }
}

/** V of up to four sparse rows, where findClassLeverage leaves them; the rows' addresses at PassScratch.packed. */
export function findSparseClassLeverage(task: usize, scratch: usize, from: u32, count: u32, shifted: usize): void {
  const model = <usize>slotU32(task, Influence.model);
  const columns = slotU32(model, Model.paddedColumns);
  const numPredictors = slotU32(model, Model.numPredictors);
  const values = scratch + <usize>influenceWorkOffset(columns, numPredictors);
  for (let n: u32 = 0; n < count; n++) {
    const row = rowAt(model, from + n);
    store<u32>(scratch + (<usize>n << 2), <u32>row, PassScratch.packed);
    let pair: usize = 0;
    for (let k: u32 = 0; k < numPredictors; k++) {
      for (let l: u32 = 0; l <= k; l++, pair++) {
        const value = sparseLeverage(task, row, shifted + pair * (<usize>columns << 3), k, l);
        store<f32>(values + (pair << 4) + (<usize>n << 2), <f32>value);
      }
    }
  }
}

/** Copies the factor as f32, rows and columns padded output by output. */
export function loadClassFactor(model: usize, factor: usize, to: usize): void {
  const columns = slotU32(model, Model.paddedColumns);
  const numColumns = slotU32(model, Model.numColumns);
  const dimension = dimensionOf(model);
  const width = widthOf(model);
  memory.fill(to, 0, <usize>(width * width) << 2);
  for (let i: u32 = 0; i < dimension; i++) {
    const row = (i / numColumns) * columns + (i % numColumns);
    for (let j: u32 = 0; j <= i; j++) {
      const column = (j / numColumns) * columns + (j % numColumns);
      const value = load<f64>(factor + (<usize>(i * dimension + j) << 3));
      store<f32>(to + (<usize>(row * width + column) << 2), <f32>value);
    }
  }
}

/** Four rows side by side: column j of them at out + 16 j. Rows beyond `count` are the first one again. */
export function transposeRows(rows: usize, rowBytes: usize, count: u32, columns: u32, out: usize): void {
  for (let n: u32 = 0; n < 4; n++) {
    const row = n < count ? rows + <usize>n * rowBytes : rows;
    for (let j: usize = 0; j < <usize>columns; j++) store<f32>(out + (j << 4) + (<usize>n << 2), load<f32>(row + (j << 2)));
  }
}

/** V of four rows, entry (k, l) at index k (k + 1)/2 + l: Σ over the columns of K of (K_kᵀ x)(K_lᵀ x). */
export function findClassLeverage(scratch: usize, columns: u32, numPredictors: u32): void {
  const width = columns * numPredictors;
  const rows = passRowsCopy(scratch, columns, numPredictors);
  const factor = passGram(scratch, columns, numPredictors);
  const values = scratch + <usize>influenceWorkOffset(columns, numPredictors);
  const pairs = (numPredictors * (numPredictors + 1)) / 2;
  const products = values + (<usize>pairs << 4);
  memory.fill(values, 0, <usize>pairs << 4);
  for (let column: u32 = 0; column < width; column += 8) {
    // K is lower triangular: output k has entries in the columns of the numPredictors up to its own.
    const first = column / columns;
    for (let k = first; k < numPredictors; k++) {
      const start = factor + (<usize>(k * columns * width + column) << 2);
      multiplyEight(rows, start, columns, <usize>width << 2, products + <usize>k * 128);
    }
    for (let k = first; k < numPredictors; k++) {
      const mine = products + <usize>k * 128;
      for (let l = first; l <= k; l++) {
        const other = products + <usize>l * 128;
        let sum = f32x4.mul(v128.load(mine), v128.load(other));
        for (let at: usize = 16; at < 128; at += 16) {
          sum = f32x4.add(sum, f32x4.mul(v128.load(mine + at), v128.load(other + at)));
        }
        const value = values + (<usize>((k * (k + 1)) / 2 + l) << 4);
        v128.store(value, f32x4.add(v128.load(value), sum));
      }
    }
  }
}

/** out_c = Σ_j x_j K_jc for four rows and eight columns of K. */
export function multiplyEight(rows: usize, factor: usize, columns: u32, rowBytes: usize, out: usize): void {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  for (const end = rows + (<usize>columns << 4); rows < end; rows += 16, factor += rowBytes) {
    const x = v128.load(rows);
    a = f32x4.add(a, f32x4.mul(x, v128.load32_splat(factor, 0)));
    b = f32x4.add(b, f32x4.mul(x, v128.load32_splat(factor, 4)));
    c = f32x4.add(c, f32x4.mul(x, v128.load32_splat(factor, 8)));
    d = f32x4.add(d, f32x4.mul(x, v128.load32_splat(factor, 12)));
    e = f32x4.add(e, f32x4.mul(x, v128.load32_splat(factor, 16)));
    f = f32x4.add(f, f32x4.mul(x, v128.load32_splat(factor, 20)));
    g = f32x4.add(g, f32x4.mul(x, v128.load32_splat(factor, 24)));
    h = f32x4.add(h, f32x4.mul(x, v128.load32_splat(factor, 28)));
  }
  v128.store(out, a, 0);
  v128.store(out, b, 16);
  v128.store(out, c, 32);
  v128.store(out, d, 48);
  v128.store(out, e, 64);
  v128.store(out, f, 80);
  v128.store(out, g, 96);
  v128.store(out, h, 112);
}

/** q of the row in lane n (kernels/layout.ts, Influence). */
export function findClassInfluence(model: usize, scratch: usize, n: u32): f64 {
  const columns = slotU32(model, Model.paddedColumns);
  const numPredictors = slotU32(model, Model.numPredictors);
  const hasReference = slotU32(model, Model.hasReference);
  const pairs = (numPredictors * (numPredictors + 1)) / 2;
  const bytes = <usize>numPredictors * apart;
  const values = scratch + <usize>influenceWorkOffset(columns, numPredictors) + (<usize>n << 2);
  const factor = scratch + <usize>influenceWorkOffset(columns, numPredictors) + (<usize>pairs << 4) + (<usize>numPredictors << 7);
  const moved = factor + (<usize>(numPredictors * numPredictors) << 3);
  const delta = moved + (<usize>numPredictors << 3);
  const eta = classRows(scratch, columns, numPredictors, ClassRows.eta) + (<usize>n << 3);
  const center = classRows(scratch, columns, numPredictors, ClassRows.center);
  softmax(eta, apart, numPredictors, hasReference, center);
  factorise(values, numPredictors, factor);
  let numSigns: u32 = 1;
  while (numSigns < min<u32>(numPredictors, 8)) numSigns <<= 1;
  let sum: f64 = 0;
  for (let signs: u32 = 0; signs < numSigns; signs++) {
    for (let scale: f64 = 1.5; scale > -2.0; scale -= 3.0) {
      let average: f64 = 0;
      for (let k: u32 = 0; k < numPredictors; k++) {
        let d: f64 = 0;
        for (let l: u32 = 0; l <= k; l++) {
          const entry = load<f64>(factor + (<usize>(k * numPredictors + l) << 3));
          d += popcnt<u32>(l & signs) & 1 ? -entry : entry;
        }
        d *= scale;
        const at = <usize>k * apart;
        store<f64>(delta + (<usize>k << 3), d);
        average += load<f64>(center + at) * d;
        store<f64>(classRows(scratch, columns, numPredictors, ClassRows.mean) + at, load<f64>(eta + at) + d);
      }
      const means = classRows(scratch, columns, numPredictors, ClassRows.mean);
      softmax(means, apart, numPredictors, hasReference, means);
      for (let k: u32 = 0, at: usize = 0; at < bytes; k++, at += apart) {
        const mean = load<f64>(center + at);
        const shift = mean * (load<f64>(delta + (<usize>k << 3)) - average);
        store<f64>(moved + (<usize>k << 3), load<f64>(means + at) - mean - shift);
      }
      // rᵀ V r = |Lᵀ r|²
      for (let l: u32 = 0; l < numPredictors; l++) {
        let product: f64 = 0;
        for (let k = l; k < numPredictors; k++) {
          product += load<f64>(factor + (<usize>(k * numPredictors + l) << 3)) * load<f64>(moved + (<usize>k << 3));
        }
        sum += product * product;
      }
    }
  }
  return Math.sqrt(sum / <f64>(2 * numSigns));
}

/** Lower triangular L with V = L Lᵀ; a column whose pivot is lost to rounding is zero. */
function factorise(values: usize, size: u32, out: usize): void {
  for (let i: u32 = 0; i < size; i++) {
    const row = out + (<usize>(i * size) << 3);
    for (let j: u32 = 0; j <= i; j++) {
      const other = out + (<usize>(j * size) << 3);
      const value = <f64>load<f32>(values + (<usize>((i * (i + 1)) / 2 + j) << 4));
      let rest = value;
      for (let k: usize = 0; k < <usize>j << 3; k += 8) rest -= load<f64>(row + k) * load<f64>(other + k);
      if (i === j) {
        store<f64>(row + (<usize>j << 3), rest > 1e-6 * value ? Math.sqrt(rest) : 0.0);
      } else {
        const pivot = load<f64>(other + (<usize>j << 3));
        store<f64>(row + (<usize>j << 3), pivot > 0.0 ? rest / pivot : 0.0);
      }
    }
  }
}
