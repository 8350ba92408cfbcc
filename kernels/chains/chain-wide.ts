// What chains over very many parameters need: all rows in order, a step matrix of a diagonal and a few directions, and noise
// averaged over two steps.
import { Chain } from "../layout/chain";
import { Model } from "../layout/model";
import { Double, Scratch } from "../layout/scratch";
import { double } from "../memory/chain-scratch";
import { dimensionOf, slotF64, slotU32, widthOf } from "../memory/record";
import { rowAt } from "../rows/row-side";
import { dot } from "./products";
import { fillNormals } from "./random";

/** Leaves the addresses of the `count` rows that come next at `rows`; after the last row comes the first. */
export function takeInOrder(chain: usize, model: usize, count: u32, rows: usize): void {
  const place = <usize>slotU32(chain, Chain.rowStream);
  const numRows = slotU32(model, Model.numRows);
  let number = load<u32>(place);
  for (const end = rows + (<usize>count << 2); rows < end; rows += 4) {
    store<u32>(rows, <u32>rowAt(model, number));
    if (++number === numRows) number = 0;
  }
  store<u32>(place, number);
}

/** H ĝ += step V Vᵀ ĝ */
export function addLowRankDescent(chain: usize, model: usize, scratch: usize): void {
  const width = widthOf(model);
  const bytes = <usize>dimensionOf(model) << 3;
  const gradient = double(scratch, width, Double.gradient);
  const descent = double(scratch, width, Double.descent);
  const step = slotF64(chain, Chain.lowRankStep);
  let direction = <usize>slotU32(chain, Chain.lowRank);
  for (let k = slotU32(chain, Chain.rank); k; k--, direction += bytes) {
    addScaled(step * dot(direction, gradient, <u32>(bytes >> 3)), direction, descent, bytes);
  }
}

/** R z += factor V ζ, ζ fresh normals. */
export function addLowRankNoise(chain: usize, model: usize, scratch: usize): void {
  const width = widthOf(model);
  const bytes = <usize>dimensionOf(model) << 3;
  const noise = double(scratch, width, Double.noise);
  const normals = double(scratch, width, Double.normals);
  const factor = slotF64(chain, Chain.lowRankNoise);
  const rank = slotU32(chain, Chain.rank);
  fillNormals(slotU32(chain, Chain.noiseStream), scratch + Scratch.words, normals, rank);
  let direction = <usize>slotU32(chain, Chain.lowRank);
  for (let k: usize = 0; k < <usize>rank << 3; k += 8, direction += bytes) {
    addScaled(factor * load<f64>(normals + k), direction, noise, bytes);
  }
}

/** Replaces the noise by its mean with that of the step before, which it then takes the place of. */
export function averageNoise(previous: usize, noise: usize, bytes: usize): void {
  for (let at: usize = 0; at < bytes; at += 8) {
    const fresh = load<f64>(noise + at);
    store<f64>(noise + at, 0.5 * (fresh + load<f64>(previous + at)));
    store<f64>(previous + at, fresh);
  }
}

// @ts-ignore: decorator
@inline
function addScaled(factor: f64, from: usize, to: usize, bytes: usize): void {
  const factors = f64x2.splat(factor);
  let at: usize = 0;
  for (; at + 16 <= bytes; at += 16) {
    v128.store(to + at, f64x2.add(v128.load(to + at), f64x2.mul(factors, v128.load(from + at))));
  }
  if (at < bytes) store<f64>(to + at, load<f64>(to + at) + factor * load<f64>(from + at));
}
