// The influence of each group, from which groups are drawn with unequal probabilities.
import { evaluateGroup } from "../groups/group";
import { prepareLaw } from "../groups/law";
import { addScaled } from "../groups/small";
import { change, gradient, kept, openGroups, Wanted } from "../groups/work";
import { GroupEntry, influenceLaws, Law } from "../layout/groups";
import { Model } from "../layout/model";
import { Influence } from "../layout/pass";
import { dimensionOf, slotU32 } from "../memory/record";

/** Directions of signs s; a point to either side of θ̂ along each. */
const numDirections: u32 = 2;

/**
 * As influenceRows, over groups: q is the root mean square of |Kᵀ r| over θ̂ ± K s for two vectors of signs s, r the group's residual,
 * times its weight. Leverages are not worked out.
 */
export function influenceGroups(task: usize): void {
  const model = <usize>slotU32(task, Influence.model);
  const influence = <usize>slotU32(task, Influence.influence);
  if (!influence) return;
  const size = dimensionOf(model);
  const lawBytes = (<usize>Law.length) << 3;
  const law = <usize>slotU32(task, Influence.scratch);
  const points = law + lawBytes * <usize>influenceLaws;
  openGroups(model, points + ((<usize>(3 * influenceLaws * size)) << 3), false);
  const center = <usize>slotU32(task, Influence.center);
  prepareLaw(model, center, law);
  findPoints(model, center, <usize>slotU32(task, Influence.factor), law + lawBytes, points);
  const factor = <usize>slotU32(task, Influence.factor);
  for (let n = slotU32(task, Influence.from); n < slotU32(task, Influence.to); n++) {
    const entry = <usize>slotU32(model, Model.rows) + <usize>n * GroupEntry.bytes;
    let sum: f64 = 0;
    for (let k: u32 = 0; k < numDirections; k++) {
      const direction = points + (<usize>(3 * k * size) << 3);
      evaluateGroup(model, law, entry, Wanted.change, direction);
      memory.copy(kept, gradient, <usize>size << 3);
      // H d, kept where no gradient is written.
      const linear = points + (<usize>(3 * (influenceLaws - 1) * size) << 3);
      memory.copy(linear, change, <usize>size << 3);
      for (let side: u32 = 0; side < 2; side++) {
        evaluateGroup(model, law + lawBytes * <usize>(1 + 2 * k + side), entry, Wanted.gradient, 0);
        addScaled(gradient, -1.0, kept, size);
        addScaled(gradient, side ? 1.0 : -1.0, linear, size);
        sum += squareOfWhitened(factor, size);
      }
    }
    const weight = <f64>load<f32>(entry, GroupEntry.weight);
    store<f32>(influence + (<usize>n << 2), <f32>(weight * Math.sqrt(sum / <f64>(2 * numDirections))));
  }
}

/** θ̂ ± K s with their laws; of each direction the three vectors K s, θ̂ + K s, θ̂ − K s. */
function findPoints(model: usize, center: usize, factor: usize, laws: usize, points: usize): void {
  const size = dimensionOf(model);
  const bytes = <usize>size << 3;
  for (let k: u32 = 0; k < numDirections; k++) {
    const direction = points + <usize>(3 * k) * bytes;
    for (let i: u32 = 0; i < size; i++) {
      let sum: f64 = 0;
      for (let j: u32 = 0; j <= i; j++) {
        const entry = load<f64>(factor + (<usize>(i * size + j) << 3));
        sum += k && j & 1 ? -entry : entry;
      }
      store<f64>(direction + (<usize>i << 3), sum);
    }
    for (let side: u32 = 0; side < 2; side++) {
      const point = direction + <usize>(1 + side) * bytes;
      memory.copy(point, center, bytes);
      addScaled(point, side ? -1.0 : 1.0, direction, size);
      prepareLaw(model, point, laws + ((<usize>Law.length) << 3) * <usize>(2 * k + side));
    }
  }
}

/** |Kᵀ r|² of the residual at `gradient`. */
function squareOfWhitened(factor: usize, size: u32): f64 {
  let sum: f64 = 0;
  for (let j: u32 = 0; j < size; j++) {
    let product: f64 = 0;
    for (let i = j; i < size; i++) {
      product += load<f64>(factor + (<usize>(i * size + j) << 3)) * load<f64>(gradient + (<usize>i << 3));
    }
    sum += product * product;
  }
  return sum;
}
