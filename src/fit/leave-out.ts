import type { KFold } from "../loo/k-fold-result.ts";
import { type FittedModel, type Loo, type LooOptions, looOf } from "../loo/loo.ts";
import { requireFit } from "../prediction/predictive-fit.ts";
import { fit as fitHere } from "./fit-inline.ts";
import { type KFoldOptions, kFoldOf } from "./k-fold/k-fold.ts";
import type { Posterior } from "./posterior.ts";
import { type NewRows, sourceOf } from "./predict.ts";

/**
 * Leave-one-out cross-validation of a fit or a saved fit.
 *
 * @param rows The rows that the fit was made of
 * @throws InputError where they are others, or an option cannot be used; the signal's reason when it is aborted
 */
export async function loo(fit: FittedModel, rows: NewRows, options: LooOptions = {}): Promise<Loo> {
  requireFit(fit);
  return looOf(fit, sourceOf(fit, rows), options);
}

/** K-fold cross-validation on the calling thread. @throws as `kFoldOf` */
export async function kFold(fit: Posterior, rows: NewRows, options: KFoldOptions = {}): Promise<KFold> {
  requireFit(fit);
  return kFoldOf(fit, sourceOf(fit, rows), options, fitHere);
}
