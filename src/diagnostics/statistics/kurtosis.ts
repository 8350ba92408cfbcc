import type { LocalApproximation } from "../../estimation/local-approximation.ts";
import { dot, multiplyVector } from "../../linalg/matrix.ts";
import type { Model } from "../../models/model.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { visitRowGradients } from "../../rows/custom-sums.ts";
import { type VisitedRow, visitRows } from "../../rows/visit-rows.ts";

const numDirections = 8;
const maxRows = 20_000;

/** Largest excess kurtosis of one row's gradient along random directions, on the scale of the posterior. */
export async function largestExcessKurtosis({
  workspace,
  sample,
  mode,
  laplaceFactor,
}: LocalApproximation): Promise<number> {
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
  if (sample.custom) {
    const rows = sample.custom.subset ?? Uint32Array.from({ length: sample.rows.numRows }, (_, n) => n);
    await visitRowGradients(workspace, sample, mode, rows, (gradient) => {
      directions.forEach((direction, i) => {
        add(i, dot(gradient, direction));
      });
    });
  } else visitAlong(sample, mode, directions, add);
  return Math.max(...sums.map(excessKurtosis));
}

/** Calls `add` with each row's gradient along each direction. */
function visitAlong(
  sample: Model,
  mode: Float64Array,
  directions: readonly Float64Array[],
  add: (direction: number, value: number) => void,
): void {
  const { rows, family, auxiliaries, numPredictors, hasReference } = sample;
  const slopes = new Float64Array(numPredictors);
  const along = new Float64Array(numPredictors);
  const visit = (row: VisitedRow) => {
    const { eta, tau, y, weight } = row;
    family.slopesInto(slopes, eta, tau, y, hasReference);
    const others = auxiliaries.map(({ index }) => family.auxiliarySlope(index, eta, tau, y));
    directions.forEach((direction, i) => {
      row.alongInto(along, direction);
      let value = 0;
      for (let k = 0; k < numPredictors; k++) value += slopes[k] * along[k];
      others.forEach((slope, k) => {
        value += slope * direction[numPredictors * rows.numColumns + k];
      });
      add(i, weight * value);
    });
  };
  visitRows(sample, mode, visit, { step: Math.max(1, Math.floor(rows.numRows / maxRows)) });
}

/** From Σ 1, Σ v, …, Σ v⁴. */
function excessKurtosis([count, ...powers]: Float64Array): number {
  const [m1, m2, m3, m4] = powers.map((sum) => sum / count);
  const variance = m2 - m1 ** 2;
  return variance > 0 ? (m4 - 4 * m1 * m3 + 6 * m1 ** 2 * m2 - 3 * m1 ** 4) / variance ** 2 - 3 : 0;
}
