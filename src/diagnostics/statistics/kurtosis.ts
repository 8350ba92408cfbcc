import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { dot, multiplyVector } from "../../linalg/matrix.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { rowsOf } from "../../rows/rows-of.ts";

const numDirections = 8;
const maxRows = 20_000;

/** Largest excess kurtosis of one row's gradient along random directions, on the scale of the posterior. */
export async function largestExcessKurtosis({
  workspace,
  sample,
  mode,
  laplaceFactor,
}: DenseApproximation): Promise<number> {
  const random = createRandom(1, 0, 6);
  const directions = Array.from({ length: numDirections }, () =>
    multiplyVector(
      laplaceFactor,
      mode.map(() => random.normal()),
    ),
  );
  const sums = directions.map(() => new Float64Array(5));
  const add = (i: number, value: number) => {
    for (let power = 0, term = 1; power < 5; power++, term *= value) sums[i][power] += term;
  };
  const step = Math.max(1, Math.floor(sample.rows.numRows / maxRows));
  const rows = Uint32Array.from({ length: Math.ceil(sample.rows.numRows / step) }, (_, k) => k * step);
  await rowsOf(workspace, sample).visitGradients(rows, mode, (gradient) => {
    directions.forEach((direction, i) => {
      add(i, dot(gradient, direction));
    });
  });
  return Math.max(...sums.map(excessKurtosis));
}

/** From Σ 1, Σ v, …, Σ v⁴. */
function excessKurtosis([count, ...powers]: Float64Array): number {
  const [m1, m2, m3, m4] = powers.map((sum) => sum / count);
  const variance = m2 - m1 ** 2;
  return variance > 0 ? (m4 - 4 * m1 * m3 + 6 * m1 ** 2 * m2 - 3 * m1 ** 4) / variance ** 2 - 3 : 0;
}
