// What a chain leaves behind: draws, interval means, second moments and the differences from its coupled chain.
import { Chain } from "../layout/chain";
import { Double, Scratch } from "../layout/scratch";
import { double } from "../memory/chain-scratch";
import { dimensionOf, slotU32, widthOf } from "../memory/record";
import { addFourProducts } from "./products";

// A coupled chain's differences are kept where both the coupled chain and a place for them are given.
// @ts-ignore: decorator
@inline
function differencesOf(chain: usize, index: u32, bytes: usize): usize {
  const differences = <usize>slotU32(chain, Chain.coupledDifferences);
  if (!differences || !slotU32(chain, Chain.coupled)) return 0;
  return differences + <usize>index * 2 * bytes;
}

/** How many steps after the burn-in interval `index` ends. */
export function intervalEnd(chain: usize, index: u32): u32 {
  const ends = <usize>slotU32(chain, Chain.intervalEnds);
  return ends ? load<u32>(ends + (<usize>index << 2)) : (index + 1) * slotU32(chain, Chain.stepsPerDraw);
}

/** Clears the sums of interval `index`, at its begin. */
export function beginInterval(chain: usize, scratch: usize, dimension: u32, index: u32): void {
  store<f64>(scratch, 0, Scratch.intervalWeight);
  const bytes = <usize>dimension << 3;
  const means = <usize>slotU32(chain, Chain.intervalMeans);
  if (means) memory.fill(means + <usize>index * bytes, 0, bytes);
  const differences = differencesOf(chain, index, bytes);
  if (differences) memory.fill(differences, 0, 2 * bytes);
}

/** Adds the present iterate, `weight` times, to the sums of interval `index` and to the moments. */
export function addIterate(chain: usize, model: usize, scratch: usize, index: u32, weight: f64): void {
  const width = widthOf(model);
  const bytes = <usize>dimensionOf(model) << 3;
  const position = double(scratch, width, Double.position);
  const center = double(scratch, width, Double.center);
  store<f64>(scratch, load<f64>(scratch, Scratch.intervalWeight) + weight, Scratch.intervalWeight);
  let means = <usize>slotU32(chain, Chain.intervalMeans);
  if (means) {
    means += <usize>index * bytes;
    for (let at: usize = 0; at < bytes; at += 8) {
      store<f64>(means + at, load<f64>(means + at) + weight * load<f64>(position + at));
    }
  }
  if (slotU32(chain, Chain.moments)) bufferIterate(chain, scratch, width, bytes, Math.sqrt(weight));
  const differences = differencesOf(chain, index, bytes);
  if (!differences) return;
  const coupled = <usize>slotU32(chain, Chain.coupled);
  for (let at: usize = 0; at < bytes; at += 8) {
    const d = load<f64>(position + at) - load<f64>(center + at);
    const v = load<f64>(coupled + at);
    store<f64>(differences + at, load<f64>(differences + at) + weight * (d - v));
    store<f64>(differences + bytes + at, load<f64>(differences + bytes + at) + weight * ((d - v) * (d + v)));
  }
}

/** Turns the sums of interval `index` into means, at its end, and keeps θ as a draw. */
export function endInterval(chain: usize, model: usize, scratch: usize, index: u32): void {
  const width = widthOf(model);
  const bytes = <usize>dimensionOf(model) << 3;
  const draws = <usize>slotU32(chain, Chain.draws);
  if (draws) memory.copy(draws + <usize>index * bytes, double(scratch, width, Double.position), bytes);
  const weight = load<f64>(scratch, Scratch.intervalWeight);
  const weights = <usize>slotU32(chain, Chain.intervalWeights);
  if (weights) store<f64>(weights + (<usize>index << 3), weight);
  const share = 1.0 / weight;
  const means = <usize>slotU32(chain, Chain.intervalMeans);
  if (means) scale(means + <usize>index * bytes, bytes, share);
  const differences = differencesOf(chain, index, bytes);
  if (differences) scale(differences, 2 * bytes, share);
}

function scale(values: usize, bytes: usize, factor: f64): void {
  for (const end = values + bytes; values < end; values += 8) store<f64>(values, load<f64>(values) * factor);
}

function bufferIterate(chain: usize, scratch: usize, width: u32, bytes: usize, factor: f64): void {
  const position = double(scratch, width, Double.position);
  const center = double(scratch, width, Double.center);
  const waiting = load<u32>(scratch, Scratch.waiting);
  const to = double(scratch, width, Double.moments + waiting);
  for (let at: usize = 0; at < bytes; at += 8) {
    store<f64>(to + at, factor * (load<f64>(position + at) - load<f64>(center + at)));
  }
  store<u32>(scratch, waiting + 1, Scratch.waiting);
  if (waiting === 3) addMoments(chain, scratch, width, bytes);
}

/** Adds the waiting iterates' outer products to the moments' lower triangle. */
export function addMoments(chain: usize, scratch: usize, width: u32, bytes: usize): void {
  const waiting = load<u32>(scratch, Scratch.waiting);
  if (waiting === 0) return;
  const a = double(scratch, width, Double.moments);
  const b = double(scratch, width, Double.moments + 1);
  const c = double(scratch, width, Double.moments + 2);
  const d = double(scratch, width, Double.moments + 3);
  // An incomplete group, at the very end of a chain, is filled up with zeros.
  if (waiting < 2) memory.fill(b, 0, bytes);
  if (waiting < 3) memory.fill(c, 0, bytes);
  if (waiting < 4) memory.fill(d, 0, bytes);
  store<u32>(scratch, 0, Scratch.waiting);
  addFourProducts(a, b, c, d, bytes, slotU32(chain, Chain.moments));
}
