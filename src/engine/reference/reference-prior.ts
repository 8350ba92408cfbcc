// Plain version of kernels/chains/prior.ts: priors that are not normal, from the logarithms of their densities.

import { Model } from "../../../kernels/layout/model.ts";
import { ShapedPrior } from "../../../kernels/layout/prior.ts";
import { negativeLogDensity, priorOfKernel } from "../../priors/densities.ts";
import { priorKindOf } from "../bindings/words.ts";
import type { EngineMemory } from "../memory.ts";
import type { ModelView } from "./reference-model.ts";

/** Adds 1/N of the priors' slopes, or of their residuals around `center`, to a gradient. */
export function addShapedPriors(
  memory: EngineMemory,
  { address, wholeRows }: ModelView,
  center: Float64Array | undefined,
  position: Float64Array,
  gradient: Float64Array,
): void {
  for (let k = 0; k < memory.getU32(address, Model.numShapedPriors); k++) {
    const prior = memory.getU32(address, Model.shapedPriors) + 8 * k * ShapedPrior.slots;
    const f64 = (slot: ShapedPrior) => memory.getF64(prior, slot);
    const index = memory.getU32(prior, ShapedPrior.index);
    const numbers = [f64(ShapedPrior.a), f64(ShapedPrior.b), f64(ShapedPrior.c)] as const;
    const { slope } = negativeLogDensity(
      priorOfKernel(priorKindOf(memory.getU32(prior, ShapedPrior.kind)), numbers),
      position[index],
    );
    const linear = center
      ? f64(ShapedPrior.referenceSlope) + f64(ShapedPrior.referenceCurvature) * (position[index] - center[index])
      : 0;
    gradient[index] += (slope - linear) / wholeRows;
  }
}
