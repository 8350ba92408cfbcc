import { Pass, Weights } from "../../kernels/layout.ts";
import { passScratchBytes } from "../engine/bindings/scratch.ts";
import type { KernelTask } from "../engine/executor.ts";
import { matrix } from "../linalg/matrix.ts";
import type { Model } from "../models/model.ts";
import { sumCustomRows } from "./custom-sums.ts";
import type { RowSums, RowSumsRequest } from "./sums.ts";
import type { Workspace } from "./workspace.ts";

/** The rows are cut into this many tasks whatever the number of threads, so that sums are rounded alike everywhere. */
const maxTasks = 16;
const minRowsPerTask = 2048;
/** Bytes that the tasks' Gram matrices, two for each, may take together. */
const maxGramBytes = 2 ** 28;

/** A pass whose records stand in memory, to be run at one position after the other. */
export interface PreparedPass {
  readonly tasks: readonly KernelTask[];
  /** Rows that one run visits. */
  readonly visited: number;
  /** The next run is at θ. */
  moveTo(position: ArrayLike<number>): void;
  /** What the tasks have summed up. */
  collect(): RowSums;
}

/** One pass over the rows of `model`, spread over the executor's threads. */
export async function sumRows(workspace: Workspace, model: Model, request: RowSumsRequest): Promise<RowSums> {
  const sums = model.custom
    ? await sumCustomRows(workspace, model, request)
    : await sumWithKernels(workspace, model, request);
  workspace.afterPass?.();
  return sums;
}

async function sumWithKernels(workspace: Workspace, model: Model, request: RowSumsRequest): Promise<RowSums> {
  const mark = model.memory.mark();
  try {
    const pass = preparePass(model, request);
    await workspace.executor.run(pass.tasks, { signal: workspace.signal });
    workspace.counter.rowsVisited += pass.visited;
    return pass.collect();
  } finally {
    model.memory.release(mark);
  }
}

/** Writes the records of a pass; the caller releases the memory. */
export function preparePass(model: Model, request: RowSumsRequest): PreparedPass {
  const { memory, dimension } = model;
  const shared = writeShared(model, request);
  const step = request.step ?? 1;
  const total = request.rowList?.length ?? model.rows.numRows;
  const visited = Math.ceil(total / step);
  const { isDiagonal = false } = request;
  const gramLength = request.weights === Weights.none ? 0 : isDiagonal ? dimension : dimension ** 2;
  const taskBytes = 16 * gramLength + 64 * dimension;
  const affordable = Math.floor(maxGramBytes / taskBytes);
  const numTasks = Math.max(1, Math.min(maxTasks, affordable, Math.floor(visited / minRowsPerTask)));
  const { paddedColumns, sparse } = model.rows;
  const storage = sparse ? "sparse" : "dense";
  const scratchBytes = passScratchBytes(paddedColumns, model.outputs, request.weights, storage, isDiagonal);
  const outputs: number[] = [];
  const tasks: KernelTask[] = [];
  for (let task = 0; task < numTasks; task++) {
    // Task boundaries fall on multiples of `step`, so that a strided pass visits the same rows however it is cut.
    const from = Math.floor((visited * task) / numTasks) * step;
    const to = Math.min(total, Math.floor((visited * (task + 1)) / numTasks) * step);
    const address = memory.allocate(Pass.slots * 8);
    const output = memory.allocateF64(3 + 2 * dimension + gramLength);
    memory.u8(address, Pass.slots * 8).set(memory.u8(shared, Pass.slots * 8));
    memory.setU32(address, Pass.from, from);
    memory.setU32(address, Pass.to, to);
    memory.setU32(address, Pass.output, output);
    memory.setU32(address, Pass.scratch, memory.allocate(scratchBytes));
    outputs.push(output);
    tasks.push({ kernel: "passRows", address, argument: 0, times: 1 });
  }
  return {
    tasks,
    visited,
    moveTo: (position) => memory.f64(memory.getU32(shared, Pass.position), dimension).set(position),
    collect: () => collect(model, outputs, gramLength, isDiagonal),
  };
}

function writeShared(model: Model, request: RowSumsRequest): number {
  const { memory, dimension } = model;
  const address = memory.allocate(Pass.slots * 8);
  memory.u8(address, Pass.slots * 8).fill(0);
  const vector = (values: ArrayLike<number>) => {
    const at = memory.allocateF64(dimension);
    memory.f64(at, dimension).set(values);
    return at;
  };
  memory.setU32(address, Pass.model, model.address);
  memory.setU32(address, Pass.position, vector(request.position));
  memory.setU32(address, Pass.center, vector(request.center ?? request.position));
  memory.setU32(address, Pass.weights, request.weights);
  memory.setU32(address, Pass.step, request.step ?? 1);
  memory.setU32(address, Pass.isDiagonal, request.isDiagonal ? 1 : 0);
  memory.setU32(address, Pass.rowValues, request.rowValues ?? 0);
  let list = 0;
  if (request.rowList) {
    list = memory.allocate(request.rowList.length * 4);
    memory.u32(list, request.rowList.length).set(request.rowList);
  }
  memory.setU32(address, Pass.rowList, list);
  return address;
}

/** Adds the tasks' outputs in the order of the rows. */
function collect(
  { memory, dimension }: Model,
  outputs: readonly number[],
  gramLength: number,
  isDiagonal: boolean,
): RowSums {
  let loss = 0;
  let count = 0;
  const gradient = new Float64Array(dimension);
  const gram = gramLength && !isDiagonal ? matrix(dimension, dimension) : matrix(0, 0);
  const diagonal = new Float64Array(isDiagonal ? gramLength : 0);
  for (const output of outputs) {
    const values = memory.f64(output, 3 + 2 * dimension + gramLength);
    loss += values[0];
    count += values[2];
    for (let j = 0; j < dimension; j++) gradient[j] += values[3 + j];
    const offset = 3 + 2 * dimension;
    for (let j = 0; j < gram.data.length; j++) gram.data[j] += values[offset + j];
    for (let j = 0; j < diagonal.length; j++) diagonal[j] += values[offset + j];
  }
  return { count, loss, gradient, gram, diagonal };
}
