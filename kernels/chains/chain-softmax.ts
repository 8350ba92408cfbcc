// The categorical family's part of a chain's gradient. Rows are multiplied with padded f32 copies of each output's
// coefficients; the f64 parameters, M = D numPredictors of them, stand close together.
import { softmaxGradient, softmaxResidual } from "../families/softmax";
import { Chain, Gradient } from "../layout/chain";
import { Model } from "../layout/model";
import { chunkRows, ClassArray, Scratch, Single } from "../layout/scratch";
import { classArray, single } from "../memory/chain-scratch";
import { slotU32, widthOf } from "../memory/record";
import { dotClasses } from "../rows/class-rows";
import { isSparse, targetAt } from "../rows/row-side";
import { gather } from "../rows/rows";
import { dotSparseClasses } from "../rows/sparse-rows";

/** Leaves r_k = ∂f/∂η_k, or its residual, of row n of a chunk at classArray(coefficients) + 4 (k chunkRows + n). */
export function findClassCoefficients(chain: usize, model: usize, scratch: usize, rows: usize, count: u32): void {
  const numPredictors = slotU32(model, Model.numPredictors);
  const hasReference = slotU32(model, Model.hasReference);
  const width = widthOf(model);
  const position = single(scratch, width, Single.position);
  const eta = classArray(scratch, width, numPredictors, ClassArray.eta);
  const out = classArray(scratch, width, numPredictors, ClassArray.coefficients);
  if (slotU32(chain, Chain.gradient) === Gradient.controlVariate) {
    const delta = classArray(scratch, width, numPredictors, ClassArray.delta);
    dotBatch(model, rows, count, single(scratch, width, Single.center), eta);
    dotBatch(model, rows, count, position, delta);
    softmaxResidual(eta, delta, out, numPredictors, hasReference, count);
    return;
  }
  gather(rows, count, targetAt(model), scratch + Scratch.target);
  dotBatch(model, rows, count, position, eta);
  softmaxGradient(eta, scratch + Scratch.target, out, numPredictors, hasReference, count);
}

// @ts-ignore: decorator
@inline
function dotBatch(model: usize, rows: usize, count: u32, vectors: usize, out: usize): void {
  if (isSparse(model)) dotSparseClasses(model, rows, count, vectors, out);
  else dotClasses(rows, count, vectors, slotU32(model, Model.paddedColumns), slotU32(model, Model.numPredictors), out);
}

/** Multiplies every output's coefficients by the rows' weights. */
export function weighClasses(coefficients: usize, numPredictors: u32, weights: usize, count: u32): void {
  for (let at: usize = 0; at < <usize>count << 2; at += 16) {
    const weight = v128.load(weights + at);
    for (let k: u32 = 0, to = coefficients + at; k < numPredictors; k++, to += <usize>chunkRows << 2) {
      v128.store(to, f32x4.mul(v128.load(to), weight));
    }
  }
}

/** Moves the padded f32 sums over to the f64 sums of M entries, which they start or continue, and clears them. */
export function flushClasses(from: usize, to: usize, numColumns: u32, columns: u32, numPredictors: u32, isFirst: bool): void {
  for (let k: u32 = 0; k < numPredictors; k++, from += <usize>columns << 2) {
    let j: u32 = 0;
    let sums = from;
    for (; j + 4 <= numColumns; j += 4, sums += 16, to += 32) {
      const four = v128.load(sums);
      let low = f64x2.promote_low_f32x4(four);
      let high = f64x2.promote_low_f32x4(v128.shuffle<i64>(four, four, 1, 1));
      if (!isFirst) {
        low = f64x2.add(low, v128.load(to, 0));
        high = f64x2.add(high, v128.load(to, 16));
      }
      v128.store(to, low, 0);
      v128.store(to, high, 16);
    }
    // The padding may hold sums of targets; it must not reach the next output's entries.
    for (; j < numColumns; j++, sums += 4, to += 8) {
      store<f64>(to, (isFirst ? 0.0 : load<f64>(to)) + <f64>load<f32>(sums));
    }
    memory.fill(from, 0, <usize>columns << 2);
  }
}

/** Copies M f64 to padded f32, less those at `center` unless that is 0. The padding stays as it is: zero. */
export function copyClasses(
  from: usize, center: usize, to: usize, numColumns: u32, columns: u32, numPredictors: u32,
): void {
  for (let k: u32 = 0; k < numPredictors; k++, to += <usize>columns << 2) {
    let j: u32 = 0;
    let copy = to;
    for (; j + 4 <= numColumns; j += 4, from += 32, copy += 16) {
      let low = v128.load(from, 0);
      let high = v128.load(from, 16);
      if (center) {
        low = f64x2.sub(low, v128.load(center, 0));
        high = f64x2.sub(high, v128.load(center, 16));
        center += 32;
      }
      v128.store(copy, v128.shuffle<i64>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 2));
    }
    for (; j < numColumns; j++, from += 8, copy += 4) {
      let value = load<f64>(from);
      if (center) {
        value -= load<f64>(center);
        center += 8;
      }
      store<f32>(copy, <f32>value);
    }
  }
}
