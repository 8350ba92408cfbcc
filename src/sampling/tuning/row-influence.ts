import { AliasEntry, Model as ModelSlot, Weights } from "../../../kernels/layout.ts";
import { antitheticPoints } from "../../estimation/laplace-points.ts";
import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { covarianceOf, influence } from "../../estimation/noise-covariance.ts";
import { add, type Matrix, matrix } from "../../linalg/matrix.ts";
import { type Model, withAliasTable } from "../../models/model.ts";
import { writeAliasTable } from "../../rng/alias-table.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { sumRows } from "../../rows/row-sums.ts";

/** The share of the draws that goes to all rows alike, so that no row's weight exceeds 1/uniformShare. */
const uniformFraction = 0.1;
const maxListedRows = 20_000;
const residualNoisePairs = 4;

/**
 * The model with its rows drawn by influence: p_n = 0.9 q_n/Σq + 0.1/N, q_n the typical size of the row's
 * control-variate term over N(θ̂, P) (kernels/layout.ts, Influence). With uniform rows a few influential ones dominate
 * the noise. The alias table stays in memory until the caller releases it.
 */
export async function drawRowsByInfluence(local: DenseApproximation): Promise<Model> {
  const { model, numRows, workspace, mode, laplaceFactor, laplaceCovariance } = local;
  const law = { factor: laplaceFactor, covariance: laplaceCovariance };
  const { memory } = model;
  const table = memory.allocate(numRows * AliasEntry.bytes);
  const mark = memory.mark();
  const values = memory.allocate(numRows * 4);
  await influence(workspace, model, mode, law, { influence: values });
  writeAliasTable(memory, table, memory.f32(values, numRows), uniformFraction);
  memory.release(mark);
  return withAliasTable(model, table);
}

/**
 * N² C̄_cv, M×M: covariance of N times the weighted control-variate residual of one row drawn by influence, averaged over
 * draws θ ~ N(θ̂, P) (antithetic pairs), from rows drawn as the chain draws them.
 */
export async function controlVariateNoise(local: DenseApproximation, weighted: Model, seed: number): Promise<Matrix> {
  const { numRows, workspace, mode, laplaceFactor } = local;
  const random = createRandom(seed, 0, 5);
  const rowList = drawRows(weighted, Math.min(maxListedRows, 4 * numRows), random);
  const dimension = mode.length;
  let total = matrix(dimension, dimension);
  for (const position of antitheticPoints(mode, laplaceFactor, residualNoisePairs, () => random.normal())) {
    const request = { position, center: mode, weights: Weights.squaredResidual, rowList };
    const ofOneRow = covarianceOf(await sumRows(workspace, weighted, request));
    total = add(total, ofOneRow, 1, numRows ** 2 / (2 * residualNoisePairs));
  }
  return total;
}

/** Rows drawn with replacement by the alias table of `model`. */
export function drawRows(model: Model, count: number, random: ReturnType<typeof createRandom>): Uint32Array {
  const { memory, rows } = model;
  const entries = rows.numRows * (AliasEntry.bytes / 4);
  const table = memory.u32(memory.getU32(model.address, ModelSlot.aliasTable), entries);
  return Uint32Array.from({ length: count }, () => {
    const row = Math.floor(random.uniform() * rows.numRows);
    const entry = row * 4;
    return random.uniform() * 2 ** 32 < table[entry] ? row : table[entry + 1];
  });
}
