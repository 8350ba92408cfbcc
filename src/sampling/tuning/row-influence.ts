import { aliasTableBytes, rowsByAlias, writeAliasTable } from "../../engine/bindings/alias-table.ts";
import { antitheticPoints } from "../../estimation/laplace-points.ts";
import type { LocalApproximation } from "../../estimation/local-approximation.ts";
import { covarianceOf, influence } from "../../estimation/noise-covariance.ts";
import { add, type Matrix, matrix } from "../../linalg/matrix.ts";
import { type Model, withAliasTable } from "../../models/model.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { sumRows } from "../../rows/row-sums.ts";

/** The share of the draws that goes to all rows alike, so that no row's weight exceeds 1/uniformShare. */
const uniformFraction = 0.1;
const maxListedRows = 20_000;
const numPairs = 4;

/**
 * The model with its rows drawn by influence: p_n = 0.9 q_n/Σq + 0.1/N, q_n the typical size of the row's
 * control-variate term over N(θ̂, P) (kernels/layout/pass.ts, Influence). With uniform rows a few influential ones dominate
 * the noise. The alias table stays in memory until the caller releases it.
 */
export async function drawRowsByInfluence(local: LocalApproximation): Promise<Model> {
  const { model, numRows, workspace, mode, laplaceFactor, laplaceCovariance } = local;
  const law = { factor: laplaceFactor, covariance: laplaceCovariance };
  const { memory } = model;
  const table = memory.allocate(aliasTableBytes(numRows));
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
export async function controlVariateNoise(local: LocalApproximation, weighted: Model, seed: number): Promise<Matrix> {
  const { numRows, workspace, mode, laplaceFactor } = local;
  const random = createRandom(seed, 0, 5);
  const rowList = drawRows(weighted, Math.min(maxListedRows, 4 * numRows), random);
  const dimension = mode.length;
  let total = matrix(dimension, dimension);
  for (const position of antitheticPoints(mode, laplaceFactor, numPairs, () => random.normal())) {
    const request = { position, center: mode, gram: "squared-residual" as const, rowList };
    const ofOneRow = covarianceOf(await sumRows(workspace, weighted, request));
    total = add(total, ofOneRow, 1, numRows ** 2 / (2 * numPairs));
  }
  return total;
}

/** Rows drawn with replacement by the alias table of `model`. */
export function drawRows(model: Model, count: number, random: ReturnType<typeof createRandom>): Uint32Array {
  const draw = rowsByAlias(model.memory, model.aliasTable!, model.rows.numRows);
  return Uint32Array.from({ length: count }, () => draw(random));
}
