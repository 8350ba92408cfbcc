import type { Engine } from "../../engine/engine.ts";
import { NearFactor } from "../precision/near-factor.ts";
import { normalEquations } from "../precision/normal-equations.ts";
import { PrecisionFactor } from "../precision/precision-factor.ts";
import type { PrecisionRoot } from "../precision/precision-root.ts";
import { firstGuess, type VarianceLayout } from "../variances.ts";
import { type Potential, potentialParts } from "./potential.ts";

/** Effects of all factors but the largest, and coefficients, with which a dense factor takes 1.2 GB and a minute. */
export const largestDense = 12_000;
/** Those with which solutions by the dense factor take less time than a pass over many rows. */
const smallDense = 1500;
/** The least and the largest eigenvalue that a root which is only near may leave: beyond them steps become short. */
const wantedSpread = [0.4, 2.5] as const;

/**
 * The root of the precision that trajectories are whitened with: dense where that is small, or where no other is near and it can be had;
 * else the one of blocks and a few directions, which takes no more time than a pass over the rows.
 */
export async function rootFor(
  engine: Engine,
  potential: Potential,
  layout: VarianceLayout,
  signal?: AbortSignal,
): Promise<PrecisionRoot> {
  const { model, structure } = potential;
  const rest = structure.numUnknowns - structure.restAt;
  const dense = () => new PrecisionFactor(engine, model, structure);
  if (rest <= smallDense) return dense();
  const root = new NearFactor(model, structure);
  const parts = potentialParts(model, layout, firstGuess(model, layout));
  await potential.rowLoss(new Float64Array(structure.numUnknowns), parts.tau);
  const equations = normalEquations(model, structure, potential.curvatures(parts.tau));
  await root.factorise({ equations, ...parts }, signal);
  const [least, largest] = root.spread;
  const isNear = least >= wantedSpread[0] && largest <= wantedSpread[1];
  return isNear || rest > largestDense ? root : dense();
}
