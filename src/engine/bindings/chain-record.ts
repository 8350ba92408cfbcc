import { Chain as Slot } from "../../../kernels/layout/chain.ts";
import { chainScratchBytes } from "../../../kernels/layout/scratch.ts";
import type { EngineMemory } from "../memory.ts";
import type { ChainGradient, FallingRateRecord, LowRankStep, Motion, StepMatrix } from "./chain-types.ts";
import { groupScratchBytes } from "./group-record.ts";
import type { ModelInMemory } from "./pass-record.ts";
import { gradientCodes, matrixCodes, noiseCodes } from "./words.ts";

/** The update of one chain, θ ← θ − pull (θ − θ̂) − H ĝ + R z, and what it is to leave behind. */
interface ChainRecordBase {
  /** S; 0 where ĝ needs no rows. */
  readonly batchSize: number;
  /** θ where the chain starts, and θ̂; M each. */
  readonly position: ArrayLike<number>;
  readonly center: ArrayLike<number>;
  readonly pull: number;
  /** H */
  readonly step: StepMatrix;
  /** R, lower triangular where it is dense. */
  readonly noise: StepMatrix;
  /** What H and R have beside a diagonal. */
  readonly lowRank?: LowRankStep;
  /** 16 words of the stream that rows are drawn by, or the row from which on they follow one another. */
  readonly rows: Uint32Array | { readonly first: number };
  /** 16 words. */
  readonly noiseStream: Uint32Array;
  readonly burnInSteps: number;
  readonly draws: number;
  /** Steps from one draw to the next; not read where `intervalEnds` is given. */
  readonly stepsPerDraw: number;
  /** Steps after the burn-in at which each of the draws is made. */
  readonly intervalEnds?: ArrayLike<number>;
  readonly momentEvery: number;
  readonly keeps: ChainKeeps;
}

/** What a chain keeps: θ at the ends of intervals and its means over them (how many there is room for), second moments. */
interface ChainKeeps {
  readonly draws?: number;
  readonly means?: number;
  readonly moments?: boolean;
}

export type ChainRecord = ChainRecordBase &
  ChainGradient &
  Motion<{ readonly keep: number /** M */; readonly start: ArrayLike<number> }>;

/** Writes the record and all that it points to; returns its address. */
export function writeChainRecord(model: ModelInMemory, record: ChainRecord): number {
  const { memory, dimension, numPredictors, rows } = model;
  const address = memory.allocateZeroed(Slot.slots * 8);
  const set = (slot: Slot, value: number) => memory.setU32(address, slot, value);
  set(Slot.model, model.address);
  set(Slot.position, memory.putF64(record.position));
  set(Slot.center, memory.putF64(record.center));
  set(Slot.gradient, gradientCodes[record.gradient]);
  set(Slot.batchSize, record.batchSize);
  writeRows(memory, address, record.rows);
  writeStep(memory, address, record);
  set(Slot.noiseStream, memory.putU32(record.noiseStream));
  set(Slot.burnInSteps, record.burnInSteps);
  set(Slot.numDraws, record.draws);
  set(Slot.stepsPerDraw, record.stepsPerDraw);
  set(Slot.momentEvery, record.momentEvery);
  if (record.intervalEnds) set(Slot.intervalEnds, memory.putU32(record.intervalEnds));
  writeOutputs(memory, address, record, dimension);
  writeMotion(memory, address, record, dimension);
  writeNoiseEstimate(memory, address, record, dimension);
  set(Slot.scratch, memory.allocateZeroed(chainScratchBytes(rows.paddedColumns, numPredictors)));
  if (model.groups) set(Slot.groupScratch, memory.allocate(groupScratchBytes(model.groups, dimension, 2)));
  return address;
}

function writeRows(memory: EngineMemory, address: number, rows: ChainRecord["rows"]): void {
  const isStream = rows instanceof Uint32Array;
  memory.setU32(address, Slot.rowStream, memory.putU32(isStream ? rows : [rows.first]));
  memory.setU32(address, Slot.isSequential, Number(!isStream));
}

function writeStep(memory: EngineMemory, address: number, { pull, step, noise, lowRank }: ChainRecord): void {
  const putMatrix = (kindSlot: Slot, slot: Slot, value: StepMatrix) => {
    memory.setU32(address, kindSlot, matrixCodes[value.kind]);
    if (value.kind !== "none") memory.setU32(address, slot, memory.putF64(entriesOf(value)));
  };
  memory.setF64(address, Slot.pull, pull);
  putMatrix(Slot.stepKind, Slot.step, step);
  putMatrix(Slot.noiseKind, Slot.noise, noise);
  if (!lowRank) return;
  memory.setU32(address, Slot.lowRank, lowRank.directions);
  memory.setU32(address, Slot.rank, lowRank.rank);
  memory.setF64(address, Slot.lowRankStep, lowRank.step);
  memory.setF64(address, Slot.lowRankNoise, lowRank.noise);
}

function entriesOf(value: Exclude<StepMatrix, { kind: "none" }>): ArrayLike<number> {
  if (value.kind === "scalar") return [value.value];
  return value.kind === "diagonal" ? value.values : value.matrix.data;
}

function writeOutputs(memory: EngineMemory, address: number, { keeps, draws }: ChainRecord, dimension: number): void {
  const set = (slot: Slot, length: number) => memory.setU32(address, slot, memory.allocateF64(length));
  if (keeps.draws !== undefined) set(Slot.draws, keeps.draws * dimension);
  if (keeps.means !== undefined) set(Slot.intervalMeans, keeps.means * dimension);
  if (keeps.moments) set(Slot.moments, dimension ** 2);
  set(Slot.intervalWeights, draws);
}

function writeMotion(memory: EngineMemory, address: number, record: ChainRecord, dimension: number): void {
  const set = (slot: Slot, value: number) => memory.setU32(address, slot, value);
  const { velocity, rate, averagesNoise, coupled, draws } = record;
  if (averagesNoise) set(Slot.previousNoise, memory.allocateF64(dimension));
  if (velocity) {
    set(Slot.velocity, memory.putF64(velocity.start));
    memory.setF64(address, Slot.velocityKeep, velocity.keep);
  }
  if (rate) writeRate(memory, address, rate);
  if (!coupled) return;
  set(Slot.coupled, memory.allocateF64(dimension));
  set(Slot.coupledDifferences, memory.allocateF64(draws * 2 * dimension));
}

function writeRate(memory: EngineMemory, address: number, { offset, exponent }: FallingRateRecord): void {
  memory.setF64(address, Slot.rateOffset, offset);
  memory.setF64(address, Slot.rateExponent, exponent);
}

function writeNoiseEstimate(
  memory: EngineMemory,
  address: number,
  { noiseEstimate }: ChainRecord,
  dimension: number,
): void {
  if (!noiseEstimate) return;
  const { kind, every, shape } = noiseEstimate;
  memory.setU32(address, Slot.noiseEstimate, noiseCodes[kind]);
  memory.setU32(address, Slot.noiseEvery, every);
  memory.setU32(address, Slot.noiseShape, matrixCodes[shape]);
  memory.setU32(address, Slot.noiseSums, memory.allocateF64(shape === "dense" ? dimension ** 2 : dimension));
}
