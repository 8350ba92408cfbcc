// A pass's row losses two rows at a time, where the loss is an exponential of η and no auxiliary parameter comes in.
import { exp2, logOnePlus2, meanCount2, one2 } from "../families/pairs";
import { Family, Model } from "../layout/model";
import { GramKind, Pass, PassOutput } from "../layout/pass";
import { PassScratch } from "../layout/scratch";
import { slotU32 } from "../memory/record";
import { offsetAt, rowAt, targetAt, weightAt } from "../rows/row-side";

/** Whether `differentiatePairs` does what `differentiate` (pass-derivatives.ts) is asked to do. */
export function goesInPairs(pass: usize, model: usize): bool {
  const family = slotU32(model, Model.family);
  if (slotU32(pass, Pass.gramKind) === GramKind.squaredResidual) return false;
  return family === Family.bernoulli || family === Family.poisson;
}

/** As `differentiate`: the same sums in the same order. */
export function differentiatePairs(pass: usize, model: usize, scratch: usize, count: u32): void {
  const isBernoulli = slotU32(model, Model.family) === Family.bernoulli;
  const target = targetAt(model);
  const offsets = slotU32(model, Model.hasOffset) ? offsetAt(model) : 0;
  const weights = slotU32(model, Model.hasWeights) ? weightAt(model) : 0;
  let losses: f64 = 0;
  for (let n: u32 = 0; n < count; n += 2) {
    const isLast = n + 1 === count;
    const at = scratch + (<usize>n << 3);
    const first = load<u32>(scratch + (<usize>n << 2), PassScratch.numbers);
    // The last of an odd number of rows stands beside itself.
    const second = isLast ? first : load<u32>(scratch + (<usize>n << 2), PassScratch.numbers + 4);
    const a = rowAt(model, first);
    const b = rowAt(model, second);
    let eta = isLast ? v128.load64_splat(at, PassScratch.eta) : v128.load(at, PassScratch.eta);
    if (offsets) eta = f64x2.add(eta, pairAt(a, b, offsets));
    const y = pairAt(a, b, target);
    let mean: v128;
    let loss: v128;
    let curvature: v128;
    if (isBernoulli) {
      const zero = f64x2.splat(0);
      const e = exp2(f64x2.neg(f64x2.abs(eta)));
      const near = f64x2.div(one2(), f64x2.add(one2(), e));
      const far = f64x2.mul(e, near);
      mean = v128.bitselect(far, near, f64x2.lt(eta, zero));
      loss = f64x2.sub(f64x2.add(f64x2.pmax(eta, zero), logOnePlus2(e)), f64x2.mul(y, eta));
      curvature = f64x2.mul(far, near);
    } else {
      mean = meanCount2(eta);
      loss = f64x2.sub(mean, f64x2.mul(y, eta));
      curvature = mean;
    }
    let slope = f64x2.sub(mean, y);
    if (weights) {
      const weight = pairAt(a, b, weights);
      loss = f64x2.mul(weight, loss);
      slope = f64x2.mul(weight, slope);
      curvature = f64x2.mul(weight, curvature);
    }
    losses += f64x2.extract_lane(loss, 0);
    if (!isLast) losses += f64x2.extract_lane(loss, 1);
    v128.store(at, slope, PassScratch.eta);
    storeFactors(pass, scratch, n, first, second, slope, curvature);
  }
  const output = <usize>slotU32(pass, Pass.output);
  store<f64>(output, load<f64>(output, PassOutput.loss) + losses, PassOutput.loss);
}

/** The f32 that stand `offset` bytes into two rows. */
// @ts-ignore: decorator
@inline
function pairAt(a: usize, b: usize, offset: u32): v128 {
  return f64x2.replace_lane(f64x2.splat(<f64>load<f32>(a + offset)), 1, <f64>load<f32>(b + offset));
}

/** Writes a, what the rows' products are multiplied with in the Gram matrix. */
// @ts-ignore: decorator
@inline
function storeFactors(
  pass: usize, scratch: usize, n: u32, first: u32, second: u32, slope: v128, curvature: v128,
): void {
  const kind = slotU32(pass, Pass.gramKind);
  const to = scratch + (<usize>n << 2);
  if (kind === GramKind.given) {
    const values = <usize>slotU32(pass, Pass.rowValues);
    store<f32>(to, load<f32>(values + (<usize>first << 2)), PassScratch.weight);
    store<f32>(to, load<f32>(values + (<usize>second << 2)), PassScratch.weight + 4);
    return;
  }
  const factor = kind === GramKind.curvature ? curvature : f64x2.mul(slope, slope);
  v128.store64_lane(to, f32x4.demote_f64x2_zero(factor), 0, PassScratch.weight);
}
