// From the batch's sums to the next iterate, in f64: θ ← θ − pull (θ − θ̂) − H ĝ + R z.
import { Chain, Gradient, MatrixKind } from "../layout/chain";
import { Family, Model } from "../layout/model";
import { Double, Scratch, Single } from "../layout/scratch";
import { double, single } from "../memory/chain-scratch";
import { dimensionOf, slotF64, slotU32, widthOf } from "../memory/record";
import { isSparse } from "../rows/row-side";
import { closeSingle } from "../rows/sparse-rows";
import { copyClasses } from "./chain-softmax";
import { addLowRankDescent, addLowRankNoise, averageNoise } from "./chain-wide";
import { addShapedPriors } from "./prior";
import { matrixTimesVector, triangleTimesVector } from "./products";
import { fillNormals } from "./random";

/** Turns batch sums into ĝ: the mean over the batch plus the prior's part. */
export function finishGradient(chain: usize, model: usize, scratch: usize): void {
  const width = widthOf(model);
  const dimension = dimensionOf(model);
  const batchSize = slotU32(chain, Chain.batchSize);
  const share = batchSize ? 1.0 / <f64>batchSize : 0.0;
  const gradient = double(scratch, width, Double.gradient);
  if (!batchSize) memory.fill(gradient, 0, <usize>dimension << 3);
  const position = double(scratch, width, Double.position);
  const scale = double(scratch, width, Double.priorScale);
  const shift = double(scratch, width, Double.priorShift);
  const shares = f64x2.splat(share);
  for (let at: usize = 0, end = <usize>dimension << 3; at < end; at += 16) {
    const prior = f64x2.sub(f64x2.mul(v128.load(scale + at), v128.load(position + at)), v128.load(shift + at));
    v128.store(gradient + at, f64x2.add(f64x2.mul(v128.load(gradient + at), shares), prior));
  }
  if (slotU32(model, Model.numShapedPriors)) addShapedPriors(chain, model, scratch);
}

/** H ĝ */
export function findDescent(chain: usize, model: usize, scratch: usize): void {
  const width = widthOf(model);
  const step = <usize>slotU32(chain, Chain.step);
  const gradient = double(scratch, width, Double.gradient);
  const descent = double(scratch, width, Double.descent);
  const kind = slotU32(chain, Chain.stepKind);
  if (kind === MatrixKind.dense) matrixTimesVector(step, gradient, dimensionOf(model), descent);
  else timesScalarOrDiagonal(kind, step, gradient, dimensionOf(model), descent);
  if (slotU32(chain, Chain.rank)) addLowRankDescent(chain, model, scratch);
}

/** R z, with M fresh normals z in the order of the parameters. */
export function findNoise(chain: usize, model: usize, scratch: usize): void {
  const width = widthOf(model);
  const dimension = dimensionOf(model);
  const factor = <usize>slotU32(chain, Chain.noise);
  const normals = double(scratch, width, Double.normals);
  const noise = double(scratch, width, Double.noise);
  const kind = slotU32(chain, Chain.noiseKind);
  fillNormals(slotU32(chain, Chain.noiseStream), scratch + Scratch.words, normals, dimension);
  if (kind === MatrixKind.dense) triangleTimesVector(factor, normals, dimension, noise);
  else timesScalarOrDiagonal(kind, factor, normals, dimension, noise);
  if (slotU32(chain, Chain.rank)) addLowRankNoise(chain, model, scratch);
}

function timesScalarOrDiagonal(kind: u32, matrix: usize, vector: usize, dimension: u32, out: usize): void {
  const length = <usize>dimension << 3;
  if (kind === MatrixKind.none) {
    memory.fill(out, 0, length);
    return;
  }
  const isScalar = kind === MatrixKind.scalar;
  for (let at: usize = 0; at < length; at += 8) {
    store<f64>(out + at, load<f64>(isScalar ? matrix : matrix + at) * load<f64>(vector + at));
  }
}

/** Moves θ, and the coupled chain where there is one. */
export function move(chain: usize, model: usize, scratch: usize): void {
  const width = widthOf(model);
  const length = <usize>dimensionOf(model) << 3;
  const position = double(scratch, width, Double.position);
  const center = double(scratch, width, Double.center);
  const descent = double(scratch, width, Double.descent);
  const noise = double(scratch, width, Double.noise);
  const pull = slotF64(chain, Chain.pull);
  const pulls = f64x2.splat(pull);
  const previous = <usize>slotU32(chain, Chain.previousNoise);
  if (previous) averageNoise(previous, noise, length);
  for (let at: usize = 0; at < length; at += 16) {
    const theta = v128.load(position + at);
    const pulled = f64x2.mul(pulls, f64x2.sub(theta, v128.load(center + at)));
    const moved = f64x2.sub(f64x2.sub(theta, pulled), v128.load(descent + at));
    v128.store(position + at, f64x2.add(moved, v128.load(noise + at)));
  }
  const coupled = <usize>slotU32(chain, Chain.coupled);
  if (!coupled) return;
  for (let at: usize = 0; at < length; at += 8) {
    store<f64>(coupled + at, (1.0 - pull) * load<f64>(coupled + at) + load<f64>(noise + at));
  }
}

/** The f32 copy of θ, or of θ − θ̂, that rows are multiplied with; zero beyond the columns. */
export function copyToSingle(chain: usize, model: usize, scratch: usize): void {
  const width = widthOf(model);
  const isResidual = slotU32(chain, Chain.gradient) === Gradient.controlVariate;
  let from = double(scratch, width, Double.position);
  let center = double(scratch, width, Double.center);
  const copy = single(scratch, width, Single.position);
  if (slotU32(model, Model.family) === Family.categorical) {
    copyClasses(
      from, isResidual ? center : 0, copy, slotU32(model, Model.numColumns), slotU32(model, Model.paddedColumns),
      slotU32(model, Model.numPredictors),
    );
    if (isSparse(model)) closeSingle(model, copy);
    return;
  }
  for (let to = copy, end = copy + (<usize>width << 2); to < end; to += 16, from += 32, center += 32) {
    let low = v128.load(from, 0);
    let high = v128.load(from, 16);
    if (isResidual) {
      low = f64x2.sub(low, v128.load(center, 0));
      high = f64x2.sub(high, v128.load(center, 16));
    }
    v128.store(to, v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2));
  }
  // Auxiliary parameters stand just behind the columns. No `memory.fill`: it is a call out of the kernels, at every step.
  for (let k: usize = 0; k < <usize>slotU32(model, Model.auxiliary); k++) {
    store<f32>(copy + ((<usize>slotU32(model, Model.numColumns) + k) << 2), 0);
  }
  if (isSparse(model)) closeSingle(model, copy);
}
