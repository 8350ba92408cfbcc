// Priors that are not normal: their part of ĝ, which costs no rows. A normal prior's gradient is linear, and stands in
// priorScale and priorShift (chain-scratch.ts).
import { Chain, Gradient } from "../layout/chain";
import { Model } from "../layout/model";
import { PriorKind, ShapedPrior } from "../layout/prior";
import { Double } from "../layout/scratch";
import { double } from "../memory/chain-scratch";
import { slotF64, slotU32, widthOf } from "../memory/record";

/** d(−log p)/dx */
export function priorSlope(prior: usize, x: f64): f64 {
  const kind = slotU32(prior, ShapedPrior.kind);
  const a = slotF64(prior, ShapedPrior.a);
  const b = slotF64(prior, ShapedPrior.b);
  const c = slotF64(prior, ShapedPrior.c);
  if (kind === PriorKind.partialCorrelation) return 2.0 * a * Math.tanh(x);
  if (kind === PriorKind.gamma) return b * Math.exp(x) - a;
  if (kind === PriorKind.halfNormal) return Math.exp(2.0 * x) / (c * c) - 1.0;
  if (kind === PriorKind.halfStudentT) {
    const square = Math.exp(2.0 * x);
    return ((a + 1.0) * square) / (a * c * c + square) - 1.0;
  }
  const d = x - b;
  if (kind === PriorKind.studentT) return ((a + 1.0) * d) / (a * c * c + d * d);
  return d > 0 ? 1.0 / c : d < 0 ? -1.0 / c : 0.0;
}

/** Adds the priors' parts to ĝ: 1/N of their slopes, or of what is not linear in them around θ̂. */
export function addShapedPriors(chain: usize, model: usize, scratch: usize): void {
  const width = widthOf(model);
  const gradient = double(scratch, width, Double.gradient);
  const position = double(scratch, width, Double.position);
  const center = double(scratch, width, Double.center);
  const perRow = 1.0 / <f64>slotU32(model, Model.wholeRows);
  const isResidual = slotU32(chain, Chain.gradient) === Gradient.controlVariate;
  let prior = <usize>slotU32(model, Model.shapedPriors);
  for (let k: u32 = 0; k < slotU32(model, Model.numShapedPriors); k++, prior += <usize>ShapedPrior.slots << 3) {
    const at = <usize>slotU32(prior, ShapedPrior.index) << 3;
    const x = load<f64>(position + at);
    let slope = priorSlope(prior, x);
    if (isResidual) {
      const linear = slotF64(prior, ShapedPrior.referenceCurvature) * (x - load<f64>(center + at));
      slope -= slotF64(prior, ShapedPrior.referenceSlope) + linear;
    }
    store<f64>(gradient + at, load<f64>(gradient + at) + perRow * slope);
  }
}
