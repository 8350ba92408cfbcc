// The kernel crossedRows in plain TypeScript, with the losses of src/families.
import { CrossedFactorRecord, CrossedPass } from "../../../kernels/layout/crossed.ts";
import { families } from "../../families/families.ts";
import { familyCodes } from "../bindings/words.ts";
import type { EngineMemory } from "../memory.ts";

export function crossedRowsReference(memory: EngineMemory, record: number): void {
  const slot = (at: CrossedPass) => memory.getU32(record, at);
  const [to, stride, numFixed, numUnknowns] = [
    slot(CrossedPass.to),
    slot(CrossedPass.stride),
    slot(CrossedPass.numFixed),
    slot(CrossedPass.numUnknowns),
  ];
  const array = (at: CrossedPass) => (slot(at) ? memory.f64(slot(at), to) : undefined);
  const [target, weight, offset] = [CrossedPass.target, CrossedPass.weight, CrossedPass.offset].map(array);
  const x = memory.f32(slot(CrossedPass.rows), to * stride);
  const unknowns = memory.f64(slot(CrossedPass.unknowns), numUnknowns);
  const gradient = slot(CrossedPass.gradient) ? memory.f64(slot(CrossedPass.gradient), numUnknowns).fill(0) : undefined;
  const { row: rowLoss } = Object.values(families).find(({ name }) => familyCodes[name] === slot(CrossedPass.family))!;
  const tau = slot(CrossedPass.family) === familyCodes.gaussian ? [0] : tauOf(memory, record);
  const slopes = new Float64Array(3);
  let loss = 0;
  for (let row = slot(CrossedPass.from); row < to; row++) {
    const entries = entriesOf(memory, record, row, (column) => x[row * stride + column]);
    for (let d = 0; d < numFixed; d++) entries.push([slot(CrossedPass.fixedAt) + d, x[row * stride + d]]);
    const eta = entries.reduce((sum, [at, value]) => sum + unknowns[at] * value, offset ? offset[row] : 0);
    memory.f64(slot(CrossedPass.eta), to)[row] = eta;
    const own = weight ? weight[row] : 1;
    if (slot(CrossedPass.wantsLoss)) loss += own * rowLoss!.loss(eta, tau, target![row]);
    rowLoss!.slopesInto(slopes, eta, tau, target![row]);
    if (gradient) for (const [at, value] of entries) gradient[at] += own * slopes[0] * value;
  }
  memory.setF64(record, CrossedPass.loss, loss);
}

const tauOf = (memory: EngineMemory, record: number) =>
  [CrossedPass.tau, CrossedPass.secondTau].map((at) => memory.getF64(record, at));

/** The effects' unknowns in a row and what they are multiplied by. */
function entriesOf(memory: EngineMemory, record: number, row: number, x: (column: number) => number) {
  const entries: [number, number][] = [];
  for (let factor = 0; factor < memory.getU32(record, CrossedPass.numFactors); factor++) {
    const own = memory.getU32(record, CrossedPass.factors) + 8 * CrossedFactorRecord.slots * factor;
    const q = memory.getU32(own, CrossedFactorRecord.numEffects);
    const level = memory.u32(memory.getU32(own, CrossedFactorRecord.levels), row + 1)[row];
    const columns = memory.u32(memory.getU32(own, CrossedFactorRecord.effects), q);
    for (let c = 0; c < q; c++) {
      const column = columns[c] | 0;
      const value = column < 0 ? 1 : x(column);
      entries.push([memory.getU32(own, CrossedFactorRecord.firstUnknown) + level * q + c, value]);
    }
  }
  return entries;
}
