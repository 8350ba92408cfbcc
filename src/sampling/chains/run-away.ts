import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import type { ChainOutput, Sampler, SamplerOptions, SamplerSettings } from "../sampler.ts";

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
 */
export function hasRunAway(local: DenseApproximation, sampler: Sampler, output: ChainOutput): boolean {
  const { mode, laplaceCovariance } = local;
  const limits = Float64Array.from(mode, (_, j) =>
    sampler.expandsAroundMode ? farthest * Math.sqrt(laplaceCovariance.data[j * (mode.length + 1)]) : Number.MAX_VALUE,
  );
  const isNear = (values: Float64Array) => {
    for (let k = 0; k < values.length; k++) {
      const j = k % mode.length;
      // Not ">": what is no number is not near.
      if (!(Math.abs(values[k] - mode[j]) <= limits[j])) return false;
    }
    return true;
  };
  const arrays = [output.mean, ...output.positions, ...output.intervalMeans, ...(output.steps ?? [])];
  return !arrays.every(isNear) || !output.covariance.data.every(Number.isFinite);
}

/** The same of models of very many parameters. @param sds M: about the posterior's */
export function leftPosterior(
  positions: readonly (Float32Array | Float64Array)[],
  mode: Float64Array,
  sds: Float64Array,
): boolean {
  return !positions.every((chain) => {
    for (let k = 0; k < chain.length; k++) {
      const j = k % mode.length;
      if (!(Math.abs(chain[k] - mode[j]) <= farthest * sds[j])) return false;
    }
    return true;
  });
}

/** Times that a step is halved before a sampler is given up. */
export const maxHalvings = 4;

/** Which option sets how long a sampler's steps are; null where nothing does. */
export function stepOption({ tuning }: Sampler): "damping" | "learningRate" | null {
  if (tuning.includes("damping")) return "damping";
  return tuning.includes("learningRate") ? "learningRate" : null;
}

/** Half the step that was run, where it was the program's choice; null where it was the user's, or there is none to halve. */
export function halved(
  sampler: Sampler,
  asked: SamplerOptions,
  { settings, tried }: { readonly settings?: SamplerSettings; readonly tried: SamplerOptions },
): SamplerOptions | null {
  const option = stepOption(sampler);
  if (option === null || asked[option] !== undefined) return null;
  const step = settings?.[option] ?? tried[option];
  return step === undefined ? null : { ...tried, [option]: step / 2 };
}
