// The batch's part of ĝ, in three phases a chunk of rows: dots, the link function on vectors, weighted sums. Doing the
// link for many rows at once hides its latency.
import {
  bernoulliGradient,
  bernoulliResidual,
  gaussianGradient,
  gaussianResidual,
  poissonGradient,
} from "../families/loss";
import { auxiliaryIndex, loadTau, prepare, RowLoss, rowResidual, rowSlopes } from "../families/row-loss";
import { Chain, Gradient } from "../layout/chain";
import { Family, Model } from "../layout/model";
import { chunkRows, ClassArray, Double, Scratch, Single } from "../layout/scratch";
import { classArray, double, single } from "../memory/chain-scratch";
import { slotF64, slotU32, widthOf } from "../memory/record";
import { addClasses } from "../rows/class-rows";
import { isSparse, offsetAt, targetAt, weightAt } from "../rows/row-side";
import { addGathered, addRows, dotRows, gather } from "../rows/rows";
import { addSparse, centreBatch, clearSparse, dotSparse } from "../rows/sparse-rows";
import { sumGroups } from "./chain-groups";
import { lookAtRows } from "./chain-noise";
import { findClassCoefficients, flushClasses, weighClasses } from "./chain-softmax";
import { nextBlock, queueRows } from "./queue";

/** Leaves Σ of the batch in the f64 gradient, columns and τ. */
export function sumBatch(chain: usize, model: usize, scratch: usize): void {
  if (slotU32(model, Model.groups)) {
    sumGroups(chain, model, scratch);
    return;
  }
  const columns = slotU32(model, Model.paddedColumns);
  const numPredictors = slotU32(model, Model.numPredictors);
  const hasClasses = slotU32(model, Model.family) === Family.categorical;
  const width = widthOf(model);
  const gradient = single(scratch, width, Single.gradient);
  const classCoefficients = classArray(scratch, width, numPredictors, ClassArray.coefficients);
  const hasOwnWeights = slotU32(model, Model.hasWeights) !== 0;
  const isWeighted = slotU32(model, Model.aliasTable) !== 0;
  const sparse = isSparse(model);
  const block = queueRows(model);
  let left = slotU32(chain, Chain.batchSize);
  let unflushed: u32 = 0;
  let isFirst = true;
  store<f64>(scratch, 0, Scratch.tauSum);
  store<f64>(scratch, 0, Scratch.secondTauSum);
  if (!hasClasses) prepareStep(chain, model, scratch);
  const sums = double(scratch, width, Double.gradient);
  if (sparse) clearSparse(model, sums, gradient);
  else clearSingle(gradient, width);
  while (left) {
    if (!load<u32>(scratch, Scratch.started) || load<u32>(scratch, Scratch.cursor) === block) nextBlock(chain, scratch);
    const cursor = load<u32>(scratch, Scratch.cursor);
    const count = min<u32>(min<u32>(left, block - cursor), chunkRows - unflushed);
    const offset = <usize>(load<u32>(scratch, Scratch.block) * chunkRows + cursor) << 2;
    const rows = scratch + Scratch.rows + offset;
    const weights = scratch + Scratch.weights + offset;
    if (hasClasses) {
      findClassCoefficients(chain, model, scratch, rows, count);
      if (hasOwnWeights) {
        gather(rows, count, weightAt(model), scratch + Scratch.target);
        weighClasses(classCoefficients, numPredictors, scratch + Scratch.target, count);
      }
      if (isWeighted) weighClasses(classCoefficients, numPredictors, weights, count);
      if (sparse) addSparse(model, rows, count, classCoefficients, sums, gradient);
      else addClasses(rows, count, classCoefficients, columns, numPredictors, gradient);
    } else {
      findCoefficients(chain, model, scratch, rows, count);
      if (hasOwnWeights) {
        gather(rows, count, weightAt(model), scratch + Scratch.target);
        weighCoefficients(model, scratch, scratch + Scratch.target, count);
      }
      if (isWeighted) weighCoefficients(model, scratch, weights, count);
      if (sparse) addSparse(model, rows, count, scratch + Scratch.coefficients, sums, gradient);
      else addRows(rows, count, scratch + Scratch.coefficients, columns, gradient);
      if (slotU32(model, Model.auxiliary)) addTau(scratch, count);
    }
    if (load<u32>(scratch, Scratch.looking)) lookAtRows(chain, model, scratch, rows, count, left);
    store<u32>(scratch, cursor + count, Scratch.cursor);
    unflushed += count;
    left -= count;
    // In f32 at most chunkRows rows are summed.
    if (unflushed === chunkRows || left === 0) {
      if (sparse) {
        if (!left) centreBatch(model, sums, gradient);
      } else if (hasClasses) flushClasses(gradient, sums, slotU32(model, Model.numColumns), columns, numPredictors, isFirst);
      else flush(gradient, sums, columns, isFirst);
      isFirst = false;
      unflushed = 0;
    }
  }
  const tau = double(scratch, width, Double.gradient) + (<usize>slotU32(model, Model.numColumns) << 3);
  for (let k: u32 = 0; k < slotU32(model, Model.auxiliary); k++) {
    const sum = auxiliaryIndex(model, k) ? Scratch.secondTauSum : Scratch.tauSum;
    store<f64>(tau + (<usize>k << 3), load<f64>(scratch + sum));
  }
}

/** ∂f/∂η, or its residual, of each row of a chunk; likewise for τ. */
export function findCoefficients(chain: usize, model: usize, scratch: usize, rows: usize, count: u32): void {
  const columns = slotU32(model, Model.paddedColumns);
  const position = single(scratch, columns, Single.position);
  const isResidual = slotU32(chain, Chain.gradient) === Gradient.controlVariate;
  const family = slotU32(model, Model.family);
  const target = scratch + Scratch.target;
  const eta = scratch + Scratch.eta;
  const out = scratch + Scratch.coefficients;
  if (family !== Family.bernoulli || !isResidual) gather(rows, count, targetAt(model), target);
  dotBatch(model, rows, count, isResidual ? single(scratch, columns, Single.center) : position, eta);
  if (isResidual) dotBatch(model, rows, count, position, scratch + Scratch.delta);
  if (slotU32(model, Model.hasOffset)) addGathered(rows, count, offsetAt(model), eta);
  if (family === Family.bernoulli) {
    if (isResidual) bernoulliResidual(eta, scratch + Scratch.delta, out, count);
    else bernoulliGradient(eta, target, out, count);
  } else if (family === Family.gaussian) gaussianCoefficients(chain, model, scratch, count);
  else if (family === Family.poisson && !isResidual) poissonGradient(eta, target, out, count);
  else exactCoefficients(family, isResidual, scratch, count);
}

// @ts-ignore: decorator
@inline
function dotBatch(model: usize, rows: usize, count: u32, vector: usize, out: usize): void {
  if (isSparse(model)) dotSparse(model, rows, count, vector, out);
  else dotRows(rows, count, vector, slotU32(model, Model.paddedColumns), out);
}

export function gaussianCoefficients(chain: usize, model: usize, scratch: usize, count: u32): void {
  const columns = slotU32(model, Model.paddedColumns);
  const tau = tauOf(model, double(scratch, columns, Double.position));
  const weight = Math.exp(-2.0 * tau);
  if (slotU32(chain, Chain.gradient) === Gradient.minibatch) {
    const outTau = scratch + Scratch.tauGradients;
    gaussianGradient(
      scratch + Scratch.eta, scratch + Scratch.target, scratch + Scratch.coefficients, outTau, count, weight,
    );
    return;
  }
  const centerTau = tauOf(model, double(scratch, columns, Double.center));
  const centerWeight = Math.exp(-2.0 * centerTau);
  const gamma = weight - centerWeight;
  const alpha = gamma + 2.0 * centerWeight * (tau - centerTau);
  gaussianResidual(scratch, count, weight, alpha, gamma);
}

/** Works out what depends on τ alone, for a step of a family that `exactCoefficients` serves. */
export function prepareStep(chain: usize, model: usize, scratch: usize): void {
  const family = slotU32(model, Model.family);
  const isResidual = slotU32(chain, Chain.gradient) === Gradient.controlVariate;
  if (family === Family.bernoulli || family === Family.gaussian || (family === Family.poisson && !isResidual)) return;
  const columns = slotU32(model, Model.paddedColumns);
  const bytes = <usize>slotU32(model, Model.numColumns) << 3;
  const work = scratch + Scratch.loss;
  loadTau(model, double(scratch, columns, Double.position) + bytes, work + RowLoss.tau);
  prepare(family, work + RowLoss.tau, work + RowLoss.constants);
  if (!isResidual) return;
  loadTau(model, double(scratch, columns, Double.center) + bytes, work + RowLoss.centerTau);
  prepare(family, work + RowLoss.centerTau, work + RowLoss.centerConstants);
}

/** The coefficients of families whose functions are worked out row by row, in f64: small residuals keep their digits. */
export function exactCoefficients(family: u32, isResidual: bool, scratch: usize, count: u32): void {
  const work = scratch + Scratch.loss;
  for (let at = scratch, end = scratch + (<usize>count << 2); at < end; at += 4) {
    const eta = <f64>load<f32>(at, Scratch.eta);
    const y = <f64>load<f32>(at, Scratch.target);
    if (isResidual) rowResidual(family, work, eta, <f64>load<f32>(at, Scratch.delta), y);
    else rowSlopes(family, work + RowLoss.constants, eta, y, work + RowLoss.slopes);
    store<f32>(at, <f32>load<f64>(work, RowLoss.slopes), Scratch.coefficients);
    store<f32>(at, <f32>load<f64>(work, RowLoss.slopes + 8), Scratch.tauGradients);
    store<f32>(at, <f32>load<f64>(work, RowLoss.slopes + 16), Scratch.secondTauGradients);
  }
}

/** τ₀ at a position, whether it is a parameter or fixed. */
// @ts-ignore: decorator
@inline
export function tauOf(model: usize, position: usize): f64 {
  if (!slotU32(model, Model.auxiliary)) return slotF64(model, Model.fixedAuxiliary);
  return load<f64>(position + (<usize>slotU32(model, Model.numColumns) << 3));
}

/** Multiplies the coefficients by the weights of the draw; likewise for τ. */
export function weighCoefficients(model: usize, scratch: usize, weights: usize, count: u32): void {
  const auxiliary = slotU32(model, Model.auxiliary);
  let at = scratch;
  for (const end = scratch + (<usize>count << 2); at < end; at += 16, weights += 16) {
    const weight = v128.load(weights);
    v128.store(at, f32x4.mul(v128.load(at, Scratch.coefficients), weight), Scratch.coefficients);
    if (!auxiliary) continue;
    v128.store(at, f32x4.mul(v128.load(at, Scratch.tauGradients), weight), Scratch.tauGradients);
    v128.store(at, f32x4.mul(v128.load(at, Scratch.secondTauGradients), weight), Scratch.secondTauGradients);
  }
}

/** Σ ∂f/∂τ of a chunk is added to that of the batch. */
export function addTau(scratch: usize, count: u32): void {
  let first: f64 = 0;
  let second: f64 = 0;
  for (let at = scratch, end = scratch + (<usize>count << 2); at < end; at += 4) {
    first += <f64>load<f32>(at, Scratch.tauGradients);
    second += <f64>load<f32>(at, Scratch.secondTauGradients);
  }
  store<f64>(scratch, load<f64>(scratch, Scratch.tauSum) + first, Scratch.tauSum);
  store<f64>(scratch, load<f64>(scratch, Scratch.secondTauSum) + second, Scratch.secondTauSum);
}

// @ts-ignore: decorator
@inline
function clearSingle(values: usize, length: u32): void {
  for (const end = values + (<usize>length << 2); values < end; values += 32) {
    v128.store(values, i32x4.splat(0), 0);
    v128.store(values, i32x4.splat(0), 16);
  }
}

/** Moves the f32 sums over to the f64 sums, which they start or continue, and clears them. */
export function flush(from: usize, to: usize, length: u32, isFirst: bool): void {
  for (const end = from + (<usize>length << 2); from < end; from += 16, to += 32) {
    const four = v128.load(from);
    let low = f64x2.promote_low_f32x4(four);
    let high = f64x2.promote_low_f32x4(v128.shuffle<i64>(four, four, 1, 1));
    if (!isFirst) {
      low = f64x2.add(low, v128.load(to, 0));
      high = f64x2.add(high, v128.load(to, 16));
    }
    v128.store(to, low, 0);
    v128.store(to, high, 16);
    v128.store(from, i32x4.splat(0));
  }
}
