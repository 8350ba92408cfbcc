import { type Checkpoint, remembered } from "../checkpoint/checkpoint.ts";
import type { Model } from "../models/model.ts";
import type { LossSums, PassRequest, RowBatch, RowSums, Rows } from "./rows.ts";
import { workPerGroup } from "./work.ts";
import type { Workspace } from "./workspace.ts";

/** Multiply-adds of an evaluation from which on it is kept: a tenth of a second or so. */
const worthKeeping = 1e8;

/**
 * Other rows' sums, kept in the run's checkpoint and taken from there where they are known. The rows' own workspace has no
 * `afterPass`, which is called here.
 */
export class RememberedRows implements Rows {
  readonly byInfluence: Rows["byInfluence"];

  constructor(
    private readonly rows: Rows,
    private readonly checkpoint: Checkpoint,
    private readonly workspace: Workspace,
    private readonly model: Model,
  ) {
    this.byInfluence = rows.byInfluence?.bind(rows);
  }

  get traits() {
    return this.rows.traits;
  }

  async pass(position: ArrayLike<number>, request: PassRequest): Promise<RowSums> {
    const from = [Float64Array.from(position), request];
    const sums = await this.#remembered("pass", from, () => this.rows.pass(position, request));
    this.workspace.afterPass?.();
    return sums;
  }

  passes(capacity: number, isSingle = false): (positions: readonly ArrayLike<number>[]) => Promise<LossSums[]> {
    const evaluate = this.rows.passes(capacity, isSingle);
    if (this.#work() < worthKeeping) return evaluate;
    return (positions) => {
      const from = [isSingle, ...positions.map((position) => Float64Array.from(position))];
      return this.#remembered("passes", from, () => evaluate(positions));
    };
  }

  evaluate(batch: RowBatch, position: Float64Array): Promise<Float64Array> {
    return this.rows.evaluate(batch, position);
  }

  visitGradients(rows: Uint32Array, position: Float64Array, visit: (gradient: Float64Array) => void): Promise<void> {
    return this.rows.visitGradients(rows, position, visit);
  }

  draw(...asked: Parameters<Rows["draw"]>): RowBatch {
    return this.rows.draw(...asked);
  }

  async #remembered<Sums>(kind: string, from: readonly unknown[], compute: () => Promise<Sums>): Promise<Sums> {
    const { checkpoint, workspace, model } = this;
    const { counter } = workspace;
    let isNew = false;
    const { sums, visited } = await remembered(checkpoint, kind, [model.rows.numRows, ...from], async () => {
      isNew = true;
      const before = counter.rowsVisited;
      return { sums: await compute(), visited: counter.rowsVisited - before };
    });
    // Reported as if they had been read now, so that the result does not tell of the interruption.
    if (!isNew) counter.rowsVisited += visited;
    return sums;
  }

  #work(): number {
    const { groups, rows, numPredictors } = this.model;
    return rows.numRows * (groups ? workPerGroup(this.model) : numPredictors * rows.paddedColumns);
  }
}
