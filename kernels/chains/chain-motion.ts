// Steps with a velocity or a rate that falls.
import { Chain } from "../layout/chain";
import { Double } from "../layout/scratch";
import { double } from "../memory/chain-scratch";
import { dimensionOf, slotF64, slotU32, widthOf } from "../memory/record";

/** Whether a chain has a velocity or a rate that falls. */
// @ts-ignore: decorator
@inline
export function isVaried(chain: usize): bool {
  return slotU32(chain, Chain.velocity) !== 0 || slotF64(chain, Chain.rateExponent) !== 0;
}

/** s at step t. */
export function rateAt(chain: usize, t: u32): f64 {
  const exponent = slotF64(chain, Chain.rateExponent);
  if (exponent === 0) return 1;
  const offset = slotF64(chain, Chain.rateOffset);
  return Math.exp(-exponent * Math.log((offset + <f64>t) / offset));
}

/**
 * v ← keep v − s pull (θ − θ̂) − s H ĝ + √s R z, θ ← θ + v; without a velocity the same terms go to θ, in the order of
 * `move`, so that s = 1 leaves the same bits. The coupled chain follows where there is one.
 */
export function moveVaried(chain: usize, model: usize, scratch: usize, rate: f64): void {
  const width = widthOf(model);
  const length = <usize>dimensionOf(model) << 3;
  const position = double(scratch, width, Double.position);
  const center = double(scratch, width, Double.center);
  const descent = double(scratch, width, Double.descent);
  const noise = double(scratch, width, Double.noise);
  const velocity = <usize>slotU32(chain, Chain.velocity);
  const keep = slotF64(chain, Chain.velocityKeep);
  const pull = rate * slotF64(chain, Chain.pull);
  const root = Math.sqrt(rate);
  for (let at: usize = 0; at < length; at += 8) {
    const theta = load<f64>(position + at);
    const start = velocity ? keep * load<f64>(velocity + at) : theta;
    const pulled = pull * (theta - load<f64>(center + at));
    const moved = start - pulled - rate * load<f64>(descent + at) + root * load<f64>(noise + at);
    if (velocity) store<f64>(velocity + at, moved);
    store<f64>(position + at, velocity ? theta + moved : moved);
  }
  const coupled = <usize>slotU32(chain, Chain.coupled);
  if (!coupled) return;
  for (let at: usize = 0; at < length; at += 8) {
    store<f64>(coupled + at, (1.0 - pull) * load<f64>(coupled + at) + root * load<f64>(noise + at));
  }
}
