import { dot } from "../../linalg/matrix.ts";
import { normalEquations } from "../precision/normal-equations.ts";
import type { PrecisionRoot } from "../precision/precision-root.ts";
import type { VarianceLayout } from "../variances.ts";
import { type Potential, type PotentialParts, potentialParts } from "./potential.ts";

/** A normal law near that of all unknowns at one θ̂: N(û, (L Lᵀ)⁻¹), û the mode there. */
export interface ReferenceLaw {
  readonly theta: Float64Array;
  readonly center: Float64Array;
  readonly factor: PrecisionRoot;
}

/** Newton's decrement squared, a distance in sds squared, at which û is close enough. */
const closeEnough = 0.05;
const mostFactorisations = 25;
/** Steps with one factor, which cost much less than another. */
const stepsPerFactor = 4;

/**
 * û by Newton's method, several steps with one factor, halved until the density rises.
 *
 * @param start û of a θ near by
 */
export async function findReferenceLaw(
  potential: Potential,
  factor: PrecisionRoot,
  layout: VarianceLayout,
  { theta, start, signal }: { theta: Float64Array; start: Float64Array; signal?: AbortSignal },
): Promise<ReferenceLaw> {
  const { model, structure } = potential;
  const parts = potentialParts(model, layout, theta);
  const center = start.slice();
  let value = await valueAt(potential, center, parts);
  for (let round = 0; round < mostFactorisations; round++) {
    const equations = normalEquations(model, structure, potential.curvatures(parts.tau));
    await factor.factorise({ equations, ...parts }, signal);
    let decrement = 0;
    for (let step = 0; step < stepsPerFactor; step++) {
      const slope = await potential.slope(center, parts);
      const move = slope.slice();
      await factor.solve(move);
      decrement = dot(slope, move);
      if (step === 0 && decrement < closeEnough) return { theta: theta.slice(), center, factor };
      const next = await descend(potential, center, move, value, parts);
      if (next === undefined) break;
      value = next;
      if (decrement < closeEnough / 10) break;
    }
    // η of the last trial may be another point's.
    value = await valueAt(potential, center, parts);
  }
  return { theta: theta.slice(), center, factor };
}

async function valueAt(
  potential: Potential,
  unknowns: Float64Array,
  { precisions, scale, tau }: PotentialParts,
): Promise<number> {
  return scale * (await potential.rowLoss(unknowns, tau)) + potential.priorLoss(unknowns, precisions);
}

/** The value after center ← center − move, shortened until it falls; nothing where it does not. */
async function descend(
  potential: Potential,
  center: Float64Array,
  move: Float64Array,
  value: number,
  parts: PotentialParts,
): Promise<number | undefined> {
  for (let length = 1; length > 1e-4; length /= 3) {
    const trial = center.map((old, at) => old - length * move[at]);
    const next = await valueAt(potential, trial, parts);
    if (next > value || !Number.isFinite(next)) continue;
    center.set(trial);
    return next;
  }
  return undefined;
}
