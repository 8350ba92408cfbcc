// The shortest way through a step: no noise, a scalar or diagonal step at a constant rate, no velocity, τ fixed. Then each
// parameter moves by itself, θ_j ← keep_j θ_j + shift_j − rate_j Σ coefficient x_j, and with one row a step a single sweep
// over the columns makes the update and the next row's dot product.
import { logistic4 } from "../families/loss";
import { Chain, Gradient, MatrixKind, NoiseEstimate } from "../layout/chain";
import { Family, Model } from "../layout/model";
import { chunkRows, Double, Scratch } from "../layout/scratch";
import { double } from "../memory/chain-scratch";
import { dimensionOf, slotF64, slotU32, widthOf } from "../memory/record";
import { isSparse, targetAt } from "../rows/row-side";
import { sumBatch, tauOf } from "./chain-gradient";
import { isVaried } from "./chain-motion";
import { copyToSingle } from "./chain-update";
import { nextBlock, queueRows } from "./queue";

export function isLean(chain: usize, model: usize): bool {
  const stepKind = slotU32(chain, Chain.stepKind);
  return (
    slotU32(chain, Chain.batchSize) !== 0 && !slotU32(model, Model.groups) && slotU32(chain, Chain.noiseKind) === MatrixKind.none &&
    (stepKind === MatrixKind.scalar || stepKind === MatrixKind.diagonal) &&
    !slotU32(model, Model.auxiliary) && !slotU32(model, Model.numShapedPriors) && !slotU32(chain, Chain.coupled) &&
    !slotU32(chain, Chain.rank) && !isVaried(chain) &&
    slotU32(chain, Chain.noiseEstimate) === NoiseEstimate.none
  );
}

/** Works out keep, shift and rate: for each two parameters six f64 side by side, zero beyond the columns. */
export function loadLean(chain: usize, model: usize, scratch: usize): void {
  const width = widthOf(model);
  const center = double(scratch, width, Double.center);
  const priorScale = double(scratch, width, Double.priorScale);
  const priorShift = double(scratch, width, Double.priorShift);
  const lean = double(scratch, width, Double.lean);
  const step = <usize>slotU32(chain, Chain.step);
  const isScalar = slotU32(chain, Chain.stepKind) === MatrixKind.scalar;
  const pull = slotF64(chain, Chain.pull);
  const share = 1.0 / <f64>slotU32(chain, Chain.batchSize);
  memory.fill(lean, 0, <usize>width * 24);
  for (let j: usize = 0; j < <usize>dimensionOf(model); j++) {
    const at = j << 3;
    const rate = load<f64>(isScalar ? step : step + at);
    const out = lean + (j >> 1) * 48 + ((j & 1) << 3);
    store<f64>(out, 1.0 - pull - rate * load<f64>(priorScale + at), 0);
    store<f64>(out, pull * load<f64>(center + at) + rate * load<f64>(priorShift + at), 16);
    store<f64>(out, rate * share, 32);
  }
}

/** Makes `count` steps, with nothing to record in between. */
export function leanSteps(chain: usize, model: usize, scratch: usize, count: u32): void {
  const isPlain =
    slotU32(chain, Chain.gradient) === Gradient.minibatch && !slotU32(model, Model.aliasTable) &&
    slotU32(model, Model.family) <= <u32>Family.bernoulli && !slotU32(model, Model.hasOffset) &&
    !slotU32(model, Model.hasWeights) && !isSparse(model);
  if (isPlain && slotU32(chain, Chain.batchSize) === 1) {
    singleRowSteps(chain, model, scratch, count);
    return;
  }
  const width = widthOf(model);
  for (; count; count--) {
    sumBatch(chain, model, scratch);
    moveLean(
      double(scratch, width, Double.position), double(scratch, width, Double.gradient),
      double(scratch, width, Double.lean), width,
    );
    copyToSingle(chain, model, scratch);
  }
}

export function moveLean(position: usize, gradient: usize, lean: usize, columns: u32): void {
  for (const end = position + (<usize>columns << 3); position < end; position += 16, gradient += 16, lean += 48) {
    const moved = f64x2.sub(v128.load(lean, 16), f64x2.mul(v128.load(lean, 32), v128.load(gradient)));
    v128.store(position, f64x2.add(f64x2.mul(v128.load(lean, 0), v128.load(position)), moved));
  }
}

export function singleRowSteps(chain: usize, model: usize, scratch: usize, count: u32): void {
  const columns = slotU32(model, Model.paddedColumns);
  const position = double(scratch, columns, Double.position);
  const lean = double(scratch, columns, Double.lean);
  const last = <usize>targetAt(model);
  const isGaussian = slotU32(model, Model.family) === Family.gaussian;
  const weight = isGaussian ? Math.exp(-2.0 * tauOf(model, position)) : 0.0;
  const block = queueRows(model);
  let row = takeRow(chain, scratch, block);
  let eta = predict(row, position, columns);
  while (true) {
    const y = load<f32>(row + last);
    const coefficient = isGaussian ? <f64>(eta - y) * weight : <f64>(f32x4.extract_lane(logistic4(f32x4.splat(eta)), 0) - y);
    count--;
    const next = count ? takeRow(chain, scratch, block) : row;
    eta = sweep(row, next, coefficient, position, lean, columns);
    row = next;
    if (!count) break;
  }
  copyToSingle(chain, model, scratch);
}

// @ts-ignore: decorator
@inline
function takeRow(chain: usize, scratch: usize, block: u32): usize {
  if (!load<u32>(scratch, Scratch.started) || load<u32>(scratch, Scratch.cursor) === block) nextBlock(chain, scratch);
  const cursor = load<u32>(scratch, Scratch.cursor);
  store<u32>(scratch, cursor + 1, Scratch.cursor);
  return <usize>load<u32>(scratch + (<usize>(load<u32>(scratch, Scratch.block) * chunkRows + cursor) << 2), Scratch.rows);
}

// @ts-ignore: decorator
@inline
function sumOf(a: v128): f32 {
  a = f32x4.add(a, v128.shuffle<i64>(a, a, 1, 0));
  return f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1);
}

// @ts-ignore: decorator
@inline
function toSingle(low: v128, high: v128): v128 {
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2);
}

/** x·θ with θ rounded to f32, summed in the same order as in `sweep`. */
export function predict(row: usize, position: usize, columns: u32): f32 {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  for (const end = position + (<usize>columns << 3); position < end; position += 64, row += 32) {
    a = f32x4.add(a, f32x4.mul(toSingle(v128.load(position, 0), v128.load(position, 16)), v128.load(row, 0)));
    b = f32x4.add(b, f32x4.mul(toSingle(v128.load(position, 32), v128.load(position, 48)), v128.load(row, 16)));
  }
  return sumOf(f32x4.add(a, b));
}

/** Moves θ by the row's gradient and returns the next row's linear predictor at the new θ. */
export function sweep(row: usize, next: usize, coefficient: f64, position: usize, lean: usize, columns: u32): f32 {
  const c = f64x2.splat(coefficient);
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  for (const end = position + (<usize>columns << 3); position < end; position += 64, lean += 192, row += 32, next += 32) {
    let x = v128.load(row, 0);
    let low = f64x2.mul(f64x2.mul(c, v128.load(lean, 32)), f64x2.promote_low_f32x4(x));
    let high = f64x2.mul(f64x2.mul(c, v128.load(lean, 80)), f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 1)));
    low = f64x2.add(f64x2.mul(v128.load(lean, 0), v128.load(position, 0)), f64x2.sub(v128.load(lean, 16), low));
    high = f64x2.add(f64x2.mul(v128.load(lean, 48), v128.load(position, 16)), f64x2.sub(v128.load(lean, 64), high));
    v128.store(position, low, 0);
    v128.store(position, high, 16);
    a = f32x4.add(a, f32x4.mul(toSingle(low, high), v128.load(next, 0)));
    x = v128.load(row, 16);
    low = f64x2.mul(f64x2.mul(c, v128.load(lean, 128)), f64x2.promote_low_f32x4(x));
    high = f64x2.mul(f64x2.mul(c, v128.load(lean, 176)), f64x2.promote_low_f32x4(v128.shuffle<i64>(x, x, 1, 1)));
    low = f64x2.add(f64x2.mul(v128.load(lean, 96), v128.load(position, 32)), f64x2.sub(v128.load(lean, 112), low));
    high = f64x2.add(f64x2.mul(v128.load(lean, 144), v128.load(position, 48)), f64x2.sub(v128.load(lean, 160), high));
    v128.store(position, low, 32);
    v128.store(position, high, 48);
    b = f32x4.add(b, f32x4.mul(toSingle(low, high), v128.load(next, 16)));
  }
  return sumOf(f32x4.add(a, b));
}
