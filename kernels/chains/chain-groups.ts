// The batch's part of ĝ where rows are groups: each group's gradient, or its residual around θ̂, in f64.
import { evaluateGroup } from "../groups/group";
import { residualOf } from "../groups/group-residual";
import { prepareLaw } from "../groups/law";
import { addScaled } from "../groups/small";
import { dimension, gradient, openGroups, Wanted } from "../groups/work";
import { Chain, Gradient } from "../layout/chain";
import { GroupEntry, Law } from "../layout/groups";
import { Model } from "../layout/model";
import { chunkRows, Double, Scratch } from "../layout/scratch";
import { double } from "../memory/chain-scratch";
import { dimensionOf, slotU32, widthOf } from "../memory/record";
import { lookAtGradient } from "./chain-noise";
import { nextBlock, queueRows } from "./queue";

const lawBytes: usize = (<usize>Law.length) << 3;

/** Works out what stays the same during a call. */
export function loadGroups(chain: usize, model: usize, scratch: usize): void {
  const law = <usize>slotU32(chain, Chain.groupScratch);
  openGroups(model, law + 2 * lawBytes + ((<usize>(6 * dimensionOf(model))) << 3), false);
  if (slotU32(chain, Chain.gradient) === Gradient.controlVariate) {
    prepareLaw(model, double(scratch, widthOf(model), Double.center), law + lawBytes);
  }
}

/** Leaves Σ of the batch in the f64 gradient. */
export function sumGroups(chain: usize, model: usize, scratch: usize): void {
  const width = widthOf(model);
  const law = <usize>slotU32(chain, Chain.groupScratch);
  const direction = law + 2 * lawBytes;
  const position = double(scratch, width, Double.position);
  const sums = double(scratch, width, Double.gradient);
  const isResidual = slotU32(chain, Chain.gradient) === Gradient.controlVariate;
  const isWeighted = slotU32(model, Model.aliasTable) !== 0;
  const block = queueRows(model);
  prepareLaw(model, position, law);
  if (isResidual) {
    memory.copy(direction, position, <usize>dimension << 3);
    addScaled(direction, -1.0, double(scratch, width, Double.center), dimension);
  }
  memory.fill(sums, 0, <usize>dimension << 3);
  for (let left = slotU32(chain, Chain.batchSize); left; left--) {
    if (!load<u32>(scratch, Scratch.started) || load<u32>(scratch, Scratch.cursor) === block) nextBlock(chain, scratch);
    const cursor = load<u32>(scratch, Scratch.cursor);
    const at = <usize>(load<u32>(scratch, Scratch.block) * chunkRows + cursor) << 2;
    const entry = <usize>load<u32>(scratch + at, Scratch.rows);
    let weight = <f64>load<f32>(entry, GroupEntry.weight);
    if (isWeighted) weight *= <f64>load<f32>(scratch + at, Scratch.weights);
    if (isResidual) residualOf(model, law, law + lawBytes, entry, direction);
    else evaluateGroup(model, law, entry, Wanted.gradient, 0);
    addScaled(sums, weight, gradient, dimension);
    if (load<u32>(scratch, Scratch.looking)) lookAtGradient(chain, model, scratch, gradient, left);
    store<u32>(scratch, cursor + 1, Scratch.cursor);
  }
}
