import {
  constantColumn,
  Factor as FactorSlot,
  GroupEntry,
  groupScratchLength,
  groupTaskBytes,
  maxEffects,
  maxIntervalNodes,
  Groups as Slot,
} from "../../../kernels/layout/groups.ts";
import type { EngineMemory } from "../memory.ts";

/** No more effects of one factor than these. */
export const maxEffectsOfFactor: number = maxEffects;

/** How the integral (2π)^(−q/2) ∫ exp(−F(v)) dv over q effects is had: Σ_k exp(logWeight_k − F(v(t_k))) |∂v/∂t|. */
export interface NodeRule {
  /** Nodes × q, those nearest to 0 first. */
  readonly nodes: Float64Array;
  readonly logWeights: Float64Array;
  /** Whether t from −1 to 1 stands for the interval in which the integrand counts, else t is in sds around its mode. Of one effect. */
  readonly isInterval: boolean;
}

/** The effects of one grouping factor, and the nodes by which they are integrated out. */
export interface FactorRecord {
  /** Of each effect the column of the rows that it multiplies; −1 for the number 1. */
  readonly columns: readonly number[];
  /** The sizes of the blocks of effects that correlate, in their order. */
  readonly blocks: readonly number[];
  readonly rule: NodeRule;
}

/** What the scratch memory of the work on groups depends on. */
export interface GroupSizes {
  readonly maxRows: number;
  readonly maxInner: number;
  /** Linear predictors a row. */
  readonly numPredictors: number;
  /** Coefficients, and the outer factor's parameters. */
  readonly width: number;
}

/** Groups of rows, as the kernels read them (kernels/layout/groups.ts). */
export interface GroupsRecord extends Pick<GroupSizes, "maxRows" | "maxInner"> {
  /** Address of the record of the model of the rows themselves. */
  readonly rows: number;
  /** Address of u32: the first row of each inner group, and after the last the number of rows. */
  readonly innerStarts: number;
  readonly outer?: FactorRecord;
  readonly inner: FactorRecord;
}

/** Variance parameters of a factor: of a block of q effects q (q + 1)/2. */
export function numVarianceParameters({ blocks }: Pick<FactorRecord, "blocks">): number {
  return blocks.reduce((sum, size) => sum + (size * (size + 1)) / 2, 0);
}

/** Writes the record and all that it points to; returns its address. */
export function writeGroupsRecord(memory: EngineMemory, record: GroupsRecord): number {
  const { outer, inner, maxRows, maxInner } = record;
  const address = memory.allocateZeroed(Slot.slots * 8);
  const set = (slot: Slot, value: number) => memory.setU32(address, slot, value);
  set(Slot.rows, record.rows);
  set(Slot.innerStarts, record.innerStarts);
  set(Slot.outer, outer ? writeFactor(memory, outer) : 0);
  set(Slot.inner, writeFactor(memory, inner));
  set(Slot.maxRows, maxRows);
  set(Slot.maxInner, maxInner);
  set(Slot.numParameters, (outer ? numVarianceParameters(outer) : 0) + numVarianceParameters(inner));
  return address;
}

function writeFactor(memory: EngineMemory, factor: FactorRecord): number {
  const { columns, blocks, rule } = factor;
  const { nodes, logWeights, isInterval } = rule;
  if (isInterval && logWeights.length >= maxIntervalNodes)
    throw new RangeError(`fewer than ${maxIntervalNodes} nodes at equal distances`);
  const size = columns.length;
  const address = memory.allocateZeroed(FactorSlot.slots * 8);
  const set = (slot: FactorSlot, value: number) => memory.setU32(address, slot, value);
  set(FactorSlot.numEffects, size);
  set(FactorSlot.columns, memory.putU32(columns.map((column) => (column < 0 ? constantColumn : column))));
  set(FactorSlot.numBlocks, blocks.length);
  set(FactorSlot.blockSizes, memory.putU32(blocks));
  set(FactorSlot.numParameters, numVarianceParameters(factor));
  set(FactorSlot.numNodes, logWeights.length);
  set(FactorSlot.isInterval, Number(isInterval));
  const entries = new Float64Array(logWeights.length * (size + 1));
  logWeights.forEach((logWeight, k) => {
    entries.set(nodes.subarray(k * size, (k + 1) * size), k * (size + 1));
    entries[k * (size + 1) + size] = logWeight;
  });
  set(FactorSlot.nodes, memory.putF64(entries));
  return address;
}

/** Bytes of scratch memory for a task that holds so many laws. */
export function groupScratchBytes(
  { maxRows, maxInner, numPredictors, width }: GroupSizes,
  dimension: number,
  numLaws: number,
): number {
  return groupTaskBytes(numLaws, dimension, groupScratchLength(maxRows, maxInner, width, dimension, numPredictors));
}

/** Groups of whole inner groups, each with how often it counts, as entries in memory; returns their address. */
export function writeGroupEntries(
  memory: EngineMemory,
  count: number,
  entryOf: (group: number) => { readonly first: number; readonly end: number; readonly weight: number },
): number {
  const address = memory.allocate(count * GroupEntry.bytes);
  const words = memory.u32(address, (count * GroupEntry.bytes) / 4);
  const floats = memory.f32(address, words.length);
  for (let group = 0; group < count; group++) {
    const { first, end, weight } = entryOf(group);
    const at = (group * GroupEntry.bytes) / 4;
    words[at + GroupEntry.first / 4] = first;
    words[at + GroupEntry.end / 4] = end;
    floats[at + GroupEntry.weight / 4] = weight;
  }
  return address;
}

/** Multiplies the weight of every entry by a factor. */
export function scaleGroupEntries(
  memory: EngineMemory,
  { address, numRows }: { readonly address: number; readonly numRows: number },
  factor: number,
): void {
  const perEntry = GroupEntry.bytes / 4;
  const floats = memory.f32(address, numRows * perEntry);
  for (let at = GroupEntry.weight / 4; at < floats.length; at += perEntry) floats[at] *= factor;
}

/** The entries of some of the groups at `address`, those of `numbers`, each with its weight times the factor given for it. */
export function copyGroupEntries(
  memory: EngineMemory,
  { address, numRows }: { readonly address: number; readonly numRows: number },
  numbers: ArrayLike<number>,
  factors?: ArrayLike<number>,
): number {
  const copy = memory.allocate(numbers.length * GroupEntry.bytes);
  const perEntry = GroupEntry.bytes / 4;
  const from = memory.u32(address, numRows * perEntry);
  const to = memory.u32(copy, numbers.length * perEntry);
  const weights = memory.f32(copy, to.length);
  for (let k = 0; k < numbers.length; k++) {
    to.set(from.subarray(numbers[k] * perEntry, (numbers[k] + 1) * perEntry), k * perEntry);
    if (factors) weights[k * perEntry + GroupEntry.weight / 4] *= factors[k];
  }
  return copy;
}
