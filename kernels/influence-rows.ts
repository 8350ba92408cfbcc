// Leverage and influence of each row, from which rows are drawn with unequal probabilities.
import { Family, Influence, Model } from "./layout";
import { exactDots } from "./exact-rows";
import { logistic } from "./loss";
import { loadVector } from "./pass-rows";
import { sumLanes } from "./rows";
import { slotF64, slotU32 } from "./record";
import { dimensionOf, widthOf } from "./chain-scratch";
import { influenceClasses } from "./influence-softmax";
import { PassArray, PassScratch, blockRows, passArray, passGram } from "./pass-scratch";

/** Runs the task whose record (layout.ts) stands at `task`. The second argument is not used. */
export function influenceRows(task: usize, unused: u32): void {
  const model = <usize>slotU32(task, Influence.model);
  const scratch = <usize>slotU32(task, Influence.scratch);
  const columns = slotU32(model, Model.paddedColumns);
  const rowBytes = <usize>slotU32(model, Model.stride) << 2;
  const to = slotU32(task, Influence.to);
  loadVector(model, slotU32(task, Influence.center), passArray(scratch, widthOf(model), PassArray.center));
  if (slotU32(model, Model.family) == Family.categorical) {
    influenceClasses(task);
    return;
  }
  const factor = passGram(scratch, columns);
  const tauVariance = loadFactor(model, slotU32(task, Influence.factor), factor);
  const leverage = <usize>slotU32(task, Influence.leverage);
  const influence = <usize>slotU32(task, Influence.influence);
  for (let from = slotU32(task, Influence.from); from < to; ) {
    const count = min<u32>(blockRows, to - from);
    const rows = <usize>slotU32(model, Model.rows) + <usize>from * rowBytes;
    findLeverage(rows, rowBytes, count, factor, columns, scratch + PassScratch.weight);
    if (leverage) memory.copy(leverage + (<usize>from << 2), scratch + PassScratch.weight, <usize>count << 2);
    if (influence) {
      exactDots(rows, rowBytes, count, passArray(scratch, columns, PassArray.center), columns, scratch + PassScratch.eta);
      const tau = slotU32(model, Model.auxiliary)
        ? load<f64>(<usize>slotU32(task, Influence.center) + (<usize>slotU32(model, Model.numColumns) << 3))
        : slotF64(model, Model.fixedAuxiliary);
      findInfluence(model, scratch, rows, count, tau, tauVariance, influence + (<usize>from << 2));
    }
    from += count;
  }
}

/** Copies the first D rows of the factor as f32, padded with zeros; returns the variance of τ, 0 where it is fixed. */
export function loadFactor(model: usize, factor: usize, to: usize): f64 {
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
  let variance: f64 = 0;
  if (dimension == numColumns) return variance;
  const last = factor + (<usize>(numColumns * dimension) << 3);
  for (let at = last, end = last + (<usize>dimension << 3); at < end; at += 8) variance += load<f64>(at) * load<f64>(at);
  return variance;
}

/** out[n] = |Kᵀ x_n|² as f32, four rows and eight columns of K at a time. */
export function findLeverage(rows: usize, rowBytes: usize, count: u32, factor: usize, columns: u32, out: usize): void {
  for (let n: u32 = 0; n < count; n += 4, rows += 4 * rowBytes, out += 16) {
    const r1 = n + 1 < count ? rows + rowBytes : rows;
    const r2 = n + 2 < count ? rows + 2 * rowBytes : rows;
    const r3 = n + 3 < count ? rows + 3 * rowBytes : rows;
    v128.store(out, f32x4.splat(0));
    for (let k: u32 = 0; k < columns; k += 8) addSquares(rows, r1, r2, r3, factor, columns, k, out);
  }
}

export function addSquares(
  r0: usize, r1: usize, r2: usize, r3: usize, factor: usize, columns: u32, k: u32, out: usize,
): void {
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let b0 = a0;
  let b1 = a0;
  let c0 = a0;
  let c1 = a0;
  let d0 = a0;
  let d1 = a0;
  // K is lower triangular: columns k .. k + 7 are zero above row k.
  let at = factor + (<usize>(k * columns + k) << 2);
  const end = <usize>columns << 2;
  for (let i = <usize>k << 2; i < end; i += 4, at += end) {
    const low = v128.load(at, 0);
    const high = v128.load(at, 16);
    let x = v128.load32_splat(r0 + i);
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

export function findInfluence(
  model: usize, scratch: usize, rows: usize, count: u32, tau: f64, tauVariance: f64, out: usize,
): void {
  const isGaussian = slotU32(model, Model.family) == Family.gaussian;
  const auxiliary = slotU32(model, Model.auxiliary);
  const rowBytes = <usize>slotU32(model, Model.stride) << 2;
  const tauStep = 1.5 * Math.sqrt(tauVariance);
  const centerScale = Math.exp(-2.0 * tau);
  const scaleUp = Math.exp(-2.0 * (tau + tauStep));
  const scaleDown = Math.exp(-2.0 * (tau - tauStep));
  for (let n: usize = 0; n < <usize>count; n++) {
    const y = <f64>load<f32>(rows + n * rowBytes + rowBytes - 4);
    const eta = load<f64>(scratch + (n << 3), PassScratch.eta);
    const variance = <f64>load<f32>(scratch + (n << 2), PassScratch.weight);
    const etaStep = 1.5 * Math.sqrt(variance);
    let mean: f64 = 0;
    if (!isGaussian) {
      const center = logistic(eta);
      const slope = center * (1.0 - center);
      const up = logistic(eta + etaStep) - center - slope * etaStep;
      const down = logistic(eta - etaStep) - center + slope * etaStep;
      mean = 0.5 * variance * (up * up + down * down);
    } else if (auxiliary) {
      const error = eta - y;
      const up = gaussianSquare(error, etaStep, scaleUp, centerScale, tauStep, variance, tauVariance);
      const down = gaussianSquare(error, etaStep, scaleDown, centerScale, -tauStep, variance, tauVariance);
      mean = 0.5 * (up + down);
    }
    store<f32>(out + (n << 2), <f32>Math.sqrt(mean));
  }
}

/** Mean over δη = ±etaStep of r_η² variance + r_τ² tauVariance; the residuals as in loss.ts. */
// @ts-ignore: decorator
@inline
function gaussianSquare(
  error: f64, etaStep: f64, scale: f64, centerScale: f64, tauStep: f64, variance: f64, tauVariance: f64,
): f64 {
  const gamma = scale - centerScale;
  const alpha = gamma + 2.0 * centerScale * tauStep;
  // r_η = α e ± γ δ and r_τ = −(α e² + w δ² ± 2 γ e δ): the mean of the squares has no cross terms.
  const along = alpha * error;
  const across = gamma * etaStep;
  const evenTau = along * error + scale * etaStep * etaStep;
  const oddTau = 2.0 * across * error;
  return variance * (along * along + across * across) + tauVariance * (evenTau * evenTau + oddTau * oddTau);
}
