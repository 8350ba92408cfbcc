import { dot, type Matrix, multiplyVector } from "../../linalg/matrix.ts";

interface Sloped {
  readonly theta: Float64Array;
  readonly logDensity: number;
  readonly slope: Float64Array;
}

/** No parameter moves further in one step: they are logarithms and atanh. */
const largestStep = 1.5;
const mostSteps = 60;

/**
 * The neighbourhood of a maximum by BFGS: within `tolerance` posterior sds of it, by the metric that it has learned.
 * Source: Nocedal & Wright, Numerical Optimization (2006), section 6.1.
 *
 * @param evaluate the density and its slope; a point where they cannot be had is a rejected promise
 * @param metric a first guess of the posterior's covariance, overwritten with the one learned
 */
export async function searchMode<Point extends Sloped>(
  evaluate: (theta: Float64Array) => Promise<Point | undefined>,
  start: Float64Array,
  metric: Matrix,
  tolerance = 0.4,
): Promise<Point> {
  let point = await evaluate(start);
  if (!point) throw new RangeError("The density cannot be computed where the search for its mode starts.");
  for (let step = 0; step < mostSteps; step++) {
    const direction = multiplyVector(metric, point.slope);
    const distance = Math.sqrt(Math.max(0, dot(direction, point.slope)));
    if (distance < tolerance) return point;
    const furthest = direction.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    let length = Math.min(1, largestStep / furthest);
    let next: Point | undefined;
    for (; length > 1e-6; length /= 3) {
      next = await evaluate(point.theta.map((value, at) => value + length * direction[at]));
      if (next && next.logDensity >= point.logDensity) break;
      // A tenth of a posterior's log density is noise of rounding in large sums, no reason to go on halving.
      if (next && distance * length < tolerance) return point;
    }
    if (!next || length <= 1e-6) return point;
    learn(metric, point, next);
    point = next;
  }
  return point;
}

/** The BFGS update of the inverse curvature, left out where the slope did not fall along the step. */
function learn({ data, rows }: Matrix, before: Sloped, after: Sloped): void {
  const step = after.theta.map((value, at) => value - before.theta[at]);
  const fall = before.slope.map((value, at) => value - after.slope[at]);
  const product = dot(step, fall);
  if (!(product > 1e-10)) return;
  const moved = multiplyVector({ data, rows, columns: rows }, fall);
  const factor = (1 + dot(fall, moved) / product) / product;
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < rows; j++)
      data[i * rows + j] += factor * step[i] * step[j] - (step[i] * moved[j] + moved[i] * step[j]) / product;
}
