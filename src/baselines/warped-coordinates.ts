import { type Evaluate, type PrepareGradients, runTogether } from "../estimation/full-gradients.ts";
import type { Problem } from "../estimation/problem.ts";
import { cholesky } from "../linalg/cholesky.ts";
import { dot, type Matrix, matrix, multiplyVector, transpose } from "../linalg/matrix.ts";
import { type ProfilePoint, quantileWarp, type Warp } from "../theory/quantile-warp.ts";

/**
 * Coordinates z in which a posterior with skewed parameters is nearer to the standard normal law: θ = θ̂ + B t, t_s = τ_s(z_s)
 * for the skewed parameters s ∈ S and t_j = z_j for the others.
 *
 * B is a factor of the normal approximation's covariance P = K Kᵀ, rows and columns with S first, its first columns scaled:
 * that of s is the line K_·s/K_ss along which θ_s moves, and with it all that depends on it and comes later; the others' whiten
 * what is left. τ_s makes the posterior along that line of a standard normal variable (theory/quantile-warp.ts). The loss is
 * U(θ(z)) − Σ_s log τ'_s(z_s): the posterior itself, however rough the maps are.
 */
export interface WarpedCoordinates {
  /** S */
  readonly skewed: readonly number[];
  /** θ(z) */
  position(z: ArrayLike<number>): Float64Array;
  /** The loss in z and its gradient, from those in θ. */
  prepare(ofTheta: PrepareGradients): PrepareGradients;
}

/** Correlation above which a parameter may be skewed only because a more skewed one is. */
const mostCorrelation = 0.3;

/**
 * The coordinates of a posterior. S grows from the most skewed parameters on, as lines along
 * which these stay where they are may not be skewed any more: an intercept's, once the rare level that it depends on is in S.
 */
export async function warpedCoordinates(problem: Problem, prepareLoss: PrepareGradients): Promise<WarpedCoordinates> {
  const { model, mode, laplaceCovariance } = problem;
  const along = <Result>(lines: readonly Line[], look: (posterior: Posterior) => Promise<Result>) =>
    lookAlong(lines, mode, (count, run) => runTogether(model.memory, prepareLoss, count, run), look);
  const left = new Remainder(laplaceCovariance);
  const lines: Line[] = [];
  const warps: Warp[] = [];
  for (;;) {
    const candidates = left.parameters.map((j) => left.lineOf(j));
    const skewness = await along(candidates, skewnessAlong);
    const found = candidates
      .map((line, k) => ({ line, skewness: skewness[k] }))
      .filter(({ skewness }) => skewness > leastSkewness)
      .sort((a, b) => b.skewness - a.skewness || a.line.parameter - b.line.parameter)
      .map(({ line }) => line.parameter);
    if (found.length === 0) break;
    const chosen = left.nearlyUncorrelated(found, mostCorrelation).map((parameter) => left.take(parameter));
    lines.push(...chosen);
    warps.push(...(await along(chosen, profileAlong)).map(quantileWarp));
  }
  return coordinatesOf(mode, lines, warps, left);
}

/** θ̂ + t direction, direction 1 at its parameter. */
interface Line {
  readonly parameter: number;
  readonly direction: Float64Array;
  /** Of the normal approximation along the line. */
  readonly sd: number;
}

/** What is left of P, M×M, as parameters are taken out of it one after the other. */
class Remainder {
  readonly #covariance: Matrix;
  /** Those not taken, in order. */
  parameters: readonly number[];

  constructor(covariance: Matrix) {
    this.#covariance = matrix(covariance.rows, covariance.rows, covariance.data.slice());
    this.parameters = Array.from({ length: covariance.rows }, (_, j) => j);
  }

  #at(i: number, j: number): number {
    return this.#covariance.data[i * this.#covariance.rows + j];
  }

  lineOf(parameter: number): Line {
    const variance = this.#at(parameter, parameter);
    const size = this.#covariance.rows;
    const direction = Float64Array.from({ length: size }, (_, i) => this.#at(i, parameter) / variance);
    return { parameter, direction, sd: Math.sqrt(variance) };
  }

  /** Those of the parameters that are not correlated with one before them. */
  nearlyUncorrelated(parameters: readonly number[], limit: number): number[] {
    const chosen: number[] = [];
    for (const j of parameters) {
      const isFree = chosen.every(
        (k) => Math.abs(this.#at(j, k)) <= limit * Math.sqrt(this.#at(j, j) * this.#at(k, k)),
      );
      if (isFree) chosen.push(j);
    }
    return chosen;
  }

  /** A step of the Cholesky factorisation: what is left does not depend on the parameter. */
  take(parameter: number): Line {
    const line = this.lineOf(parameter);
    const { direction, sd } = line;
    const size = direction.length;
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) this.#covariance.data[i * size + j] -= sd ** 2 * direction[i] * direction[j];
    this.parameters = this.parameters.filter((j) => j !== parameter);
    return line;
  }

  /** Lower triangular factor over the parameters not taken. */
  factor(): Matrix {
    const count = this.parameters.length;
    const rest = matrix(count, count);
    this.parameters.forEach((i, row) => {
      this.parameters.forEach((j, column) => {
        rest.data[row * count + column] = this.#at(i, j);
      });
    });
    return cholesky(rest);
  }
}

/** The posterior along a line through the mode. */
interface Posterior {
  readonly sd: number;
  at(t: number): Promise<ProfilePoint>;
}

const linesTogether = 16;

/** One result for each line; several lines are looked at side by side. */
async function lookAlong<Result>(
  lines: readonly Line[],
  mode: Float64Array,
  together: (count: number, run: (evaluate: Evaluate) => Promise<void>) => Promise<unknown>,
  look: (posterior: Posterior) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  await together(Math.min(linesTogether, lines.length), async (evaluate) => {
    while (next < lines.length) {
      const k = next++;
      const { direction, sd } = lines[k];
      const at = async (t: number) => {
        const { loss, gradient } = await evaluate(mode.map((value, j) => value + t * direction[j]));
        return { t, loss, slope: dot(gradient, direction) };
      };
      results[k] = await look({ sd, at });
    }
  });
  return results;
}

/** Where the loss is compared with a parabola, in sds from the mode; logarithm of the factor by which it may differ. */
const lookedAt = 1.5;
const leastSkewness = Math.log(1.5);

async function skewnessAlong({ sd, at }: Posterior): Promise<number> {
  const [below, mode, above] = [await at(-lookedAt * sd), await at(0), await at(lookedAt * sd)];
  const sides = [below, above].map(({ loss }) => {
    const difference = Math.abs(Math.log((loss - mode.loss) / (0.5 * lookedAt ** 2)));
    // A loss that overflows, or falls where it should rise.
    return Number.isNaN(difference) ? Infinity : difference;
  });
  return Math.max(...sides);
}

/** A profile ends where the loss has risen by this much, at least and about at most. */
const leastRise = 18;
const mostRise = 40;
const pointsToOneSide = 32;
const mostDoublings = 60;

/** Points to both sides of the mode, as far as there is any probability. */
async function profileAlong({ sd, at }: Posterior): Promise<ProfilePoint[]> {
  const mode = await at(0);
  const points = [mode];
  for (const sign of [-1, 1]) {
    const rise = async (t: number) => (await at(sign * t)).loss - mode.loss;
    let [inside, end] = [0, sd];
    for (let k = 0; k < mostDoublings && (await rise(end)) < leastRise; k++) [inside, end] = [end, 2 * end];
    // A wall: back to where it begins. A rise that is not a number is above every limit.
    for (let k = 0; k < mostDoublings && !((await rise(end)) <= mostRise); k++) {
      const middle = 0.5 * (inside + end);
      if ((await rise(middle)) < leastRise) inside = middle;
      else end = middle;
    }
    for (let k = 1; k <= pointsToOneSide; k++) points.push(await at((sign * end * k) / pointsToOneSide));
  }
  return points.sort((a, b) => a.t - b.t);
}

function coordinatesOf(
  mode: Float64Array,
  lines: readonly Line[],
  warps: readonly Warp[],
  left: Remainder,
): WarpedCoordinates {
  const dimension = mode.length;
  const basis = matrix(dimension, dimension);
  for (const { parameter, direction } of lines)
    direction.forEach((value, i) => {
      basis.data[i * dimension + parameter] = value;
    });
  const factor = left.factor();
  left.parameters.forEach((i, row) => {
    left.parameters.forEach((j, column) => {
      basis.data[i * dimension + j] = factor.data[row * factor.rows + column];
    });
  });
  const transposed = transpose(basis);
  const skewed = lines.map(({ parameter }) => parameter);
  const position = (z: ArrayLike<number>) => {
    const t = Float64Array.from(z);
    skewed.forEach((s, k) => {
      t[s] = warps[k].value(z[s]);
    });
    return multiplyVector(basis, t).map((value, j) => mode[j] + value);
  };
  return {
    skewed,
    position,
    prepare: (ofTheta) => (capacity) => {
      const evaluate = ofTheta(capacity);
      return async (points) => {
        const found = await evaluate(points.map(position));
        return found.map(({ loss: ofPosition, gradient: byTheta }, point) => {
          const gradient = multiplyVector(transposed, byTheta);
          let loss = ofPosition;
          skewed.forEach((s, k) => {
            const { slope, log, logSlope } = warps[k].slope(points[point][s]);
            loss -= log;
            gradient[s] = gradient[s] * slope - logSlope;
          });
          return { loss, gradient };
        });
      };
    },
  };
}
