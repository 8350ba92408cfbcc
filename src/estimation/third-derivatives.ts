import { type Matrix, matrix, multiply, transpose } from "../linalg/matrix.ts";
import { priorCurvature } from "../models/prior-terms.ts";
import { rowsOf } from "../rows/rows-of.ts";
import { type SymmetricTensor, symmetricTensor, symmetrised } from "../theory/third-order.ts";
import type { DenseApproximation } from "./local-approximation.ts";

/** M³ numbers are held, and 2 M matrices of all pairs are summed. */
export const mostThirds = 64;
/** Work (rows × M³) that the sums may take, and the fewest and the most rows they are over. */
const affordableWork = 1e8;
const sampleRows = { least: 2000, most: 25_000 };

/** Over how many sds the curvature is compared: about where the posterior is. */
const distance = 1;

/**
 * The third derivatives of −log p(θ | y) in u, θ = center + factor u, by differences of the curvature an sd to either side along each
 * axis: T_jkl = ½ (H_jk(u = e_l) − H_jk(u = −e_l)). The rows' part is summed over a sample of them.
 */
export async function thirdDerivatives(
  { workspace, model, sample, numRows }: Pick<DenseApproximation, "workspace" | "model" | "sample" | "numRows">,
  center: Float64Array,
  factor: Matrix,
): Promise<SymmetricTensor> {
  const size = center.length;
  const most = Math.min(sampleRows.most, Math.max(sampleRows.least, affordableWork / size ** 3));
  const step = Math.max(1, Math.floor(sample.rows.numRows / most));
  const rows = rowsOf(workspace, sample);
  const tensor = symmetricTensor(size);
  for (let l = 0; l < size; l++) {
    const at = (sign: number) => center.map((value, j) => value + sign * distance * factor.data[j * size + l]);
    const [above, below] = [at(1), at(-1)];
    const sums = [
      await rows.pass(above, { gram: "curvature", step }),
      await rows.pass(below, { gram: "curvature", step }),
    ];
    const scale = numRows / sums[0].count;
    const change = matrix(size, size);
    for (let k = 0; k < size * size; k++) change.data[k] = scale * (sums[0].gram.data[k] - sums[1].gram.data[k]);
    const priors = [priorCurvature(model, above), priorCurvature(model, below)];
    for (let j = 0; j < size; j++) change.data[j * (size + 1)] += priors[0][j] - priors[1][j];
    const whitened = multiply(multiply(transpose(factor), change), factor).data;
    for (let at = 0; at < size * size; at++) tensor.data[at * size + l] = whitened[at] / (2 * distance);
  }
  return symmetrised(tensor);
}
