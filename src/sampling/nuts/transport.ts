import { antitheticPoints } from "../../estimation/laplace-points.ts";
import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { cholesky, invertPositiveDefinite } from "../../linalg/cholesky.ts";
import {
  congruence,
  diagonal,
  dot,
  identity,
  type Matrix,
  matrix,
  multiply,
  scale,
  transpose,
} from "../../linalg/matrix.ts";
import { residentMatrices } from "../../linalg/resident-matrix.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { type Evaluate, type PrepareGradients, runTogether } from "../../rows/full-gradients.ts";
import { marginalTransport, type ProfilePoint, type Transport } from "../../theory/marginal-transport.ts";
import { separationDirections } from "./separation-directions.ts";

/**
 * Coordinates z in which a posterior with skewed parameters is nearer to the standard normal law: θ = θ̂ + B t, t_s = τ_s(z_s)
 * for the skewed lines s ∈ S and t_j = z_j for the others.
 *
 * B's columns in S are directions of separation-directions.ts; the others' directions are whitened, with the skewed lines fixed, by the
 * normal approximation. τ_s makes the posterior along its line of a standard normal variable (theory/marginal-transport.ts), on
 * average over where the other lines may be. The loss is U(θ(z)) − Σ_s log τ'_s(z_s): the posterior itself, however rough the maps are.
 */
export interface TransportCoordinates {
  /** S */
  readonly skewed: readonly number[];
  /** B */
  readonly basis: Matrix;
  /** t(z), and the gradient of U in t, from that of the loss in z. */
  line(z: Float64Array, gradient: Float64Array): { readonly t: Float64Array; readonly slope: Float64Array };
  /** θ(z) of each z; several together take less time than one by one. */
  positions(zs: readonly ArrayLike<number>[]): Float64Array[];
  /** The loss in z and its gradient, from those in θ. */
  prepare(ofTheta: PrepareGradients): PrepareGradients;
}

/** The coordinates of a posterior. */
export async function transportCoordinates(
  local: DenseApproximation,
  prepareLoss: PrepareGradients,
): Promise<TransportCoordinates> {
  const { model, mode, hessian, numRows } = local;
  const along = <Result>(lines: readonly Line[], look: (posterior: Posterior) => Promise<Result>) =>
    lookAlong(lines, (count, run) => runTogether(model.memory, prepareLoss, count, run), look);
  const random = createRandom(1, 0, 16);
  const normal = () => random.normal();
  const directions = await separationDirections(local);
  const transposed = transpose(directions);
  const precision = congruence(transposed, scale(hessian, numRows));
  const lines = Array.from(diagonal(precision), (curvature, j) => ({
    origin: mode,
    direction: transposed.data.subarray(j * mode.length, (j + 1) * mode.length),
    sd: 1 / Math.sqrt(curvature),
  }));
  const [atMode] = await along(lines.slice(0, 1), ({ at }) => at(0));
  const skewness = await along(lines, (posterior) => skewnessAlong(posterior, atMode.loss));
  const isSkewed = (j: number) => skewness[j] > minSkewness;
  const [skewed, others] = [true, false].map((side) => [...lines.keys()].filter((j) => isSkewed(j) === side));
  const basis = skewed.length > 0 ? whiten(directions, precision, others) : local.laplaceFactor;
  const throughMode = await along(
    skewed.map((j) => lines[j]),
    profileAlong,
  );
  const first = throughMode.map((profile) => marginalTransport([profile]));
  const points = [...antitheticPoints(new Float64Array(mode.length), identity(mode.length), profilePairs, normal)];
  const positions = coordinatesOf(mode, basis, skewed, first).positions(points);
  const elsewhere = skewed.flatMap((j, k) =>
    points.map((point, place) => throughPoint(lines[j], positions[place], first[k].value(point[j]))),
  );
  const profiles = await along(elsewhere, profileAlong);
  const transports = skewed.map((_, k) =>
    marginalTransport(profiles.slice(k * points.length, (k + 1) * points.length)),
  );
  return coordinatesOf(mode, basis, skewed, transports);
}

/**
 * Where one wall begins depends on other parameters, as in a wedge between two of them. A map made along the line through
 * the mode has no room for a wall that lies elsewhere; the mean over a few places has.
 */
const profilePairs = 2;

/** origin + t direction. */
interface Line {
  readonly origin: Float64Array;
  readonly direction: Float64Array;
  /** Of the normal approximation along the line. */
  readonly sd: number;
}

/** The same line moved to a point, which is on it at t. */
function throughPoint({ direction, sd }: Line, point: Float64Array, t: number): Line {
  return { origin: point.map((value, i) => value - t * direction[i]), direction, sd };
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
  together: (count: number, run: (evaluate: Evaluate) => Promise<void>) => Promise<unknown>,
  look: (posterior: Posterior) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  await together(Math.min(linesTogether, lines.length), async (evaluate) => {
    while (next < lines.length) {
      const k = next++;
      const { origin, direction, sd } = lines[k];
      const at = async (t: number) => {
        const { loss, gradient } = await evaluate(origin.map((value, j) => value + t * direction[j]));
        return { t, loss, slope: dot(gradient, direction) };
      };
      results[k] = await look({ sd, at });
    }
  });
  return results;
}

/** Where the loss is compared with a parabola, in sds from the mode; logarithm of the factor by which it may differ. */
const lookedAt = 1.5;
const minSkewness = Math.log(1.5);

/** @param atMode the loss where the lines begin */
async function skewnessAlong({ sd, at }: Posterior, atMode: number): Promise<number> {
  const [below, above] = [await at(-lookedAt * sd), await at(lookedAt * sd)];
  const sides = [below, above].map(({ loss }) => {
    const difference = Math.abs(Math.log((loss - atMode) / (0.5 * lookedAt ** 2)));
    // A loss that overflows, or falls where it should rise.
    return Number.isNaN(difference) ? Infinity : difference;
  });
  return Math.max(...sides);
}

/** A profile ends where the loss has risen by this much, at least and about at most. */
const minRise = 18;
const maxRise = 40;
const pointsToOneSide = 32;
const maxDoublings = 60;

/** Points to both sides of the line's mode, as far as there is any probability. */
async function profileAlong({ sd, at }: Posterior): Promise<ProfilePoint[]> {
  const mode = await modeAlong({ sd, at });
  const points = [mode];
  for (const sign of [-1, 1]) {
    const rise = async (distance: number) => (await at(mode.t + sign * distance)).loss - mode.loss;
    let [inside, end] = [0, sd];
    for (let k = 0; k < maxDoublings && (await rise(end)) < minRise; k++) [inside, end] = [end, 2 * end];
    // A wall: back to where it begins. A rise that is not a number is above every limit.
    for (let k = 0; k < maxDoublings && !((await rise(end)) <= maxRise); k++) {
      const middle = 0.5 * (inside + end);
      if ((await rise(middle)) < minRise) inside = middle;
      else end = middle;
    }
    for (let k = 1; k <= pointsToOneSide; k++) points.push(await at(mode.t + (sign * end * k) / pointsToOneSide));
  }
  return points.sort((a, b) => a.t - b.t);
}

/** The loss may be above the least one by this much. */
const nearMode = 0.1;

/** By bisection of the slope, from 0 on. */
async function modeAlong({ sd, at }: Posterior): Promise<ProfilePoint> {
  const start = await at(0);
  const sign = start.slope > 0 ? -1 : 1;
  let [inside, outside] = [start, await at(sign * sd)];
  // Not ">": a slope that is not a number is beyond a wall.
  for (let k = 0; k < maxDoublings && sign * outside.slope < 0; k++)
    [inside, outside] = [outside, await at(2 * outside.t)];
  for (let k = 0; k < maxDoublings; k++) {
    if (Math.abs(inside.slope * (outside.t - inside.t)) < nearMode) break;
    const middle = await at(0.5 * (inside.t + outside.t));
    if (sign * middle.slope < 0) inside = middle;
    else outside = middle;
  }
  return inside;
}

/** The directions, those of some lines replaced by combinations of them in which the normal approximation is standard normal. */
function whiten(directions: Matrix, precision: Matrix, lines: readonly number[]): Matrix {
  const size = lines.length;
  const ofLines = matrix(size, size);
  lines.forEach((i, row) => {
    lines.forEach((j, column) => {
      ofLines.data[row * size + column] = precision.data[i * precision.columns + j];
    });
  });
  const factor = cholesky(invertPositiveDefinite(ofLines));
  const combinations = identity(directions.rows);
  lines.forEach((i, row) => {
    lines.forEach((j, column) => {
      combinations.data[i * directions.rows + j] = factor.data[row * size + column];
    });
  });
  return multiply(directions, combinations);
}

function coordinatesOf(
  mode: Float64Array,
  basis: Matrix,
  skewed: readonly number[],
  transports: readonly Transport[],
): TransportCoordinates {
  const [forward, backward] = residentMatrices(basis, transpose(basis));
  const positions = (zs: readonly ArrayLike<number>[]) => {
    const mapped = zs.map((z) => {
      const t = Float64Array.from(z);
      skewed.forEach((s, k) => {
        t[s] = transports[k].value(z[s]);
      });
      return t;
    });
    const thetas = forward.multiply(mapped);
    for (const theta of thetas) for (let j = 0; j < theta.length; j++) theta[j] += mode[j];
    return thetas;
  };
  return {
    skewed,
    basis,
    line(z, gradient) {
      const [t, ofT] = [z.slice(), gradient.slice()];
      skewed.forEach((s, k) => {
        const { slope, logSlope } = transports[k].slope(z[s]);
        t[s] = transports[k].value(z[s]);
        ofT[s] = (gradient[s] + logSlope) / slope;
      });
      return { t, slope: ofT };
    },
    positions,
    prepare: (ofTheta) => (capacity) => {
      const evaluate = ofTheta(capacity);
      return async (points) => {
        const found = await evaluate(positions(points));
        const gradients = backward.multiply(found.map(({ gradient }) => gradient));
        return gradients.map((gradient, point) => {
          let { loss } = found[point];
          skewed.forEach((s, k) => {
            const { slope, log, logSlope } = transports[k].slope(points[point][s]);
            loss -= log;
            gradient[s] = gradient[s] * slope - logSlope;
          });
          return { loss, gradient };
        });
      };
    },
  };
}
