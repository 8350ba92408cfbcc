import { antitheticPoints } from "../../estimation/laplace-points.ts";
import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { scale } from "../../linalg/matrix.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import type { PrepareGradients } from "../../rows/full-gradients.ts";

/** Energies may differ by this much: a proposal's acceptance by a thousandth. */
const largestDifference = 1e-3;
const pairs = 4;
/** Of the points where energies are compared, over the posterior's sds: as far out as chains begin, and trajectories lead. */
const dispersion = 2;

/**
 * The gradients in single precision, in which products take half the time and less, where they tell the same of the posterior: where the
 * differences in energy between dispersed points and the mode are the same to within 0.001. Otherwise, and where there are no others,
 * those in double precision. The losses of the rows are summed in double precision either way, so that the number of rows matters
 * little; what makes a difference is columns that nearly cancel each other.
 */
export async function inSinglePrecision(
  { model, mode, laplaceFactor }: DenseApproximation,
  prepareLoss: PrepareGradients,
): Promise<PrepareGradients> {
  const { custom, groups, blocks, rows, numPredictors, memory } = model;
  if (custom || groups || blocks || rows.sparse || numPredictors > 1) return prepareLoss;
  const inSingle: PrepareGradients = (capacity) => prepareLoss(capacity, true);
  const random = createRandom(1, 0, 17);
  const factor = scale(laplaceFactor, dispersion);
  const points = [mode, ...antitheticPoints(mode, factor, pairs, () => random.normal())];
  const mark = memory.mark();
  const risesBy = async (prepare: PrepareGradients) => {
    const [atMode, ...elsewhere] = await prepare(points.length)(points);
    return elsewhere.map(({ loss }) => loss - atMode.loss);
  };
  try {
    const [exact, single] = [await risesBy(prepareLoss), await risesBy(inSingle)];
    // Not ">": a loss that overflows is not the same.
    return exact.every((rise, k) => Math.abs(single[k] - rise) <= largestDifference) ? inSingle : prepareLoss;
  } finally {
    memory.release(mark);
  }
}
