import { nextTurn } from "../engine/next-turn.ts";
import { type Matrix, matrix, symmetricPart } from "../linalg/matrix.ts";
import { type CustomFunctions, unlessZeroDensity, ZeroDensityError } from "../models/custom-functions.ts";
import type { Model } from "../models/model.ts";
import type { Xoshiro } from "../rng/xoshiro.ts";
import { uniformBatch } from "./batches.ts";
import { gradientMoments } from "./gradient-moments.ts";
import type { LossSums, PassRequest, RowBatch, RowSums, Rows, RowTraits } from "./rows.ts";
import type { Workspace } from "./workspace.ts";

/** Rows whose gradients are held at once. */
const rowsAtOnce = 256;
/** Rows from whose gradients the steps of the differences are chosen. */
const rowsLookedAt = 256;

/**
 * Rows that a custom model's own functions know. `curvature` is the model's own Hessian, or central differences of its
 * gradient; of `squared-residual` there are the sums of gradients only: the Gram matrix is 0×0.
 */
export class CustomRows implements Rows {
  static readonly traits: RowTraits = {
    areInMemory: false,
    areDrawnByInfluence: false,
    mayBeBounded: true,
    haveLinearPredictors: false,
  };
  readonly traits = CustomRows.traits;

  /** @param rowsPerCall rows that one call of the model's function takes */
  constructor(
    private readonly workspace: Workspace,
    private readonly model: Model,
    private readonly functions: CustomFunctions,
    private readonly rowsPerCall = 8192,
  ) {}

  async pass(at: ArrayLike<number>, request: PassRequest): Promise<RowSums> {
    const position = Float64Array.from(at);
    const rows = this.chosen(request);
    const sums = await this.sumGradients(position, rows);
    const { gram, ...rest } = await this.withGram(sums, position, rows, request);
    this.workspace.afterPass?.();
    if (!request.isDiagonal) return { ...rest, gram };
    const diagonal = Float64Array.from({ length: gram.rows }, (_, j) => gram.data[j * (gram.rows + 1)]);
    return { ...rest, gram: matrix(0, 0), diagonal };
  }

  passes(): (positions: readonly ArrayLike<number>[]) => Promise<LossSums[]> {
    return async (positions) => {
      const results: LossSums[] = [];
      for (const position of positions) {
        const sums = await unlessZeroDensity(() => this.pass(position, { gram: "none" }));
        results.push(sums ?? { loss: Number.POSITIVE_INFINITY, gradient: new Float64Array(this.model.dimension) });
      }
      return results;
    };
  }

  async evaluate({ rows, weights }: RowBatch, position: Float64Array): Promise<Float64Array> {
    if (weights) throw new TypeError("The rows of a custom model are drawn uniformly.");
    await pause(this.workspace);
    this.workspace.counter.rowsVisited += rows.length;
    return (await this.functions.lossAndGradient(position, this.numbersOf(rows))).gradient;
  }

  async visitGradients(
    rows: Uint32Array,
    position: Float64Array,
    visit: (gradient: Float64Array) => void,
  ): Promise<void> {
    const { dimension } = this.model;
    const numbers = this.numbersOf(rows);
    for (let from = 0; from < numbers.length; from += rowsAtOnce) {
      await pause(this.workspace);
      const part = numbers.subarray(from, from + rowsAtOnce);
      const gradients = await this.functions.rowGradients(position, part);
      for (let k = 0; k < part.length; k++) visit(gradients.subarray(k * dimension, (k + 1) * dimension));
    }
    this.workspace.counter.rowsVisited += rows.length;
  }

  draw(count: number, random: Pick<Xoshiro, "uniform">): RowBatch {
    return uniformBatch(this.model.rows.numRows, count, random);
  }

  /** The model's own numbers of the rows. */
  private numbersOf(rows: Uint32Array): Uint32Array {
    const { subset } = this.functions;
    return subset ? rows.map((row) => subset[row]) : rows;
  }

  private chosen({ rowList, step = 1 }: PassRequest): Uint32Array {
    const total = rowList?.length ?? this.model.rows.numRows;
    return Uint32Array.from({ length: Math.ceil(total / step) }, (_, k) => (rowList ? rowList[k * step] : k * step));
  }

  private async withGram(
    sums: RowSums,
    position: Float64Array,
    rows: Uint32Array,
    request: PassRequest,
  ): Promise<RowSums> {
    switch (request.gram) {
      case "curvature":
        return { ...sums, gram: await this.sumHessians(position, rows, !request.rowList && (request.step ?? 1) === 1) };
      case "squared-gradient":
        return { ...sums, gram: await this.sumSquares(position, rows) };
      case "squared-residual":
        return { ...sums, gradient: await this.sumResiduals(sums, position, rows, request.center) };
      default:
        return sums;
    }
  }

  private async sumGradients(position: Float64Array, rows: Uint32Array): Promise<RowSums> {
    const numbers = this.numbersOf(rows);
    let loss = 0;
    const gradient = new Float64Array(this.model.dimension);
    for (let from = 0; from < numbers.length; from += this.rowsPerCall) {
      await pause(this.workspace);
      const part = numbers.subarray(from, from + this.rowsPerCall);
      const mean = await this.functions.lossAndGradient(position, part);
      loss += part.length * mean.loss;
      for (let j = 0; j < gradient.length; j++) gradient[j] += part.length * mean.gradient[j];
    }
    this.workspace.counter.rowsVisited += rows.length;
    return { count: rows.length, loss, gradient, gram: matrix(0, 0), diagonal: new Float64Array() };
  }

  private async sumSquares(position: Float64Array, rows: Uint32Array): Promise<Matrix> {
    const { dimension } = this.model;
    const sum = matrix(dimension, dimension);
    await this.visitGradients(rows, position, (gradient) => {
      for (let i = 0; i < dimension; i++)
        for (let j = 0; j <= i; j++) sum.data[i * dimension + j] += gradient[i] * gradient[j];
    });
    for (let i = 0; i < dimension; i++)
      for (let j = 0; j < i; j++) sum.data[j * dimension + i] = sum.data[i * dimension + j];
    return sum;
  }

  /** Σ r_n, the Hessian along θ − θ̂ by a central difference at a tenth of the way. */
  private async sumResiduals(
    { gradient }: RowSums,
    position: Float64Array,
    rows: Uint32Array,
    around: ArrayLike<number>,
  ): Promise<Float64Array> {
    const center = Float64Array.from(around);
    const along = (t: number) => center.map((value, j) => value + t * (position[j] - value));
    const start = await this.sumGradients(center, rows);
    const up = await this.sumGradients(along(0.1), rows);
    const down = await this.sumGradients(along(-0.1), rows);
    return gradient.map((value, j) => value - start.gradient[j] - (up.gradient[j] - down.gradient[j]) / 0.2);
  }

  /**
   * Σ ∇²ℓ_n by central differences, a tenth of a posterior sd to either side: near enough for the third derivative not to
   * matter, and far enough for gradients in single precision.
   */
  private async sumHessians(position: Float64Array, rows: Uint32Array, isAll: boolean): Promise<Matrix> {
    const { dimension, priorPrecision } = this.model;
    const { hessian: own, subset } = this.functions;
    // It is known of all rows together only.
    if (own && !subset && isAll) {
      const mean = await own(position);
      return symmetricPart(
        matrix(
          dimension,
          dimension,
          mean.map((value) => rows.length * value),
        ),
      );
    }
    const looked = rows.filter((_, k) => k % Math.max(1, Math.floor(rows.length / rowsLookedAt)) === 0);
    const { meanSquare } = await gradientMoments(this, looked, position);
    const hessian = matrix(dimension, dimension);
    for (let j = 0; j < dimension; j++) {
      const information = rows.length * meanSquare[j] + priorPrecision[j];
      const step = information > 0 ? 0.1 / Math.sqrt(information) : 1e-3 * Math.max(1, Math.abs(position[j]));
      const column = await derivativeAlong(j, step, position, (moved) => this.sumGradients(moved, rows));
      for (let i = 0; i < dimension; i++) hessian.data[i * dimension + j] = column[i];
      this.workspace.onProgress?.("measuring the curvature", (j + 1) / dimension);
    }
    return symmetricPart(hessian);
  }
}

const maxHalvings = 30;

/**
 * The derivative of a gradient along parameter j: a central difference, or, where the density is 0 on one side, that to the
 * other; where it is 0 on both, a shorter one.
 */
async function derivativeAlong(
  j: number,
  step: number,
  position: Float64Array,
  gradientAt: (position: Float64Array) => Promise<Pick<RowSums, "gradient">>,
): Promise<Float64Array> {
  for (let length = step; length > step * 0.5 ** maxHalvings; length /= 2) {
    const at = (by: number) =>
      unlessZeroDensity(() => gradientAt(position.map((value, i) => (i === j ? value + by : value))));
    const [up, down] = [await at(length), await at(-length)];
    if (!up && !down) continue;
    const [high, low] = [up ?? (await gradientAt(position)), down ?? (await gradientAt(position))];
    const width = up && down ? 2 * length : length;
    return high.gradient.map((value, i) => (value - low.gradient[i]) / width);
  }
  throw new ZeroDensityError();
}

let lastPause = 0;

/** Lets other events through now and then, and stops where the run was aborted. */
async function pause({ signal }: Workspace): Promise<void> {
  const now = performance.now();
  if (now - lastPause > 15) {
    await nextTurn();
    lastPause = performance.now();
  }
  signal?.throwIfAborted();
}
