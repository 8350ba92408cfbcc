import { cholesky, choleskySolve } from "../linalg/cholesky.ts";
import { matrix } from "../linalg/matrix.ts";
import { type OnePass, type OnePassPrior, type OnePassRow, refreshInverse, startOnePass } from "./one-pass.ts";

const largestNumberOfSteps = 60;

/**
 * The state after the first rows, which are few enough to be held: θ is their mode, found by Newton's method, so that nothing of the
 * start's linearisation is left. Their curvature is that at the mode.
 */
export function takeFirstRows(rows: readonly OnePassRow[], prior: OnePassPrior, rate: number): OnePass {
  const state = startOnePass(prior);
  const share = (n: number) => (1 - rate) ** (rows.length - 1 - n);
  let objective = objectiveAt(state.position, rows, prior, share);
  for (let iteration = 0; iteration < largestNumberOfSteps; iteration++) {
    const { gradient, curvature } = derivativesAt(state.position, rows, prior, share);
    const step = choleskySolve(cholesky(curvature), gradient);
    const decrease = step.reduce((sum, value, j) => sum + value * gradient[j], 0);
    let length = 1;
    let next = state.position;
    for (; length > 1e-9; length /= 2) {
      next = state.position.map((value, j) => value - length * step[j]);
      const reached = objectiveAt(next, rows, prior, share);
      if (reached <= objective + 1e-12 * Math.abs(objective)) {
        objective = reached;
        break;
      }
    }
    state.position.set(next);
    if (decrease < 1e-12) break;
  }
  state.information.data.set(derivativesAt(state.position, rows, prior, share).curvature.data);
  const squared = (n: number) => share(n) ** 2;
  state.noise.data.set(derivativesAt(state.position, rows, prior, squared).curvature.data);
  refreshInverse(state);
  state.count = rows.reduce((sum, _, n) => sum + share(n), 0);
  state.spent = prior.mean.length * (1 - rate) ** rows.length;
  state.residual = 2 * objective;
  return state;
}

/** What is left of a row, by its number. */
type Share = (n: number) => number;

const predictorOf = ({ x, offset }: OnePassRow, position: Float64Array) =>
  x.reduce((sum, value, j) => sum + value * position[j], offset);

function objectiveAt(
  position: Float64Array,
  rows: readonly OnePassRow[],
  { mean, precision }: OnePassPrior,
  share: Share,
): number {
  const ofPrior = position.reduce((sum, value, j) => sum + 0.5 * precision[j] * (value - mean[j]) ** 2, 0);
  return rows.reduce((sum, row, n) => sum + share(n) * row.loss.value(predictorOf(row, position)), ofPrior);
}

function derivativesAt(
  position: Float64Array,
  rows: readonly OnePassRow[],
  { mean, precision }: OnePassPrior,
  share: Share,
) {
  const size = position.length;
  const gradient = position.map((value, j) => precision[j] * (value - mean[j]));
  const curvature = matrix(size, size);
  for (let j = 0; j < size; j++) curvature.data[j * size + j] = precision[j];
  rows.forEach((row, n) => {
    const eta = predictorOf(row, position);
    const [slope, weight] = [share(n) * row.loss.slope(eta), share(n) * row.loss.curvature(eta)];
    for (let i = 0; i < size; i++) {
      gradient[i] += slope * row.x[i];
      for (let j = 0; j < size; j++) curvature.data[i * size + j] += weight * row.x[i] * row.x[j];
    }
  });
  return { gradient, curvature };
}
