// The loss over rows with effects of several grouping factors and its gradient, a block of rows at a time: their linear predictors,
// what each row says, and what that adds to each unknown.
import { negativeBinomialLevel, negativeBinomialSlope, sumOfLogs } from "../families/negative-binomial";
import { prepare } from "../families/row-loss";
import { studentTLoss, studentTSlope } from "../families/student-t";
import { CrossedFactorRecord, CrossedPass, LogSums } from "../layout/crossed";
import { Family } from "../layout/model";
import { slotU32 } from "../memory/record";

const block: u32 = 512;

export function crossedRows(record: usize, _argument: u32): void {
  const to = slotU32(record, CrossedPass.to);
  const gradient = slotU32(record, CrossedPass.gradient);
  if (gradient !== 0) memory.fill(gradient, 0, <usize>slotU32(record, CrossedPass.numUnknowns) << 3);
  const hasTau = hasAuxiliaries(slotU32(record, CrossedPass.family));
  if (hasTau) prepareTau(record);
  let loss: f64 = 0;
  for (let from = slotU32(record, CrossedPass.from); from < to; from += block) {
    const end = min(from + block, to);
    predictFixed(record, from, end);
    eachEffect(record, from, end, false);
    if (slotU32(record, CrossedPass.wantsLoss) !== 0) loss += hasTau ? lossWithTau(record, from, end) : crossedLoss(record, from, end);
    if (gradient === 0) continue;
    if (hasTau) slopesWithTau(record, from, end);
    else crossedSlopes(record, from, end);
    addFixed(record, from, end);
    eachEffect(record, from, end, true);
  }
  store<f64>(record + (CrossedPass.loss << 3), loss);
}

// @ts-ignore: decorator
@inline
function hasAuxiliaries(family: u32): bool {
  return family === Family.studentT || family === Family.negativeBinomial;
}

/** What depends on τ alone, and for negative binomial rows Σ_{k<y} log(1 + αk) of small y. */
export function prepareTau(record: usize): void {
  const family = slotU32(record, CrossedPass.family);
  const constants = record + (CrossedPass.constants << 3);
  prepare(family, record + (CrossedPass.tau << 3), constants);
  if (family !== Family.negativeBinomial) return;
  const sums = slotU32(record, CrossedPass.logSums);
  const dispersion = load<f64>(constants);
  let sum: f64 = 0;
  for (let y: u32 = 0; y < <u32>LogSums.count; y++) {
    store<f64>(sums + (y << 3), sum);
    sum += Math.log1p(dispersion * <f64>y);
  }
}

/** Σ w f over the rows of a block, for families with auxiliary parameters. */
export function lossWithTau(record: usize, from: u32, to: u32): f64 {
  const isCount = slotU32(record, CrossedPass.family) === Family.negativeBinomial;
  const constants = record + (CrossedPass.constants << 3);
  const sums = slotU32(record, CrossedPass.logSums);
  const eta = slotU32(record, CrossedPass.eta);
  const target = slotU32(record, CrossedPass.target);
  const weight = slotU32(record, CrossedPass.weight);
  let sum: f64 = 0;
  for (let n = <usize>from; n < to; n++) {
    const at = n << 3;
    const value = load<f64>(eta + at);
    const y = load<f64>(target + at);
    let loss: f64;
    if (isCount) {
      loss = negativeBinomialLevel(constants, value, y);
      loss -= y < <f64>LogSums.count ? load<f64>(sums + (<usize>y << 3)) : sumOfLogs(load<f64>(constants), y);
    } else loss = studentTLoss(constants, value, y);
    sum += weight === 0 ? loss : load<f64>(weight + at) * loss;
  }
  return sum;
}

/** w ∂f/∂η of the rows of a block, for families with auxiliary parameters. */
export function slopesWithTau(record: usize, from: u32, to: u32): void {
  const isCount = slotU32(record, CrossedPass.family) === Family.negativeBinomial;
  const constants = record + (CrossedPass.constants << 3);
  const eta = slotU32(record, CrossedPass.eta);
  const target = slotU32(record, CrossedPass.target);
  const weight = slotU32(record, CrossedPass.weight);
  const slopes = slotU32(record, CrossedPass.slopes);
  for (let n = <usize>from; n < to; n++) {
    const at = n << 3;
    const value = load<f64>(eta + at);
    const y = load<f64>(target + at);
    const slope = isCount ? negativeBinomialSlope(constants, value, y) : studentTSlope(constants, value, y);
    store<f64>(slopes + at, weight === 0 ? slope : load<f64>(weight + at) * slope);
  }
}

/** η = offset + xᵀβ */
export function predictFixed(record: usize, from: u32, to: u32): void {
  const rowBytes = <usize>slotU32(record, CrossedPass.stride) << 2;
  const columns = slotU32(record, CrossedPass.numFixed);
  const beta = slotU32(record, CrossedPass.unknowns) + (<usize>slotU32(record, CrossedPass.fixedAt) << 3);
  const offset = slotU32(record, CrossedPass.offset);
  const eta = slotU32(record, CrossedPass.eta);
  let row = slotU32(record, CrossedPass.rows) + <usize>from * rowBytes;
  for (let n = from; n < to; n++, row += rowBytes) {
    let sum: f64 = offset === 0 ? 0 : load<f64>(offset + (<usize>n << 3));
    for (let d: usize = 0; d < columns; d++) sum += <f64>load<f32>(row + (d << 2)) * load<f64>(beta + (d << 3));
    store<f64>(eta + (<usize>n << 3), sum);
  }
}

/** Adds w ∂f/∂η x to β's gradient. */
export function addFixed(record: usize, from: u32, to: u32): void {
  const rowBytes = <usize>slotU32(record, CrossedPass.stride) << 2;
  const columns = slotU32(record, CrossedPass.numFixed);
  const gradient = slotU32(record, CrossedPass.gradient) + (<usize>slotU32(record, CrossedPass.fixedAt) << 3);
  const slopes = slotU32(record, CrossedPass.slopes);
  const rows = slotU32(record, CrossedPass.rows) + <usize>from * rowBytes;
  for (let d: usize = 0; d < columns; d++) {
    let sum: f64 = 0;
    let value = rows + (d << 2);
    for (let n = from; n < to; n++, value += rowBytes) {
      sum += load<f64>(slopes + (<usize>n << 3)) * <f64>load<f32>(value);
    }
    store<f64>(gradient + (d << 3), load<f64>(gradient + (d << 3)) + sum);
  }
}

/** Adds every effect to η, or what the rows say to every effect's gradient. */
export function eachEffect(record: usize, from: u32, to: u32, isGradient: bool): void {
  const rowBytes = <usize>slotU32(record, CrossedPass.stride) << 2;
  const rows = slotU32(record, CrossedPass.rows) + <usize>from * rowBytes;
  const unknowns = slotU32(record, isGradient ? CrossedPass.gradient : CrossedPass.unknowns);
  const eta = slotU32(record, isGradient ? CrossedPass.slopes : CrossedPass.eta);
  let factor = <usize>slotU32(record, CrossedPass.factors);
  for (let f: u32 = 0; f < slotU32(record, CrossedPass.numFactors); f++, factor += CrossedFactorRecord.slots << 3) {
    const levels = slotU32(factor, CrossedFactorRecord.levels);
    const effects = slotU32(factor, CrossedFactorRecord.effects);
    const q = slotU32(factor, CrossedFactorRecord.numEffects);
    for (let c: u32 = 0; c < q; c++) {
      const column = load<i32>(effects + (<usize>c << 2));
      const first = unknowns + (<usize>(slotU32(factor, CrossedFactorRecord.firstUnknown) + c) << 3);
      if (isGradient) {
        if (column < 0) addIntercepts(eta, levels, first, q, from, to);
        else addSlopes(eta, levels, first, q, from, to, rows + (<usize>column << 2), rowBytes);
      } else if (column < 0) predictIntercepts(eta, levels, first, q, from, to);
      else predictSlopes(eta, levels, first, q, from, to, rows + (<usize>column << 2), rowBytes);
    }
  }
}

export function predictIntercepts(eta: usize, levels: usize, first: usize, q: u32, from: u32, to: u32): void {
  for (let n = <usize>from; n < to; n++) {
    const effect = first + (<usize>(load<u32>(levels + (n << 2)) * q) << 3);
    store<f64>(eta + (n << 3), load<f64>(eta + (n << 3)) + load<f64>(effect));
  }
}

export function predictSlopes(
  eta: usize, levels: usize, first: usize, q: u32, from: u32, to: u32, value: usize, rowBytes: usize,
): void {
  for (let n = <usize>from; n < to; n++, value += rowBytes) {
    const effect = first + (<usize>(load<u32>(levels + (n << 2)) * q) << 3);
    store<f64>(eta + (n << 3), load<f64>(eta + (n << 3)) + load<f64>(effect) * <f64>load<f32>(value));
  }
}

export function addIntercepts(slopes: usize, levels: usize, first: usize, q: u32, from: u32, to: u32): void {
  for (let n = <usize>from; n < to; n++) {
    const effect = first + (<usize>(load<u32>(levels + (n << 2)) * q) << 3);
    store<f64>(effect, load<f64>(effect) + load<f64>(slopes + (n << 3)));
  }
}

export function addSlopes(
  slopes: usize, levels: usize, first: usize, q: u32, from: u32, to: u32, value: usize, rowBytes: usize,
): void {
  for (let n = <usize>from; n < to; n++, value += rowBytes) {
    const effect = first + (<usize>(load<u32>(levels + (n << 2)) * q) << 3);
    store<f64>(effect, load<f64>(effect) + load<f64>(slopes + (n << 3)) * <f64>load<f32>(value));
  }
}

/** Σ w f over the rows of a block, two at a time. */
export function crossedLoss(record: usize, from: u32, to: u32): f64 {
  const family = slotU32(record, CrossedPass.family);
  const eta = slotU32(record, CrossedPass.eta);
  const target = slotU32(record, CrossedPass.target);
  const weight = slotU32(record, CrossedPass.weight);
  let sum = f64x2.splat(0);
  // log(1 + e^−|η|) is summed as the logarithm of a product: at most 256 factors of at most 2.
  let product = f64x2.splat(1);
  for (let n = <usize>from; n < to; n += 2) {
    const at = n << 3;
    // The last row of an odd number is done alone, with a weight of 0 beside it.
    const isAlone = n + 1 === to;
    const value = isAlone ? v128.load64_splat(eta + at) : v128.load(eta + at);
    const y = isAlone ? v128.load64_splat(target + at) : v128.load(target + at);
    let own = f64x2.splat(1);
    if (weight !== 0) own = isAlone ? v128.load64_splat(weight + at) : v128.load(weight + at);
    if (isAlone) own = f64x2.replace_lane(own, 1, 0);
    let loss = f64x2.splat(0);
    if (family === Family.bernoulli) {
      const excess = f64x2.add(f64x2.splat(1), exponentials(f64x2.neg(f64x2.abs(value))));
      loss = f64x2.sub(f64x2.max(value, f64x2.splat(0)), f64x2.mul(y, value));
      if (weight === 0 && !isAlone) product = f64x2.mul(product, excess);
      else loss = f64x2.add(loss, logarithms(excess));
    } else if (family === Family.poisson) {
      loss = f64x2.sub(exponentials(f64x2.min(value, f64x2.splat(300))), f64x2.mul(y, value));
    } else {
      const error = f64x2.sub(value, y);
      loss = f64x2.mul(f64x2.mul(f64x2.splat(0.5), error), error);
    }
    sum = f64x2.add(sum, f64x2.mul(own, loss));
  }
  sum = f64x2.add(sum, logarithms(product));
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

// @ts-ignore: decorator
@inline
function logarithms(x: v128): v128 {
  return f64x2.replace_lane(
    f64x2.splat(Math.log(f64x2.extract_lane(x, 0))), 1, Math.log(f64x2.extract_lane(x, 1)),
  );
}

/** w ∂f/∂η of the rows of a block, two at a time. */
export function crossedSlopes(record: usize, from: u32, to: u32): void {
  const family = slotU32(record, CrossedPass.family);
  const weight = slotU32(record, CrossedPass.weight);
  const target = slotU32(record, CrossedPass.target);
  const eta = slotU32(record, CrossedPass.eta);
  const slopes = slotU32(record, CrossedPass.slopes);
  const one = f64x2.splat(1);
  for (let n = <usize>from; n < to; n += 2) {
    const at = n << 3;
    // The last row of an odd number is done alone.
    const isAlone = n + 1 === to;
    const value = isAlone ? v128.load64_splat(eta + at) : v128.load(eta + at);
    const y = isAlone ? v128.load64_splat(target + at) : v128.load(target + at);
    let mean = value;
    if (family === Family.bernoulli) {
      const small = exponentials(f64x2.neg(f64x2.abs(value)));
      const inverse = f64x2.div(one, f64x2.add(one, small));
      mean = v128.bitselect(inverse, f64x2.mul(small, inverse), f64x2.ge(value, f64x2.splat(0)));
    } else if (family === Family.poisson) mean = exponentials(f64x2.min(value, f64x2.splat(300)));
    let slope = f64x2.sub(mean, y);
    if (weight !== 0) {
      slope = f64x2.mul(slope, isAlone ? v128.load64_splat(weight + at) : v128.load(weight + at));
    }
    if (isAlone) store<f64>(slopes + at, f64x2.extract_lane(slope, 0));
    else v128.store(slopes + at, slope);
  }
}

/**
 * e^x for |x| up to 700, beyond which it is that of the bound: 2^k e^r with k the whole number next to x/log 2, and the Taylor
 * series of e^r up to r¹², whose remainder is below 2 · 10⁻¹⁶ for |r| ≤ ½ log 2.
 */
export function exponentials(x: v128): v128 {
  const bounded = f64x2.max(f64x2.min(x, f64x2.splat(700)), f64x2.splat(-700));
  const k = f64x2.nearest(f64x2.mul(bounded, f64x2.splat(1.4426950408889634)));
  // log 2 in two parts, the first of which times k is exact.
  let r = f64x2.sub(bounded, f64x2.mul(k, f64x2.splat(0.6931471803691238)));
  r = f64x2.sub(r, f64x2.mul(k, f64x2.splat(1.9082149292705877e-10)));
  let sum = f64x2.splat(2.08767569878681e-9);
  sum = f64x2.add(f64x2.mul(sum, r), f64x2.splat(2.505210838544172e-8));
  sum = f64x2.add(f64x2.mul(sum, r), f64x2.splat(2.755731922398589e-7));
  sum = f64x2.add(f64x2.mul(sum, r), f64x2.splat(2.7557319223985893e-6));
  sum = f64x2.add(f64x2.mul(sum, r), f64x2.splat(2.48015873015873e-5));
  sum = f64x2.add(f64x2.mul(sum, r), f64x2.splat(1.984126984126984e-4));
  sum = f64x2.add(f64x2.mul(sum, r), f64x2.splat(1.388888888888889e-3));
  sum = f64x2.add(f64x2.mul(sum, r), f64x2.splat(8.333333333333333e-3));
  sum = f64x2.add(f64x2.mul(sum, r), f64x2.splat(4.1666666666666664e-2));
  sum = f64x2.add(f64x2.mul(sum, r), f64x2.splat(0.16666666666666666));
  sum = f64x2.add(f64x2.mul(sum, r), f64x2.splat(0.5));
  sum = f64x2.add(f64x2.mul(sum, r), f64x2.splat(1));
  sum = f64x2.add(f64x2.mul(sum, r), f64x2.splat(1));
  // 1.5 · 2⁵² + k has k in its low bits; 2^k has k + 1023 in its exponent.
  const bits = i64x2.sub(f64x2.add(k, f64x2.splat(6755399441055744)), i64x2.splat(0x4338000000000000 - 1023));
  return f64x2.mul(sum, i64x2.shl(bits, 52));
}
