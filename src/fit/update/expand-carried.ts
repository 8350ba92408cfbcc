import { findMode } from "../../estimation/mode/mode.ts";
import { cholesky, choleskySolve, invertLower, invertPositiveDefinite } from "../../linalg/cholesky.ts";
import { congruence, type Matrix, multiply, multiplyVector, transpose } from "../../linalg/matrix.ts";
import { symmetricEigen } from "../../linalg/symmetric-eigen.ts";
import { withRecord } from "../../models/create-model.ts";
import type { Model } from "../../models/model.ts";
import type { Workspace } from "../../rows/workspace.ts";
import { expandOver } from "../../theory/third-order.ts";
import type { Carried } from "./update-types.ts";

const maxRounds = 8;
/** Rounds end where neither the mean nor an sd moves by so many sds of the law before. */
const settledBelow = 1e-3;
/** Where the third derivatives change a curvature by more than this, an expansion of third order says nothing. */
const leastCurvature = 0.2;

/** A model over new rows that has the rows before as a normal law. */
export interface ExpandedModel {
  readonly model: Model;
  /** Whether that law is the expansion where the posterior is now; else it is that of the fit before. */
  readonly isSettled: boolean;
}

/** Where a law is in the coordinates u of what is carried, θ = center + factor u. */
export function inCarried({ center, factor }: Carried, mean: ArrayLike<number>, covariance: Matrix) {
  const inverse = invertLower(factor);
  const offset = Float64Array.from(center, (value, j) => mean[j] - value);
  return { mean: multiplyVector(inverse, offset), covariance: congruence(inverse, covariance) };
}

/**
 * The law of the rows before where the posterior with the new rows is. That is expanded where it was, so it is expanded anew, with its
 * third derivatives, over the law that it makes with the new rows, until that stays where it is: a few passes over the new rows.
 * @param bare the model over the new rows alone
 */
export async function expandCarried(workspace: Workspace, bare: Model, carried: Carried): Promise<ExpandedModel> {
  const { center, factor, thirds, noise, expectedNoise } = carried;
  const inverse = invertLower(factor);
  const modelWith = (c: Float64Array, precision: Matrix) =>
    withRecord({ ...bare, shapedPriors: [], carried: { center: c, precision, noise, expectedNoise } });
  const plain = modelWith(center, multiply(transpose(inverse), inverse));
  if (!thirds) return { model: plain, isSettled: true };
  let model = plain;
  let mode = await findMode(workspace, model);
  let before: ReturnType<typeof inCarried> | undefined;
  for (let round = 0; round < maxRounds; round++) {
    const law = inCarried(carried, mode.position, invertPositiveDefinite(mode.precision));
    if (before && distance(before, law) < settledBelow) return { model, isSettled: true };
    before = law;
    const { gradient, curvature } = expandOver(thirds, law);
    if (!(symmetricEigen(curvature).values[0] >= leastCurvature)) return { model: plain, isSettled: false };
    const step = choleskySolve(cholesky(curvature), gradient);
    const moved = multiplyVector(
      factor,
      law.mean.map((value, j) => value - step[j]),
    );
    model = modelWith(
      center.map((value, j) => value + moved[j]),
      congruence(transpose(inverse), curvature),
    );
    mode = await findMode(workspace, model, mode.position);
  }
  return { model: plain, isSettled: false };
}

function distance(a: ReturnType<typeof inCarried>, b: ReturnType<typeof inCarried>): number {
  const size = a.mean.length;
  return Math.max(
    ...a.mean.map((value, j) => Math.abs(value - b.mean[j])),
    ...a.mean.map((_, j) => Math.abs(a.covariance.data[j * (size + 1)] - b.covariance.data[j * (size + 1)])),
  );
}
