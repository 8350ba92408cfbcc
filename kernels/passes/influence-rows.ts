// Leverage and influence of each row, from which rows are drawn with unequal probabilities.
import { prepare, residualFrom, rowCurvatures, RowLoss, rowSlopes } from "../families/row-loss";
import { Family, Model } from "../layout/model";
import { Influence } from "../layout/pass";
import { blockRows, PassArray, PassScratch } from "../layout/scratch";
import { passArray, passGram, passRowsCopy } from "../memory/pass-scratch";
import { dimensionOf, slotU32, widthOf } from "../memory/record";
import { exactDots } from "../rows/exact-rows";
import { isSparse, offsetAt, rowAt, targetAt, weightAt } from "../rows/row-side";
import { sumLanes } from "../rows/rows";
import { influenceGroups } from "./influence-groups";
import { influenceClasses } from "./influence-softmax";
import { loadVector, prepareLoss } from "./pass-derivatives";
import { shiftCovariance, sparseLeverage } from "./sparse-influence";
import { exactSparseDots } from "./sparse-pass";

/** Runs the task whose record (layout.ts) stands at `task`. The second argument is not used. */
export function influenceRows(task: usize, _unused: u32): void {
  const model = <usize>slotU32(task, Influence.model);
  if (slotU32(model, Model.groups)) {
    influenceGroups(task);
    return;
  }
  const scratch = <usize>slotU32(task, Influence.scratch);
  const columns = slotU32(model, Model.paddedColumns);
  const rowBytes = <usize>slotU32(model, Model.stride) << 2;
  const to = slotU32(task, Influence.to);
  loadVector(model, slotU32(task, Influence.center), passArray(scratch, widthOf(model), PassArray.center));
  if (slotU32(model, Model.family) === Family.categorical) {
    influenceClasses(task);
    return;
  }
  const factor = passGram(scratch, columns, 1);
  const sparse = isSparse(model);
  if (sparse) shiftCovariance(task, factor);
  else loadFactor(model, slotU32(task, Influence.factor), factor);
  // The rows of a pass that are not side by side have no use here.
  const points = passRowsCopy(scratch, columns, 1);
  const center = slotU32(task, Influence.center);
  prepareLoss(model, center, center, scratch + PassScratch.loss);
  factorOfTau(model, slotU32(task, Influence.factor), points);
  findPoints(model, scratch, points);
  const leverage = <usize>slotU32(task, Influence.leverage);
  const influence = <usize>slotU32(task, Influence.influence);
  for (let from = slotU32(task, Influence.from); from < to; ) {
    const count = min<u32>(blockRows, to - from);
    const rows = <usize>slotU32(model, Model.rows) + <usize>from * rowBytes;
    if (sparse) findSparseLeverage(task, scratch, from, count, factor);
    else findLeverage(rows, rowBytes, count, factor, columns, scratch + PassScratch.weight);
    if (leverage) memory.copy(leverage + (<usize>from << 2), scratch + PassScratch.weight, <usize>count << 2);
    if (influence) {
      const center = passArray(scratch, columns, PassArray.center);
      if (sparse) exactSparseDots(model, scratch + PassScratch.packed, count, center, scratch + PassScratch.eta);
      else exactDots(rows, rowBytes, count, center, columns, scratch + PassScratch.eta);
      findInfluence(model, scratch, from, count, points, influence + (<usize>from << 2));
    }
    from += count;
  }
}

/** The leverages of sparse rows from .. from + count − 1; leaves their addresses at PassScratch.packed. */
export function findSparseLeverage(task: usize, scratch: usize, from: u32, count: u32, shifted: usize): void {
  const model = <usize>slotU32(task, Influence.model);
  for (let n: u32 = 0; n < count; n++) {
    const row = rowAt(model, from + n);
    store<u32>(scratch + (<usize>n << 2), <u32>row, PassScratch.packed);
    store<f32>(scratch + (<usize>n << 2), <f32>sparseLeverage(task, row, shifted, 0, 0), PassScratch.weight);
  }
}

/** Copies the first D rows of the factor as f32, padded with zeros. */
export function loadFactor(model: usize, factor: usize, to: usize): void {
  const columns = slotU32(model, Model.paddedColumns);
  const numColumns = slotU32(model, Model.numColumns);
  const dimension = dimensionOf(model);
  memory.fill(to, 0, <usize>(columns * columns) << 2);
  for (let i: u32 = 0; i < numColumns; i++) {
    for (let j: u32 = 0; j <= i; j++) {
      const value = load<f64>(factor + (<usize>(i * dimension + j) << 3));
      store<f32>(to + (<usize>(i * columns + j) << 2), <f32>value);
    }
  }
}

/** Writes the lower triangle of L, L Lᵀ the covariance of τ₀ and τ₁, as L₀₀, L₁₀, L₁₁: zero where they are fixed. */
export function factorOfTau(model: usize, factor: usize, to: usize): void {
  const auxiliary = slotU32(model, Model.auxiliary);
  const dimension = dimensionOf(model);
  const numColumns = slotU32(model, Model.numColumns);
  memory.fill(to, 0, 24);
  if (!auxiliary) return;
  const first = factor + (<usize>(numColumns * dimension) << 3);
  const variance = dotOf(first, first, dimension);
  if (auxiliary === 1) {
    store<f64>(to + (slotU32(model, Model.firstAuxiliary) ? 16 : 0), Math.sqrt(variance));
    return;
  }
  const second = first + (<usize>dimension << 3);
  const across = dotOf(first, second, dimension) / Math.sqrt(variance);
  store<f64>(to, Math.sqrt(variance));
  store<f64>(to, across, 8);
  store<f64>(to, Math.sqrt(Math.max(dotOf(second, second, dimension) - across * across, 0.0)), 16);
}

// @ts-ignore: decorator
@inline
function dotOf(a: usize, b: usize, length: u32): f64 {
  let sum: f64 = 0;
  for (let at: usize = 0; at < <usize>length << 3; at += 8) sum += load<f64>(a + at) * load<f64>(b + at);
  return sum;
}

/** out[n] = |Kᵀ x_n|² as f32, four rows at a time. */
export function findLeverage(rows: usize, rowBytes: usize, count: u32, factor: usize, columns: u32, out: usize): void {
  for (; count; count -= min<u32>(count, 4), rows += 4 * rowBytes, out += 16) {
    v128.store(out, f32x4.splat(0));
    addSquares(rows, rowBytes, count, factor, columns, out);
  }
}

/** Adds the squares of Kᵀ x for four rows, eight columns of K at a time; where fewer are `left`, the first stands in. */
export function addSquares(rows: usize, rowBytes: usize, left: u32, factor: usize, columns: u32, out: usize): void {
  const r1 = left > 1 ? rows + rowBytes : rows;
  const r2 = left > 2 ? rows + 2 * rowBytes : rows;
  const r3 = left > 3 ? rows + 3 * rowBytes : rows;
  const end = <usize>columns << 2;
  for (let k: usize = 0; k < end; k += 32) {
    let a0 = f32x4.splat(0);
    let a1 = a0;
    let b0 = a0;
    let b1 = a0;
    let c0 = a0;
    let c1 = a0;
    let d0 = a0;
    let d1 = a0;
    // K is lower triangular: columns k .. k + 7 are zero above row k.
    let at = factor + k * <usize>columns + k;
    for (let i = k; i < end; i += 4, at += end) {
      const low = v128.load(at, 0);
      const high = v128.load(at, 16);
      let x = v128.load32_splat(rows + i);
      a0 = f32x4.add(a0, f32x4.mul(x, low));
      a1 = f32x4.add(a1, f32x4.mul(x, high));
      x = v128.load32_splat(r1 + i);
      b0 = f32x4.add(b0, f32x4.mul(x, low));
      b1 = f32x4.add(b1, f32x4.mul(x, high));
      x = v128.load32_splat(r2 + i);
      c0 = f32x4.add(c0, f32x4.mul(x, low));
      c1 = f32x4.add(c1, f32x4.mul(x, high));
      x = v128.load32_splat(r3 + i);
      d0 = f32x4.add(d0, f32x4.mul(x, low));
      d1 = f32x4.add(d1, f32x4.mul(x, high));
    }
    a0 = f32x4.add(f32x4.mul(a0, a0), f32x4.mul(a1, a1));
    b0 = f32x4.add(f32x4.mul(b0, b0), f32x4.mul(b1, b1));
    c0 = f32x4.add(f32x4.mul(c0, c0), f32x4.mul(c1, c1));
    d0 = f32x4.add(f32x4.mul(d0, d0), f32x4.mul(d1, d1));
    v128.store(out, f32x4.add(v128.load(out), sumLanes(a0, b0, c0, d0)));
  }
}

/**
 * Influence of each row of a block. `work` (RowLoss) holds τ̂ and its constants as those of the center; `constants` those of
 * each point in τ, 80 bytes apart: two steps δτ, then 8 f64.
 */
export function findInfluence(
  model: usize, scratch: usize, from: u32, count: u32, factor: usize, out: usize,
): void {
  const numPoints: u32 = 1 << slotU32(model, Model.auxiliary);
  const family = slotU32(model, Model.family);
  const target = targetAt(model);
  const offsets = slotU32(model, Model.hasOffset) ? offsetAt(model) : 0;
  const weights = slotU32(model, Model.hasWeights) ? weightAt(model) : 0;
  const work = scratch + PassScratch.loss;
  const l00 = load<f64>(factor);
  const l10 = load<f64>(factor, 8);
  const l11 = load<f64>(factor, 16);
  for (let n: usize = 0; n < <usize>count; n++) {
    const row = rowAt(model, <usize>from + n);
    const y = <f64>load<f32>(row + target);
    const center = load<f64>(scratch + (n << 3), PassScratch.eta) + (offsets ? <f64>load<f32>(row + offsets) : 0.0);
    const variance = <f64>load<f32>(scratch + (n << 2), PassScratch.weight);
    const step = 1.5 * Math.sqrt(variance);
    rowSlopes(family, work + RowLoss.centerConstants, center, y, work + RowLoss.centerSlopes);
    rowCurvatures(family, work + RowLoss.centerConstants, center, y, work + RowLoss.curvatures);
    let sum: f64 = 0;
    for (let point: u32 = 0; point < numPoints; point++) {
      const at = factor + 32 + <usize>point * 80;
      store<f64>(work, load<f64>(work, RowLoss.centerTau) + load<f64>(at), RowLoss.tau);
      store<f64>(work, load<f64>(work, RowLoss.centerTau + 8) + load<f64>(at, 8), RowLoss.tau + 8);
      for (let sign: f64 = 1; sign >= -1; sign -= 2) {
        residualFrom(family, work, at + 16, center, sign * step, y);
        const first = load<f64>(work, RowLoss.slopes + 8);
        const second = load<f64>(work, RowLoss.slopes + 16);
        const along = load<f64>(work, RowLoss.slopes);
        const a = l00 * first + l10 * second;
        const b = l11 * second;
        sum += variance * along * along + a * a + b * b;
      }
    }
    const weight = weights ? <f64>load<f32>(row + weights) : 1.0;
    store<f32>(out + (n << 2), <f32>(weight * Math.sqrt(sum / <f64>(2 * numPoints))));
  }
}

/** The points in τ of an Influence: δτ = 1.5 L s over all vectors of signs s, 2 to the number of auxiliary parameters. */
export function findPoints(model: usize, scratch: usize, factor: usize): void {
  const auxiliary = slotU32(model, Model.auxiliary);
  const family = slotU32(model, Model.family);
  const work = scratch + PassScratch.loss;
  const numPoints: u32 = 1 << auxiliary;
  for (let point: u32 = 0; point < numPoints; point++) {
    // With one parameter its own sign alternates, whichever of the two it is.
    const first: f64 = point & 1 ? -1.5 : 1.5;
    const second: f64 = (auxiliary === 2 ? point & 2 : point & 1) ? -1.5 : 1.5;
    const at = factor + 32 + <usize>point * 80;
    store<f64>(at, load<f64>(factor) * first);
    store<f64>(at, load<f64>(factor, 8) * first + load<f64>(factor, 16) * second, 8);
    store<f64>(work, load<f64>(work, RowLoss.centerTau) + load<f64>(at), RowLoss.tau);
    store<f64>(work, load<f64>(work, RowLoss.centerTau + 8) + load<f64>(at, 8), RowLoss.tau + 8);
    prepare(family, work + RowLoss.tau, at + 16);
  }
}
