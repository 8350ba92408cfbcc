// Plain version of kernels/chains/prior.ts: priors that are not normal, from the logarithms of their densities.
import { Model } from "../../../kernels/layout/model.ts";
import { PriorKind, ShapedPrior } from "../../../kernels/layout/prior.ts";
import type { EngineMemory } from "../memory.ts";
import type { ModelView } from "./reference-model.ts";

/** d(−log p)/dx */
function slopeOf(kind: PriorKind, [a, b, c]: readonly number[], x: number): number {
  switch (kind) {
    case PriorKind.studentT:
      return ((a + 1) * (x - b)) / (a * c ** 2 + (x - b) ** 2);
    case PriorKind.laplace:
      return Math.sign(x - b) / c;
    case PriorKind.gamma:
      return b * Math.exp(x) - a;
    case PriorKind.halfStudentT:
      return (a + 1) / (1 + a * c ** 2 * Math.exp(-2 * x)) - 1;
    case PriorKind.halfNormal:
      return Math.exp(2 * x) / c ** 2 - 1;
  }
}

/** Adds 1/N of the priors' slopes, or of their residuals around `center`, to a gradient. */
export function addShapedPriors(
  memory: EngineMemory,
  { address, numRows }: ModelView,
  center: Float64Array | undefined,
  position: Float64Array,
  gradient: Float64Array,
): void {
  for (let k = 0; k < memory.getU32(address, Model.numShapedPriors); k++) {
    const prior = memory.getU32(address, Model.shapedPriors) + 8 * k * ShapedPrior.slots;
    const f64 = (slot: ShapedPrior) => memory.getF64(prior, slot);
    const index = memory.getU32(prior, ShapedPrior.index);
    const parameters = [f64(ShapedPrior.a), f64(ShapedPrior.b), f64(ShapedPrior.c)];
    const slope = slopeOf(memory.getU32(prior, ShapedPrior.kind), parameters, position[index]);
    const linear = center
      ? f64(ShapedPrior.referenceSlope) + f64(ShapedPrior.referenceCurvature) * (position[index] - center[index])
      : 0;
    gradient[index] += (slope - linear) / numRows;
  }
}
