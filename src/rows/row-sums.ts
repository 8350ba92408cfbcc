import { gramLength, type PassSums, writePassRecords } from "../engine/bindings/pass-record.ts";
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
  const { step = 1 } = request;
  const total = request.rowList?.length ?? model.rows.numRows;
  const visited = Math.ceil(total / step);
  const taskBytes = 16 * gramLength(model, request) + 64 * model.dimension;
  const affordable = Math.floor(maxGramBytes / taskBytes);
  const numTasks = Math.max(1, Math.min(maxTasks, affordable, Math.floor(visited / minRowsPerTask)));
  // Task boundaries fall on multiples of `step`, so that a strided pass visits the same rows however it is cut.
  const boundary = (task: number) => Math.min(total, Math.floor((visited * task) / numTasks) * step);
  const ranges = Array.from({ length: numTasks }, (_, task) => ({ from: boundary(task), to: boundary(task + 1) }));
  const { tasks, moveTo, sums } = writePassRecords(model, request.position, request, ranges);
  return { tasks, visited, moveTo, collect: () => add(model, request, sums()) };
}

/** Adds the tasks' sums in the order of the rows. */
function add(model: Model, request: RowSumsRequest, parts: readonly PassSums[]): RowSums {
  const { dimension } = model;
  const gradient = new Float64Array(dimension);
  const gram = new Float64Array(gramLength(model, request));
  let loss = 0;
  let count = 0;
  for (const part of parts) {
    loss += part.loss;
    count += part.count;
    for (let j = 0; j < dimension; j++) gradient[j] += part.gradient[j];
    for (let j = 0; j < gram.length; j++) gram[j] += part.gram[j];
  }
  const hasMatrix = gram.length > 0 && !request.isDiagonal;
  return {
    count,
    loss,
    gradient,
    gram: hasMatrix ? matrix(dimension, dimension, gram) : matrix(0, 0),
    diagonal: hasMatrix ? new Float64Array() : gram,
  };
}
