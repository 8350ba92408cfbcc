import { energyError, isBeyondBound, leapfrog, quarterTurns } from "./hamiltonian.ts";
import { divergentEnergyError, largestTreeDepth, type Move } from "./tree.ts";

/**
 * One transition of Hamiltonian Monte Carlo near to a normal law, whose flow is a rotation of position and momentum: after about a
 * quarter of a turn the position is what the fresh momentum was, and knows nothing of where it began. No criterion has to search
 * for the turn, by twice the way; and where NUTS draws one of the points on the way, the squares of positions are less forgetful
 * than the positions. The end is accepted with probability min(1, e^(H₀ − H)), so the target's law stays as it is, whatever it is.
 * Source: Duane et al. (1987); Neal (2011), section 3.2 on random lengths.
 * @param stepSize the longest step; all are equally long, and end where the turn does
 */
export const quarterTurn: Move = async (
  potential,
  metric,
  start,
  stepSize,
  uniform,
  mostSteps = 2 ** largestTreeDepth - 1,
) => {
  const angle = quarterTurns.shortest + (quarterTurns.longest - quarterTurns.shortest) * uniform();
  const length = Math.min(Math.ceil(angle / stepSize), mostSteps);
  const step = Math.min(stepSize, angle / length);
  let point = start;
  let error = 0;
  let steps = 0;
  while (steps < length && error <= divergentEnergyError) {
    point = await leapfrog(potential, metric, point, step);
    error = energyError(point, start);
    steps++;
  }
  const acceptance = Math.min(1, Math.exp(-error));
  const diverging = error > divergentEnergyError;
  const atBound = diverging && isBeyondBound(potential, point);
  // As many doublings as it would have taken.
  const depth = Math.ceil(Math.log2(steps + 1));
  const next = uniform() < acceptance ? point : start;
  return { point: next, acceptance, steps, depth, diverging: diverging && !atBound, atBound };
};
