import { Model as Slot } from "../../../kernels/layout/model.ts";
import type { EngineMemory } from "../memory.ts";
import type { RowStorage } from "./row-view.ts";
import { type ShapedPriorRecord, writeShapedPriorRecords } from "./shaped-prior-record.ts";
import { familyCodes } from "./words.ts";

/** Rows in the engine's memory. */
export interface RowBlock extends RowStorage {
  /** D rounded up to a multiple of 8; of sparse rows above D. */
  readonly paddedColumns: number;
  readonly hasOffset: boolean;
  readonly hasWeights: boolean;
  /** Rows that these stand for, among which priors are shared out; as many as there are where left out. */
  readonly wholeRows?: number;
}

/** How a row's loss depends on its linear predictors: several of them without auxiliary parameters, or one with up to two. */
export type LikelihoodRecord =
  | { readonly kind: "classes"; readonly numPredictors: number; readonly hasReference: boolean }
  | {
      readonly kind: "one predictor";
      /** How many auxiliary parameters end θ, and the index in τ of the first of them. */
      readonly numAuxiliaries: number;
      readonly firstAuxiliary: number;
      /** τ of those that are fixed. */
      readonly fixedTau: readonly [number, number];
    };

/** A model's rows, likelihood and priors, as the kernels read them. */
export interface ModelRecord {
  readonly rows: RowBlock;
  /** A name of `familyCodes`. */
  readonly family: string;
  readonly likelihood: LikelihoodRecord;
  /** M: the normal priors' precision; 0 where the prior is not normal. */
  readonly priorPrecision: ArrayLike<number>;
  /** M */
  readonly priorMean: ArrayLike<number>;
  readonly shapedPriors: readonly ShapedPriorRecord[];
  /** Address of the entries (alias-table.ts) by which rows are drawn; uniformly where left out. */
  readonly aliasTable?: number;
  /** Address of the record of groups (group-record.ts), where the rows are those. */
  readonly groups?: number;
}

/** Writes the record and all that it points to; returns its address. */
export function writeModelRecord(memory: EngineMemory, record: ModelRecord): number {
  const { rows, likelihood, shapedPriors } = record;
  const address = memory.allocateZeroed(Slot.slots * 8);
  const set = (slot: Slot, value: number) => memory.setU32(address, slot, value);
  set(rows.sparse ? Slot.rowStarts : Slot.rows, rows.address);
  if (rows.sparse) set(Slot.shift, rows.sparse.shift);
  set(Slot.numRows, rows.numRows);
  set(Slot.wholeRows, rows.wholeRows ?? rows.numRows);
  set(Slot.numColumns, rows.numColumns);
  set(Slot.paddedColumns, rows.paddedColumns);
  set(Slot.stride, rows.stride);
  set(Slot.hasOffset, Number(rows.hasOffset));
  set(Slot.hasWeights, Number(rows.hasWeights));
  set(Slot.family, familyCodes[record.family]);
  if (likelihood.kind === "classes") {
    set(Slot.numPredictors, likelihood.numPredictors);
    set(Slot.hasReference, Number(likelihood.hasReference));
  } else {
    set(Slot.numPredictors, 1);
    set(Slot.auxiliary, likelihood.numAuxiliaries);
    set(Slot.firstAuxiliary, likelihood.firstAuxiliary);
    memory.setF64(address, Slot.fixedAuxiliary, likelihood.fixedTau[0]);
    memory.setF64(address, Slot.secondFixedAuxiliary, likelihood.fixedTau[1]);
  }
  set(Slot.priorPrecision, memory.putF64(record.priorPrecision));
  set(Slot.priorMean, memory.putF64(record.priorMean));
  set(Slot.shapedPriors, writeShapedPriorRecords(memory, shapedPriors));
  set(Slot.numShapedPriors, shapedPriors.length);
  set(Slot.aliasTable, record.aliasTable ?? 0);
  set(Slot.groups, record.groups ?? 0);
  return address;
}
