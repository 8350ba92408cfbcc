import { aliasTableBytes, drawByAlias, writeAliasTable } from "../engine/bindings/alias-table.ts";
import { writeInfluenceRecords } from "../engine/bindings/influence-record.ts";
import { gramLength, type PassRecords, type PassSums, writePassRecords } from "../engine/bindings/pass-record.ts";
import { matrix } from "../linalg/matrix.ts";
import { withAliasTable } from "../models/create-model.ts";
import type { Model } from "../models/model.ts";
import type { Xoshiro } from "../rng/xoshiro.ts";
import { meanOfBatch, uniformBatch } from "./batches.ts";
import { type Partition, usualPartition } from "./partition.ts";
import type { LawAround, LossSums, PassRequest, RowBatch, RowSums, Rows, RowTraits } from "./rows.ts";
import { visitRows } from "./visit-rows.ts";
import { durationOfPass } from "./work.ts";
import type { Workspace } from "./workspace.ts";

/** Bytes that the tasks' Gram matrices, two for each, may take together. */
const maxGramBytes = 2 ** 28;

/** Rows in the engine's memory, read by the kernels on the executor's threads. */
export class KernelRows implements Rows {
  static readonly traits: RowTraits = {
    areInMemory: true,
    areDrawnByInfluence: true,
    mayBeBounded: false,
    haveLinearPredictors: true,
  };
  readonly traits: RowTraits = KernelRows.traits;

  constructor(
    protected readonly workspace: Workspace,
    protected readonly model: Model,
    private readonly partition: Partition = usualPartition,
  ) {
    if (model.blocks) throw new TypeError("Rows in blocks are read by BlockRows.");
  }

  async pass(position: ArrayLike<number>, request: PassRequest): Promise<RowSums> {
    const { workspace } = this;
    const { memory } = this.model;
    const mark = memory.mark();
    try {
      const { records, visited } = this.write(position, request);
      const duration = durationOfPass(this.model, request, visited);
      await workspace.executor.run(records.tasks, { signal: workspace.signal, duration });
      workspace.counter.rowsVisited += visited;
      workspace.afterPass?.();
      return addSums(this.model, request, records.sums());
    } finally {
      memory.release(mark);
    }
  }

  passes(capacity: number, isSingle = false): (positions: readonly ArrayLike<number>[]) => Promise<LossSums[]> {
    const { workspace, model } = this;
    const request = { gram: "none", isSingle } as const;
    const prepared = Array.from({ length: capacity }, () => this.write(new Float64Array(model.dimension), request));
    return async (positions) => {
      const used = prepared.slice(0, positions.length);
      used.forEach(({ records }, k) => {
        records.moveTo(positions[k]);
      });
      const tasks = used.flatMap(({ records }) => records.tasks);
      const duration = durationOfPass(model, request, model.rows.numRows, positions.length);
      await workspace.executor.run(tasks, { signal: workspace.signal, duration });
      return used.map(({ records, visited }) => {
        workspace.counter.rowsVisited += visited;
        return addSums(model, request, records.sums());
      });
    };
  }

  evaluate(batch: RowBatch, position: Float64Array): Promise<Float64Array> {
    this.workspace.counter.rowsVisited += batch.rows.length;
    return meanOfBatch(this, batch, position);
  }

  async visitGradients(
    numbers: Uint32Array,
    position: Float64Array,
    visit: (gradient: Float64Array) => void,
  ): Promise<void> {
    const { family, auxiliaries, numPredictors, hasReference, dimension, rows } = this.model;
    const slopes = new Float64Array(numPredictors);
    const gradient = new Float64Array(dimension);
    const take = ({ eta, tau, y, weight, addTo }: Parameters<Parameters<typeof visitRows>[2]>[0]) => {
      family.slopesInto(slopes, eta, tau, y, hasReference);
      gradient.fill(0);
      slopes.forEach((slope, k) => {
        addTo(gradient, k * rows.numColumns, weight * slope);
      });
      auxiliaries.forEach(({ index }, k) => {
        gradient[numPredictors * rows.numColumns + k] = weight * family.auxiliarySlope(index, eta, tau, y);
      });
      visit(gradient);
    };
    visitRows(this.model, position, take, { numbers });
  }

  draw(count: number, random: Pick<Xoshiro, "uniform">): RowBatch {
    const { memory, aliasTable, rows } = this.model;
    if (aliasTable !== undefined) return drawByAlias(memory, aliasTable, rows.numRows, count, random);
    return uniformBatch(rows.numRows, count, random);
  }

  /** The table stays in memory until the caller releases it. */
  async byInfluence(center: ArrayLike<number>, law: LawAround, uniformFraction: number): Promise<Model> {
    const { memory, rows } = this.model;
    const table = memory.allocate(aliasTableBytes(rows.numRows));
    const mark = memory.mark();
    const values = memory.allocate(rows.numRows * 4);
    await this.influence(center, law, { influence: values });
    writeAliasTable(memory, table, memory.f32(values, rows.numRows), uniformFraction);
    memory.release(mark);
    return withAliasTable(this.model, table);
  }

  /**
   * Leverage and influence of every row (kernels/layout/pass.ts, Influence), written to N f32 each at the addresses given; of
   * leverages with several predictors N P.
   */
  async influence(
    center: ArrayLike<number>,
    law: LawAround,
    wanted: { readonly leverage?: number; readonly influence?: number },
  ): Promise<void> {
    const { workspace, model } = this;
    const { memory, rows } = model;
    const mark = memory.mark();
    try {
      const ranges = this.partition(rows.numRows, Number.POSITIVE_INFINITY);
      const arrays = { factor: law.factor.data, covariance: law.covariance.data };
      const { tasks } = writeInfluenceRecords(model, { center, law: arrays, ...wanted }, ranges);
      await workspace.executor.run(tasks, { signal: workspace.signal });
      workspace.counter.rowsVisited += rows.numRows;
    } finally {
      memory.release(mark);
    }
  }

  private write(position: ArrayLike<number>, request: PassRequest): { records: PassRecords; visited: number } {
    const { model } = this;
    const { step = 1 } = request;
    const visited = Math.ceil((request.rowList?.length ?? model.rows.numRows) / step);
    const taskBytes = 16 * gramLength(model, request) + 64 * model.dimension;
    const ranges = this.partition(visited, Math.floor(maxGramBytes / taskBytes), step);
    return { records: writePassRecords(model, position, request, ranges), visited };
  }
}

/** The tasks' sums, added in the order of the rows. */
function addSums(model: Model, request: PassRequest, parts: readonly PassSums[]): RowSums {
  const total = new TotalOfSums(model, request);
  for (const part of parts) total.add(part);
  return total.sums();
}

/** Adds the sums of parts, in the order of the rows. */
export class TotalOfSums {
  private loss = 0;
  private count = 0;
  private readonly gradient: Float64Array<ArrayBuffer>;
  private readonly gram: Float64Array<ArrayBuffer>;

  constructor(
    private readonly model: Model,
    private readonly request: PassRequest,
  ) {
    this.gradient = new Float64Array(model.dimension);
    this.gram = new Float64Array(gramLength(model, request));
  }

  add(part: PassSums): void {
    const { gradient, gram } = this;
    this.loss += part.loss;
    this.count += part.count;
    for (let j = 0; j < gradient.length; j++) gradient[j] += part.gradient[j];
    for (let j = 0; j < gram.length; j++) gram[j] += part.gram[j];
  }

  sums(): RowSums {
    const { gram, count, loss, gradient } = this;
    const { dimension } = this.model;
    const hasMatrix = gram.length > 0 && !this.request.isDiagonal;
    return {
      count,
      loss,
      gradient,
      gram: hasMatrix ? matrix(dimension, dimension, gram) : matrix(0, 0),
      diagonal: hasMatrix ? new Float64Array() : gram,
    };
  }
}
