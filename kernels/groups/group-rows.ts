// The rows of a group, one array for each of their numbers.
import { constantColumn, Factor, maxEffects } from "../layout/groups";
import { Family, Model } from "../layout/model";
import { slotU32 } from "../memory/record";
import { offsetAt, targetAt, weightAt } from "../rows/row-side";
import { prepareCounts } from "./auxiliary-rows";
import { addScaled2, dot2 } from "./doubles";
import {
  columnBytes, family, fixedPart, innerEffects, innerFactor, innerZ, numColumns, numPredictors, outerEffects, outerFactor, outerZ, rowsModel, target,
  weight,
} from "./work";

/** Bytes of a vector of effects. */
export const effectBytes: usize = <usize>maxEffects << 3;

// @ts-ignore: decorator
@inline
function rowAddress(number: u32): usize {
  return <usize>slotU32(rowsModel, Model.rows) + <usize>number * (<usize>slotU32(rowsModel, Model.stride) << 2);
}

/** Copies targets, weights and z of rows of data from .. to − 1, and works out xᵀβ + offset, at the θ of `law`. */
export function loadRows(law: usize, from: u32, to: u32): void {
  const beta = <usize>load<u32>(law);
  const targets = <usize>targetAt(rowsModel);
  const offsets = slotU32(rowsModel, Model.hasOffset) ? <usize>offsetAt(rowsModel) : 0;
  const weights = slotU32(rowsModel, Model.hasWeights) ? <usize>weightAt(rowsModel) : 0;
  const bytes = <usize>slotU32(rowsModel, Model.stride) << 2;
  let row = rowAddress(from);
  let at: usize = 0;
  for (let i = from; i < to; i++, row += bytes) {
    for (let p: u32 = 0; p < numPredictors; p++, at += 8) {
      store<f64>(target + at, <f64>load<f32>(row + targets));
      store<f64>(weight + at, weights ? <f64>load<f32>(row + weights) : 1.0);
      store<f64>(fixedPart + at, dotOf(row, ofPredictor(beta, p), numColumns) + (offsets ? <f64>load<f32>(row + offsets) : 0.0));
      loadZ(innerFactor, innerEffects, row, p, innerZ + at);
      if (outerEffects) loadZ(outerFactor, outerEffects, row, p, outerZ + at);
    }
  }
  if (family === Family.negativeBinomial) prepareCounts(law, to - from);
}

/** The first row of inner group `k` of the group whose first inner group's first row stands at `starts`, counted from the group's own. */
// @ts-ignore: decorator
@inline
export function firstRow(starts: usize, k: u32): u32 {
  return (load<u32>(starts + (<usize>k << 2)) - load<u32>(starts)) * numPredictors;
}

/** The D coefficients of predictor `p` of a row of data. */
// @ts-ignore: decorator
@inline
function ofPredictor(coefficients: usize, p: u32): usize {
  return coefficients + (<usize>(p * numColumns) << 3);
}

/** xᵀv */
function dotOf(row: usize, vector: usize, length: u32): f64 {
  let sum: f64 = 0;
  for (let j: usize = 0; j < <usize>length; j++) sum += <f64>load<f32>(row + (j << 2)) * load<f64>(vector + (j << 3));
  return sum;
}

/** The effects of one predictor stand side by side. */
function loadZ(factor: usize, count: u32, row: usize, p: u32, to: usize): void {
  const columns = <usize>slotU32(factor, Factor.columns);
  const own = count / numPredictors;
  for (let k: u32 = 0; k < count; k++, to += columnBytes) {
    const column = load<u32>(columns + (<usize>k << 2));
    const value = column === constantColumn ? 1.0 : <f64>load<f32>(row + (<usize>column << 2));
    store<f64>(to, k / own === p ? value : 0.0);
  }
}

/** z_i of row i of the group, as a vector of effects. */
// @ts-ignore: decorator
@inline
export function copyZ(z: usize, count: u32, i: usize, out: usize): void {
  let at = z + (i << 3);
  for (let k: usize = 0; k < <usize>count << 3; k += 8, at += columnBytes) store<f64>(out + k, load<f64>(at));
}

/** Σ_i coefficient_i x_i over rows of data from .. to − 1, added to `sums`, an entry for each of β. */
export function addColumns(from: u32, to: u32, coefficients: usize, sums: usize): void {
  for (let i = from; i < to; i++) {
    const row = rowAddress(i);
    for (let p: u32 = 0; p < numPredictors; p++, coefficients += 8) {
      const coefficient = load<f64>(coefficients);
      const own = ofPredictor(sums, p);
      for (let j: usize = 0; j < <usize>numColumns; j++) {
        const sum = own + (j << 3);
        store<f64>(sum, load<f64>(sum) + coefficient * <f64>load<f32>(row + (j << 2)));
      }
    }
  }
}

/** x_iᵀv of rows of data from .. to − 1, v an entry for each of β. */
export function multiplyColumns(from: u32, to: u32, vector: usize, out: usize): void {
  for (let i = from; i < to; i++) {
    for (let p: u32 = 0; p < numPredictors; p++, out += 8) {
      store<f64>(out, dotOf(rowAddress(i), ofPredictor(vector, p), numColumns));
    }
  }
}

/** The columns x of rows of data from .. to − 1, each with those of the other predictors, which are 0, in `width` entries. */
export function copyColumns(from: u32, to: u32, width: u32, out: usize): void {
  memory.fill(out, 0, <usize>((to - from) * numPredictors * width) << 3);
  for (let i = from; i < to; i++) {
    const row = rowAddress(i);
    for (let p: u32 = 0; p < numPredictors; p++, out += <usize>width << 3) {
      const own = ofPredictor(out, p);
      for (let j: usize = 0; j < <usize>numColumns; j++) store<f64>(own + (j << 3), <f64>load<f32>(row + (j << 2)));
    }
  }
}

/** Σ_i coefficient_i z_i over rows first .. end − 1 of the group, to q f64. */
export function sumZ(z: usize, count: u32, first: u32, end: u32, coefficients: usize, out: usize): void {
  const at = <usize>first << 3;
  for (let k: usize = 0; k < <usize>count << 3; k += 8, z += columnBytes) {
    store<f64>(out + k, dot2(coefficients + at, z + at, end - first));
  }
}

/** out_i = from_i + z_iᵀ b over rows first .. end − 1 of the group, and perhaps one more; there is an effect at least. */
export function addEffects(from: usize, z: usize, count: u32, effects: usize, first: u32, end: u32, out: usize): void {
  const at = <usize>first << 3;
  const own = f64x2.splat(load<f64>(effects));
  for (let i = at, last = <usize>end << 3; i < last; i += 16) {
    v128.store(out + i, f64x2.add(v128.load(from + i), f64x2.mul(own, v128.load(z + i))));
  }
  z += columnBytes;
  for (let k: usize = 8; k < <usize>count << 3; k += 8, z += columnBytes) {
    addScaled2(out + at, load<f64>(effects + k), z + at, end - first);
  }
}
