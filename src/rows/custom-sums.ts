import { nextTurn } from "../engine/next-turn.ts";
import { type Matrix, matrix, symmetricPart } from "../linalg/matrix.ts";
import { unlessZeroDensity, ZeroDensityError } from "../models/custom-functions.ts";
import type { Model } from "../models/model.ts";
import type { RowSums, RowSumsRequest } from "./sums.ts";
import type { Workspace } from "./workspace.ts";

/** Rows that one call of the model's function takes. */
const rowsPerCall = 8192;

/**
 * What `sumRows` gives, from the functions of a custom model. `curvature` is the model's own Hessian, or central differences
 * of its gradient; `squaredResidual` has the sums of gradients only: the Gram matrix is 0×0.
 */
export async function sumCustomRows(workspace: Workspace, model: Model, request: RowSumsRequest): Promise<RowSums> {
  const position = Float64Array.from(request.position);
  const rows = rowsOf(model, request);
  const sums = await sumGradients(workspace, model, position, rows);
  const { count } = sums;
  if (request.gram === "curvature") return { ...sums, gram: await sumHessians(workspace, model, position, rows) };
  if (request.gram === "squared-gradient") return { ...sums, gram: await sumSquares(workspace, model, position, rows) };
  if (request.gram !== "squared-residual") return { ...sums, gram: matrix(0, 0), diagonal: new Float64Array() };
  // The Hessian along θ − θ̂ by a central difference at a tenth of the way.
  const center = Float64Array.from(request.center);
  const along = (t: number) => center.map((value, j) => value + t * (position[j] - value));
  const [start, up, down] = [
    await sumGradients(workspace, model, center, rows),
    await sumGradients(workspace, model, along(0.1), rows),
    await sumGradients(workspace, model, along(-0.1), rows),
  ];
  const gradient = sums.gradient.map(
    (value, j) => value - start.gradient[j] - (up.gradient[j] - down.gradient[j]) / 0.2,
  );
  return { count, loss: sums.loss, gradient, gram: matrix(0, 0), diagonal: new Float64Array() };
}

function rowsOf({ rows, custom }: Model, { rowList, step = 1 }: RowSumsRequest): Uint32Array {
  const total = rowList?.length ?? rows.numRows;
  const local = Uint32Array.from({ length: Math.ceil(total / step) }, (_, k) =>
    rowList ? rowList[k * step] : k * step,
  );
  const { subset } = custom!;
  return subset ? local.map((n) => subset[n]) : local;
}

async function sumGradients(
  workspace: Workspace,
  { custom, dimension }: Model,
  position: Float64Array,
  rows: Uint32Array,
): Promise<RowSums> {
  let loss = 0;
  const gradient = new Float64Array(dimension);
  for (let from = 0; from < rows.length; from += rowsPerCall) {
    await pause(workspace);
    const part = rows.subarray(from, from + rowsPerCall);
    const mean = await custom!.lossAndGradient(position, part);
    loss += part.length * mean.loss;
    for (let j = 0; j < dimension; j++) gradient[j] += part.length * mean.gradient[j];
  }
  workspace.counter.rowsVisited += rows.length;
  return { count: rows.length, loss, gradient, gram: matrix(0, 0), diagonal: new Float64Array() };
}

/** Rows whose gradients are held at once. */
const rowsAtOnce = 256;

/** Calls `visit` with the gradient of each row. */
export async function visitRowGradients(
  workspace: Workspace,
  { custom, dimension }: Model,
  position: Float64Array,
  rows: Uint32Array,
  visit: (gradient: Float64Array) => void,
): Promise<void> {
  for (let from = 0; from < rows.length; from += rowsAtOnce) {
    await pause(workspace);
    const part = rows.subarray(from, from + rowsAtOnce);
    const gradients = await custom!.rowGradients(position, part);
    for (let k = 0; k < part.length; k++) visit(gradients.subarray(k * dimension, (k + 1) * dimension));
  }
  workspace.counter.rowsVisited += rows.length;
}

async function sumSquares(
  workspace: Workspace,
  model: Model,
  position: Float64Array,
  rows: Uint32Array,
): Promise<Matrix> {
  const { dimension } = model;
  const sum = matrix(dimension, dimension);
  await visitRowGradients(workspace, model, position, rows, (gradient) => {
    for (let i = 0; i < dimension; i++)
      for (let j = 0; j <= i; j++) sum.data[i * dimension + j] += gradient[i] * gradient[j];
  });
  for (let i = 0; i < dimension; i++)
    for (let j = 0; j < i; j++) sum.data[j * dimension + i] = sum.data[i * dimension + j];
  return sum;
}

/** Rows from whose gradients the steps of the differences are chosen. */
const rowsLookedAt = 256;

/**
 * Σ ∇²ℓ_n by central differences, a tenth of a posterior sd to either side: near enough for the third derivative not to
 * matter, and far enough for gradients in single precision.
 */
async function sumHessians(
  workspace: Workspace,
  model: Model,
  position: Float64Array,
  rows: Uint32Array,
): Promise<Matrix> {
  const { custom, dimension, priorPrecision } = model;
  if (custom!.hessian && !custom!.subset) {
    const mean = await custom!.hessian(position);
    return symmetricPart(
      matrix(
        dimension,
        dimension,
        mean.map((value) => rows.length * value),
      ),
    );
  }
  const squares = new Float64Array(dimension);
  const looked = rows.filter((_, k) => k % Math.max(1, Math.floor(rows.length / rowsLookedAt)) === 0);
  await visitRowGradients(workspace, model, position, looked, (gradient) => {
    gradient.forEach((value, j) => {
      squares[j] += value ** 2 / looked.length;
    });
  });
  const hessian = matrix(dimension, dimension);
  for (let j = 0; j < dimension; j++) {
    const information = rows.length * squares[j] + priorPrecision[j];
    const step = information > 0 ? 0.1 / Math.sqrt(information) : 1e-3 * Math.max(1, Math.abs(position[j]));
    const column = await derivativeAlong(j, step, position, (moved) => sumGradients(workspace, model, moved, rows));
    for (let i = 0; i < dimension; i++) hessian.data[i * dimension + j] = column[i];
    workspace.onProgress?.("measuring the curvature", (j + 1) / dimension);
  }
  return symmetricPart(hessian);
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
export async function pause({ signal }: Workspace): Promise<void> {
  const now = performance.now();
  if (now - lastPause > 15) {
    await nextTurn();
    lastPause = performance.now();
  }
  signal?.throwIfAborted();
}
