// Sums of the loss and its derivatives over groups, in f64.
import { evaluateGroup } from "../groups/group";
import { residualOf } from "../groups/group-residual";
import { prepareLaw } from "../groups/law";
import { addScaled } from "../groups/small";
import { dimension, gradient, hessian, openGroups, Wanted } from "../groups/work";
import { GroupEntry, Law } from "../layout/groups";
import { Model } from "../layout/model";
import { GramKind, Pass, PassOutput } from "../layout/pass";
import { outputGram } from "../memory/pass-scratch";
import { dimensionOf, slotU32 } from "../memory/record";

/** As passRows, over groups. */
export function passGroups(pass: usize): void {
  const model = <usize>slotU32(pass, Pass.model);
  const scratch = <usize>slotU32(pass, Pass.scratch);
  const output = <usize>slotU32(pass, Pass.output);
  const kind = slotU32(pass, Pass.gramKind);
  const law = scratch;
  const centerLaw = law + ((<usize>Law.length) << 3);
  // d = θ − θ̂
  const direction = centerLaw + ((<usize>Law.length) << 3);
  openGroups(model, direction + (<usize>dimensionOf(model) << 3), kind === GramKind.curvature);
  const isDiagonal = slotU32(pass, Pass.isDiagonal) !== 0;
  const gramLength = kind === GramKind.none ? 0 : isDiagonal ? dimension : dimension * dimension;
  memory.fill(output, 0, outputGram(0, dimension + gramLength));
  const position = <usize>slotU32(pass, Pass.position);
  prepareLaw(model, position, law);
  if (kind === GramKind.squaredResidual) {
    const center = <usize>slotU32(pass, Pass.center);
    prepareLaw(model, center, centerLaw);
    memory.copy(direction, position, <usize>dimension << 3);
    addScaled(direction, -1.0, center, dimension);
  }
  const list = <usize>slotU32(pass, Pass.rowList);
  const to = slotU32(pass, Pass.to);
  const step = max<u32>(slotU32(pass, Pass.step), 1);
  let seen: u32 = 0;
  for (let at = <u64>slotU32(pass, Pass.from); at < <u64>to; at += <u64>step, seen++) {
    const number = list ? load<u32>(list + (<usize>at << 2)) : <u32>at;
    const entry = <usize>slotU32(model, Model.rows) + <usize>number * GroupEntry.bytes;
    addGroup(pass, model, law, centerLaw, entry, direction);
  }
  store<f64>(output, <f64>seen, PassOutput.count);
}

function addGroup(pass: usize, model: usize, law: usize, centerLaw: usize, entry: usize, direction: usize): void {
  const output = <usize>slotU32(pass, Pass.output);
  const kind = slotU32(pass, Pass.gramKind);
  const weight = <f64>load<f32>(entry, GroupEntry.weight);
  const loss = kind === GramKind.squaredResidual
    ? residualOf(model, law, centerLaw, entry, direction)
    : evaluateGroup(model, law, entry, kind === GramKind.curvature ? Wanted.hessian : Wanted.gradient, 0);
  store<f64>(output, load<f64>(output, PassOutput.loss) + weight * loss, PassOutput.loss);
  addScaled(output + PassOutput.gradient, weight, gradient, dimension);
  if (kind === GramKind.none) return;
  const gram = outputGram(output, dimension);
  const isCurvature = kind === GramKind.curvature;
  const isDiagonal = slotU32(pass, Pass.isDiagonal) !== 0;
  for (let i: usize = 0; i < <usize>dimension; i++) {
    const own = isCurvature ? 0.0 : weight * weight * load<f64>(gradient + (i << 3));
    if (isDiagonal) {
      const at = gram + (i << 3);
      const value = isCurvature
        ? weight * load<f64>(hessian + ((i * <usize>(dimension + 1)) << 3))
        : own * load<f64>(gradient + (i << 3));
      store<f64>(at, load<f64>(at) + value);
      continue;
    }
    const row = (i * <usize>dimension) << 3;
    if (isCurvature) addScaled(gram + row, weight, hessian + row, dimension);
    else addScaled(gram + row, own, gradient, dimension);
  }
}
