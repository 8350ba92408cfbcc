// What a chain leaves behind: draws, interval means, second moments and the differences from its twin.
import { Chain } from "./layout";
import { slotU32 } from "./record";
import { Double, Scratch, dimensionOf, double, widthOf } from "./chain-scratch";

// A twin's differences are kept where both the twin and a place for them are given.
// @ts-ignore: decorator
@inline
function differencesOf(chain: usize, index: u32, bytes: usize): usize {
  const differences = <usize>slotU32(chain, Chain.twinDifferences);
  if (!differences || !slotU32(chain, Chain.twin)) return 0;
  return differences + <usize>index * 2 * bytes;
}

/** Clears the sums of interval `index`, at its begin. */
export function beginInterval(chain: usize, dimension: u32, index: u32): void {
  const bytes = <usize>dimension << 3;
  const means = <usize>slotU32(chain, Chain.intervalMeans);
  if (means) memory.fill(means + <usize>index * bytes, 0, bytes);
  const differences = differencesOf(chain, index, bytes);
  if (differences) memory.fill(differences, 0, 2 * bytes);
}

/** Adds the present iterate to the sums of interval `index` and to the moments. */
export function addIterate(chain: usize, model: usize, scratch: usize, index: u32): void {
  const width = widthOf(model);
  const bytes = <usize>dimensionOf(model) << 3;
  const position = double(scratch, width, Double.position);
  const center = double(scratch, width, Double.center);
  let means = <usize>slotU32(chain, Chain.intervalMeans);
  if (means) {
    means += <usize>index * bytes;
    for (let at: usize = 0; at < bytes; at += 8) {
      store<f64>(means + at, load<f64>(means + at) + load<f64>(position + at));
    }
  }
  if (slotU32(chain, Chain.moments)) bufferIterate(chain, scratch, width, bytes, position, center);
  const differences = differencesOf(chain, index, bytes);
  if (!differences) return;
  const twin = <usize>slotU32(chain, Chain.twin);
  for (let at: usize = 0; at < bytes; at += 8) {
    const d = load<f64>(position + at) - load<f64>(center + at);
    const v = load<f64>(twin + at);
    store<f64>(differences + at, load<f64>(differences + at) + (d - v));
    store<f64>(differences + bytes + at, load<f64>(differences + bytes + at) + (d - v) * (d + v));
  }
}

/** Turns the sums of interval `index` into means, at its end, and keeps θ as a draw. */
export function endInterval(chain: usize, model: usize, scratch: usize, index: u32, numTerms: u32): void {
  const width = widthOf(model);
  const bytes = <usize>dimensionOf(model) << 3;
  const draws = <usize>slotU32(chain, Chain.draws);
  if (draws) memory.copy(draws + <usize>index * bytes, double(scratch, width, Double.position), bytes);
  const share = 1.0 / <f64>numTerms;
  const means = <usize>slotU32(chain, Chain.intervalMeans);
  if (means) scale(means + <usize>index * bytes, bytes, share);
  const differences = differencesOf(chain, index, bytes);
  if (differences) scale(differences, 2 * bytes, share);
}

function scale(values: usize, bytes: usize, factor: f64): void {
  for (const end = values + bytes; values < end; values += 8) store<f64>(values, load<f64>(values) * factor);
}

function bufferIterate(chain: usize, scratch: usize, width: u32, bytes: usize, position: usize, center: usize): void {
  const waiting = load<u32>(scratch, Scratch.waiting);
  const to = double(scratch, width, Double.moments + waiting);
  for (let at: usize = 0; at < bytes; at += 8) {
    store<f64>(to + at, load<f64>(position + at) - load<f64>(center + at));
  }
  store<u32>(scratch, waiting + 1, Scratch.waiting);
  if (waiting == 3) addMoments(chain, scratch, width, bytes);
}

/** Adds the waiting iterates' outer products to the lower triangle: four at once cost half of four times one. */
export function addMoments(chain: usize, scratch: usize, width: u32, bytes: usize): void {
  const waiting = load<u32>(scratch, Scratch.waiting);
  if (waiting == 0) return;
  const a = double(scratch, width, Double.moments);
  const b = double(scratch, width, Double.moments + 1);
  const c = double(scratch, width, Double.moments + 2);
  const d = double(scratch, width, Double.moments + 3);
  // An incomplete group, at the very end of a chain, is filled up with zeros.
  if (waiting < 2) memory.fill(b, 0, bytes);
  if (waiting < 3) memory.fill(c, 0, bytes);
  if (waiting < 4) memory.fill(d, 0, bytes);
  store<u32>(scratch, 0, Scratch.waiting);
  let row = <usize>slotU32(chain, Chain.moments);
  for (let i: usize = 0; i < bytes; i += 8, row += bytes) {
    const ai = v128.load64_splat(a + i);
    const bi = v128.load64_splat(b + i);
    const ci = v128.load64_splat(c + i);
    const di = v128.load64_splat(d + i);
    let j: usize = 0;
    for (; j + 8 <= i; j += 16) {
      let sum = f64x2.add(f64x2.mul(ai, v128.load(a + j)), f64x2.mul(bi, v128.load(b + j)));
      sum = f64x2.add(sum, f64x2.add(f64x2.mul(ci, v128.load(c + j)), f64x2.mul(di, v128.load(d + j))));
      v128.store(row + j, f64x2.add(v128.load(row + j), sum));
    }
    if (j > i) continue;
    let sum = load<f64>(a + i) * load<f64>(a + j) + load<f64>(b + i) * load<f64>(b + j);
    sum += load<f64>(c + i) * load<f64>(c + j) + load<f64>(d + i) * load<f64>(d + j);
    store<f64>(row + j, load<f64>(row + j) + sum);
  }
}
