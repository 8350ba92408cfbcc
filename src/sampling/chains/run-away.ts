import { type LocalApproximation, posteriorSds } from "../../estimation/local-approximation.ts";
import type { Sampler } from "../sampler.ts";

/** Chains that left the posterior altogether, or whose positions are no numbers any more. */
export class RunAwayError extends Error {
  override name = "RunAwayError";
  /** @param step the step they were run with, in words, such as "--damping 0.5" */
  constructor(sampler: string, step: string | null, remedy = "use --sampler auto, or a tighter --prior") {
    super(
      `The chains of ${sampler} run away from the posterior${step ? ` with ${step}` : ""}: far from the mode the noise of their steps grows faster than the pull back; ${remedy}.`,
    );
  }
}

/** No draw of a posterior is so many sds of its normal approximation away. */
const farthest = 1e4;

/**
 * Whether a run left the posterior: a position, a mean or a covariance that is no finite number, or, for samplers that stay around
 * the mode, one beyond any distance that makes sense.
 * @param arrays positions, or means of positions, row by row
 */
export function haveLeftPosterior(
  local: LocalApproximation,
  arrays: readonly (Float64Array | Float32Array)[],
  staysNearMode = false,
): boolean {
  const { mode } = local;
  const limits = staysNearMode ? posteriorSds(local).map((sd) => farthest * sd) : mode.map(() => Number.MAX_VALUE);
  return !arrays.every((values) => {
    for (let k = 0, j = 0; k < values.length; k++, j = j + 1 === mode.length ? 0 : j + 1) {
      // Not ">": what is no number is not near.
      if (!(Math.abs(values[k] - mode[j]) <= limits[j])) return false;
    }
    return true;
  });
}

/** Times that a step is halved before a sampler is given up. */
export const maxStepHalvings = 4;

/** Which setting says how long a sampler's steps are; null where nothing does. */
export function stepSetting(sampler: Sampler, { curvature }: LocalApproximation): "damping" | "learningRate" | null {
  if (curvature === "low-rank") return "learningRate";
  if (sampler.tuning.includes("damping")) return "damping";
  return sampler.tuning.includes("learningRate") ? "learningRate" : null;
}
