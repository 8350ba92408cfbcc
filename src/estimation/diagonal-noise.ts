import type { Model } from "../models/model.ts";
import type { Xoshiro } from "../rng/xoshiro.ts";
import { rowsOf } from "../rows/rows-of.ts";
import type { Workspace } from "../rows/workspace.ts";

/**
 * The diagonal of C(θ), the covariance of one row's gradient, M, from all rows or from `count` drawn with replacement: memory M, for models
 * whose M×M matrices would not fit. At the mode of a well-specified model it is near the diagonal of the data's part of A.
 */
export async function diagonalNoise(
  workspace: Workspace,
  model: Model,
  position: ArrayLike<number>,
  sample?: { readonly count: number; readonly random: Pick<Xoshiro, "uniform"> },
): Promise<Float64Array> {
  const { rows, dimension } = model;
  const { numRows } = rows;
  const count = sample?.count ?? numRows;
  const numbers = sample && Uint32Array.from({ length: count }, () => Math.floor(sample.random.uniform() * numRows));
  const reader = rowsOf(workspace, model);
  if (rows.sparse) {
    const request = { gram: "squared-gradient", isDiagonal: true, rowList: numbers } as const;
    const { gradient, diagonal } = await reader.pass(position, request);
    return diagonal.map((square, j) => square / count - (gradient[j] / count) ** 2);
  }
  const sums = new Float64Array(dimension);
  const squares = new Float64Array(dimension);
  const all = numbers ?? Uint32Array.from({ length: numRows }, (_, n) => n);
  await reader.visitGradients(all, Float64Array.from(position), (gradient) => {
    for (let j = 0; j < dimension; j++) {
      sums[j] += gradient[j];
      squares[j] += gradient[j] ** 2;
    }
  });
  return squares.map((square, j) => square / count - (sums[j] / count) ** 2);
}
