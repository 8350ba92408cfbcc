import { PassOutput, Pass as Slot } from "../../../kernels/layout/pass.ts";
import { densePassScratchBytes, sparsePassScratchBytes } from "../../../kernels/layout/scratch.ts";
import type { KernelTask } from "../executor.ts";
import type { EngineMemory } from "../memory.ts";
import { type GroupSizes, groupScratchBytes } from "./group-record.ts";
import { gramCodes } from "./words.ts";

/** What the records of tasks need to know of a model in memory. */
export interface ModelInMemory {
  readonly memory: EngineMemory;
  /** Address of its record. */
  readonly address: number;
  /** M */
  readonly dimension: number;
  readonly numPredictors: number;
  readonly rows: { readonly numRows: number; readonly paddedColumns: number; readonly sparse?: object };
  /** Where rows are groups. */
  readonly groups?: GroupSizes;
}

/** The Gram matrix of a pass, or its diagonal alone, and what it takes beside θ. */
export type GramRequest =
  | {
      readonly gram: "none";
      readonly isDiagonal?: undefined;
      /** Products in single precision, where rows are dense and have one predictor: in half the time and less. */
      readonly isSingle?: boolean;
    }
  | { readonly gram: "curvature" | "squared-gradient"; readonly isDiagonal?: boolean }
  | {
      readonly gram: "squared-residual";
      /** θ̂, M */
      readonly center: ArrayLike<number>;
      readonly isDiagonal?: boolean;
    }
  | {
      readonly gram: "given";
      /** Address of N f32; with several predictors of N P, the lower triangle of a matrix for each row (P = K (K + 1)/2). */
      readonly rowValues: number;
      readonly isDiagonal?: boolean;
    };

/** Which rows a pass sums over: all, every `step`-th, or those listed (and of them every `step`-th). */
export interface RowChoice {
  readonly step?: number;
  readonly rowList?: ArrayLike<number>;
}

/** From one position in the order of the chosen rows to another. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/** Passes written once, to be run at one θ after the other. */
export interface PassRecords {
  readonly tasks: readonly KernelTask[];
  moveTo(position: ArrayLike<number>): void;
  /** Has the last task end there. */
  endAt(to: number): void;
  /** The sums of each task, as views of the memory. */
  sums(): readonly PassSums[];
}

/** What one task has summed up. */
export interface PassSums {
  readonly loss: number;
  readonly count: number;
  /** M */
  readonly gradient: Float64Array;
  /** M×M, or M where the diagonal alone was asked for; empty without a Gram matrix. */
  readonly gram: Float64Array;
}

/** f64 of a task's Gram matrix. */
export function gramLength({ dimension }: { readonly dimension: number }, { gram, isDiagonal }: GramRequest): number {
  return gram === "none" ? 0 : isDiagonal ? dimension : dimension ** 2;
}

/** Writes a task for each range; the caller releases the memory. */
export function writePassRecords(
  model: ModelInMemory,
  position: ArrayLike<number>,
  request: GramRequest & RowChoice,
  ranges: readonly RowRange[],
): PassRecords {
  const { memory, dimension } = model;
  const positionAddress = memory.putF64(position);
  const center = request.gram === "squared-residual" ? memory.putF64(request.center) : positionAddress;
  const rowList = request.rowList ? memory.putU32(request.rowList) : 0;
  const length = PassOutput.gradient / 8 + dimension + gramLength(model, request);
  const scratchBytes = passScratchBytes(model, request);
  const outputs: number[] = [];
  const tasks = ranges.map(({ from, to }): KernelTask => {
    const address = memory.allocateZeroed(Slot.slots * 8);
    const set = (slot: Slot, value: number) => memory.setU32(address, slot, value);
    const output = memory.allocateF64(length);
    outputs.push(output);
    set(Slot.model, model.address);
    set(Slot.position, positionAddress);
    set(Slot.center, center);
    set(Slot.gramKind, gramCodes[request.gram]);
    set(Slot.from, from);
    set(Slot.to, to);
    set(Slot.step, request.step ?? 1);
    set(Slot.rowList, rowList);
    set(Slot.rowValues, request.gram === "given" ? request.rowValues : 0);
    set(Slot.output, output);
    set(Slot.scratch, memory.allocate(scratchBytes));
    set(Slot.isDiagonal, Number(request.isDiagonal ?? false));
    set(Slot.isSingle, Number(request.gram === "none" && (request.isSingle ?? false)));
    return { kernel: "passRows", address, argument: 0, times: 1 };
  });
  return {
    tasks,
    moveTo: (theta) => memory.f64(positionAddress, dimension).set(theta),
    endAt: (to) => memory.setU32(tasks[tasks.length - 1].address, Slot.to, to),
    sums: () => outputs.map((output) => readSums(memory.f64(output, length), dimension)),
  };
}

function readSums(values: Float64Array, dimension: number): PassSums {
  const gradient = PassOutput.gradient / 8;
  return {
    loss: values[PassOutput.loss / 8],
    count: values[PassOutput.count / 8],
    gradient: values.subarray(gradient, gradient + dimension),
    gram: values.subarray(gradient + dimension),
  };
}

function passScratchBytes(model: ModelInMemory, { gram, isDiagonal = false }: GramRequest): number {
  const { numPredictors, rows, groups } = model;
  if (groups) return groupScratchBytes(groups, model.dimension, 2);
  const bytes = rows.sparse ? sparsePassScratchBytes : densePassScratchBytes;
  return bytes(rows.paddedColumns, numPredictors, gram !== "none", isDiagonal);
}
