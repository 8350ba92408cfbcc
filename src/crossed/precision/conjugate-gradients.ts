import { dot } from "../../linalg/matrix.ts";

interface LinearSystem {
  /** A u */
  multiply(u: Float64Array): Float64Array;
  /** M⁻¹ r, M near A; in place. */
  precondition(r: Float64Array): Promise<void>;
  /** rᵀM⁻¹r of the residual at which the solution is good enough, by that of the right side. */
  wanted(start: number): number;
}

const mostIterations = 200;

/**
 * A⁻¹ b by preconditioned conjugate gradients, as near as is wanted or as 200 iterations come.
 * Source: Golub & Van Loan, Matrix Computations (2013), algorithm 11.5.1.
 *
 * @param right b, overwritten with the residual
 */
export async function conjugateGradients(
  right: Float64Array,
  { multiply, precondition, wanted }: LinearSystem,
): Promise<Float64Array> {
  const solution = new Float64Array(right.length);
  const residual = right;
  const conditioned = residual.slice();
  await precondition(conditioned);
  let product = dot(residual, conditioned);
  const enough = wanted(product);
  const direction = conditioned.slice();
  for (let iteration = 0; iteration < mostIterations && product > enough; iteration++) {
    const image = multiply(direction);
    const length = product / dot(direction, image);
    for (let at = 0; at < solution.length; at++) {
      solution[at] += length * direction[at];
      residual[at] -= length * image[at];
    }
    conditioned.set(residual);
    await precondition(conditioned);
    const next = dot(residual, conditioned);
    for (let at = 0; at < direction.length; at++) direction[at] = conditioned[at] + (next / product) * direction[at];
    product = next;
  }
  return solution;
}
