import { requireFit } from "../prediction/predictive-fit.ts";
import type { Posterior, PosteriorData } from "./posterior.ts";
import { posteriorOf } from "./posterior-methods.ts";
import { type NewRows, sourceOf } from "./predict.ts";
import { updateHere } from "./update/update-here.ts";
import type { UpdateOptions } from "./update/update-types.ts";

/** A fit, a saved fit, or a copy of one, with new rows added, on the calling thread. @throws as `updateWithEngine` */
export async function update(fit: PosteriorData, rows: NewRows, options: UpdateOptions = {}): Promise<Posterior> {
  requireFit(fit);
  return posteriorOf(await updateHere(fit, sourceOf(fit, rows), options));
}
