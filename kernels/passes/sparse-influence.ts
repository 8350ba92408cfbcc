// Leverage of sparse rows: x̃ᵀ P x̃ = x'ᵀ P x' − x'ᵀ s + m'ᵀ P m', s = (P + Pᵀ) m', from the entries' pairs, in f64.
import { Model, SparseRow } from "../layout/model";
import { Influence } from "../layout/pass";
import { dimensionOf, slotU32 } from "../memory/record";

/** For each pair of numPredictors `paddedColumns` f64: s, and m'ᵀ P_kl m' in place D. */
export function shiftCovariance(task: usize, out: usize): void {
  const model = <usize>slotU32(task, Influence.model);
  const numColumns = slotU32(model, Model.numColumns);
  const numPredictors = slotU32(model, Model.numPredictors);
  const shift = <usize>slotU32(model, Model.shift);
  const rowBytes = <usize>dimensionOf(model) << 3;
  for (let k: u32 = 0; k < numPredictors; k++) {
    for (let l: u32 = 0; l <= k; l++, out += <usize>slotU32(model, Model.paddedColumns) << 3) {
      const block = blockOf(task, model, k, l);
      memory.fill(out, 0, <usize>slotU32(model, Model.paddedColumns) << 3);
      let total: f64 = 0;
      for (let i: usize = 0; i < <usize>numColumns; i++) {
        const m = load<f64>(shift + (i << 3));
        let sum: f64 = 0;
        for (let j: usize = 0; j < <usize>numColumns << 3; j += 8) {
          const entry = load<f64>(block + i * rowBytes + j);
          sum += entry * load<f64>(shift + j);
          store<f64>(out + j, load<f64>(out + j) + entry * m);
        }
        store<f64>(out + (i << 3), load<f64>(out + (i << 3)) + sum);
        total += m * sum;
      }
      store<f64>(out + (<usize>numColumns << 3), total);
    }
  }
}

/** Where block (k, l) of P begins. */
// @ts-ignore: decorator
@inline
function blockOf(task: usize, model: usize, k: u32, l: u32): usize {
  const numColumns = slotU32(model, Model.numColumns);
  return <usize>slotU32(task, Influence.covariance) + (<usize>(k * numColumns * dimensionOf(model) + l * numColumns) << 3);
}

/** x̃ᵀ P_kl x̃ of the row at `row`, `shifted` what shiftCovariance wrote of the pair. */
export function sparseLeverage(task: usize, row: usize, shifted: usize, k: u32, l: u32): f64 {
  const model = <usize>slotU32(task, Influence.model);
  const rowBytes = <usize>dimensionOf(model) << 3;
  const block = blockOf(task, model, k, l);
  let sum = load<f64>(shifted + (<usize>slotU32(model, Model.numColumns) << 3));
  const last = row + (<usize>load<u32>(row) << 3);
  for (let at = row; at < last; at += 8) {
    const column = <usize>load<u32>(at, SparseRow.column);
    const line = block + column * rowBytes;
    let product = -load<f64>(shifted + (column << 3));
    for (let other = row; other < last; other += 8) {
      const entry = load<f64>(line + (<usize>load<u32>(other, SparseRow.column) << 3));
      product += entry * <f64>load<f32>(other, SparseRow.value);
    }
    sum += <f64>load<f32>(at, SparseRow.value) * product;
  }
  // Negative by rounding only, for a row on which P says next to nothing.
  return k === l ? Math.max(sum, 0.0) : sum;
}
