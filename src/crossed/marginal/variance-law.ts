import { type Checkpoint, remembered } from "../../checkpoint/checkpoint.ts";
import { NotPositiveDefiniteError } from "../../linalg/cholesky.ts";
import { diagonalMatrix, type Matrix } from "../../linalg/matrix.ts";
import type { Xoshiro } from "../../rng/xoshiro.ts";
import { requireNoise } from "../least-noise.ts";
import { sliceAlong } from "../slice.ts";
import { logPrior } from "../variances.ts";
import type { GaussianMarginal, MarginalPoint, SlopedPoint } from "./gaussian-marginal.ts";
import { searchMode } from "./mode-search.ts";
import { Surrogate } from "./surrogate.ts";
import { type VarianceCoordinates, varianceCoordinates } from "./variance-coordinates.ts";

/** The standard error from which on the surrogate is not trusted, and how much of what is beyond it is taken off the density. */
const [doubt, doubtFactor] = [0.2, 4];
/** The rms error of log p(θ | y) over the surrogate's own draws at which no more points are added: it moves means by 0.03 sds at most. */
const wantedError = 0.03;
/** Where these many rounds of fresh points do not come to it, the density is no matter of interpolation. */
const mostBatches = 6;
/** The share of the law's draws that may fall where the surrogate is not trusted, and over how many it is measured. */
const [largestDoubt, doubtDraws] = [0.01, 400];
/** Points whose log density is so much lower than the highest tell nothing of the posterior. */
const negligible = 30;
/** Offsets along the axes, in sds. The next is tried where the density may not have fallen by `ended` before it. */
const axisOffsets = [2.6, 4.1, 6.6, 10.6, 17];
const ended = 8;
/** The width of a slice's first interval, in sds. */
const sliceWidth = 2.5;

export interface VarianceLaw {
  /** Where the marginal density is known. */
  readonly points: readonly MarginalPoint[];
  readonly mode: SlopedPoint;
  readonly coordinates: VarianceCoordinates;
  readonly surrogate: Surrogate;
  /** log p(θ | y) by the surrogate, up to a constant. */
  logDensity(theta: Float64Array): number;
  /** Rms and largest error of `logDensity` at fresh draws from the surrogate, before these were added to it. */
  readonly error: { readonly rms: number; readonly largest: number; readonly checks: number };
}

interface SearchOptions {
  readonly random: Xoshiro;
  readonly signal?: AbortSignal;
  readonly onPoint?: (count: number) => void;
  readonly checkpoint?: Checkpoint;
}

/**
 * The law of the variance parameters given gaussian rows: its density is exact at a design of points about the mode, and
 * interpolated between them. Points are drawn from the interpolated law until it predicts the density at fresh ones. That
 * takes few where factors have many levels. Where it does not come to that (few levels, correlations hardly known) there is no law.
 */
export async function findVarianceLaw(
  marginal: GaussianMarginal,
  start: Float64Array,
  { random, signal, onPoint, checkpoint }: SearchOptions,
): Promise<VarianceLaw | undefined> {
  const points: MarginalPoint[] = [];
  const evaluate = async <Point extends MarginalPoint>(
    what: "slope" | "density",
    theta: Float64Array,
    compute: () => Promise<Point>,
  ): Promise<Point | undefined> => {
    try {
      const point = await remembered(checkpoint, what, [theta], compute);
      points.push(point);
      onPoint?.(points.length);
      return point;
    } catch (error) {
      if (error instanceof NotPositiveDefiniteError) return;
      throw error;
    }
  };
  const metric = firstMetric(marginal, start);
  const mode = await searchMode(
    (theta) => evaluate("slope", theta, () => marginal.slopeAt(theta, signal)),
    start,
    metric,
  );
  requireNoise(marginal.model, marginal.layout, mode.theta);
  const coordinates = varianceCoordinates(marginal, mode.theta, metric);
  const add = async (theta: Float64Array) => evaluate("density", theta, () => marginal.at(theta, signal));
  const size = mode.theta.length;
  for (const offset of firstDesign(size, random)) await add(coordinates.thetaAt(offset));
  const near = () => {
    const highest = points.reduce((most, { logDensity }) => Math.max(most, logDensity), Number.NEGATIVE_INFINITY);
    return points.filter(({ logDensity }) => logDensity > highest - negligible);
  };
  // Where the rows fit exactly the density has no bound, and says nothing between points.
  if (near().length <= ((size + 1) * (size + 2)) / 2) return undefined;
  await reachTails(mode, coordinates, add, () => interpolate(marginal, near(), coordinates));
  for (let batch = 0; batch < mostBatches; batch++) {
    const law = interpolate(marginal, near(), coordinates);
    const walk = new VarianceWalk({ logDensity: law.logDensityInside }, mode.theta, coordinates, random);
    walk.sweep(20);
    const errors: number[] = [];
    for (let draw = 0; draw < Math.max(4, size + 1); draw++) {
      const point = await add(walk.sweep(4).slice());
      if (point) errors.push(point.logDensity - law.logDensityInside(point.theta));
    }
    const error = errorOf(errors);
    if (error.rms < wantedError && doubtfulShare(law, walk, coordinates) < largestDoubt)
      return { ...interpolate(marginal, near(), coordinates), points: near(), mode, coordinates, error };
  }
  return undefined;
}

/** The share of the law's draws at which the surrogate is unsure of itself. */
function doubtfulShare(
  { surrogate }: { readonly surrogate: Surrogate },
  walk: VarianceWalk,
  coordinates: VarianceCoordinates,
): number {
  let count = 0;
  for (let draw = 0; draw < doubtDraws; draw++)
    if (surrogate.errorAt(coordinates.placeOf(walk.sweep(2))) > doubt) count++;
  return count / doubtDraws;
}

/** Points further out along each axis, to both sides, until the density has ended. */
async function reachTails(
  mode: MarginalPoint,
  coordinates: VarianceCoordinates,
  add: (theta: Float64Array) => Promise<MarginalPoint | undefined>,
  law: () => { logDensityAnywhere(theta: Float64Array): number },
): Promise<void> {
  const size = mode.theta.length;
  for (let axis = 0; axis < size; axis++)
    for (const side of [-1, 1]) {
      const thetaAt = (distance: number) =>
        coordinates.thetaAt(Float64Array.from({ length: size }, (_, c) => (c === axis ? side * distance : 0)));
      let fallen = mode.logDensity - law().logDensityAnywhere(thetaAt(axisOffsets[0]));
      for (const distance of axisOffsets.slice(1)) {
        const theta = thetaAt(distance);
        // A normal law has fallen by 3.4 at the first of them; what falls more slowly is not foretold.
        if (fallen > 3 && mode.logDensity - law().logDensityAnywhere(theta) > ended) break;
        const point = await add(theta);
        if (!point || mode.logDensity - point.logDensity > ended) break;
        fallen = mode.logDensity - point.logDensity;
      }
    }
}

/** A chain over the interpolated law, which begins at the mode. */
export class VarianceWalk {
  readonly theta: Float64Array;
  readonly #directions: readonly Float64Array[];

  constructor(
    private readonly law: Pick<VarianceLaw, "logDensity">,
    mode: Float64Array,
    { root }: VarianceCoordinates,
    private readonly random: Xoshiro,
  ) {
    this.theta = mode.slice();
    const size = mode.length;
    this.#directions = Array.from({ length: size }, (_, c) =>
      Float64Array.from({ length: size }, (__, i) => sliceWidth * root.data[i * size + c]),
    );
  }

  /** So many updates in each direction. */
  sweep(count: number): Float64Array {
    const { law, theta } = this;
    let current = law.logDensity(theta);
    for (let sweep = 0; sweep < count; sweep++)
      for (const direction of this.#directions)
        current = sliceAlong(this.random, law.logDensity, theta, direction, current);
    return theta;
  }
}

function interpolate(marginal: GaussianMarginal, points: readonly MarginalPoint[], coordinates: VarianceCoordinates) {
  const { layout } = marginal;
  const places = points.map(({ theta }) => coordinates.placeOf(theta));
  const values = Float64Array.from(points, ({ theta, logDensity }) => logDensity - logPrior(layout, theta));
  const surrogate = new Surrogate(places, values);
  // Far from all points nothing is known: there the law ends.
  const ends = [Math.min, Math.max].map((end, side) =>
    Float64Array.from(places[0], (_, c) => places.map((w) => w[c]).reduce((a, b) => end(a, b)) + (side ? 1.5 : -1.5)),
  );
  const logDensityAnywhere = (theta: Float64Array) =>
    surrogate.at(coordinates.placeOf(theta)) + logPrior(layout, theta);
  const logDensityInside = (theta: Float64Array) => {
    const place = coordinates.placeOf(theta);
    for (let c = 0; c < place.length; c++)
      if (!(place[c] >= ends[0][c] && place[c] <= ends[1][c])) return Number.NEGATIVE_INFINITY;
    return surrogate.at(place) + logPrior(layout, theta);
  };
  const logDensity = (theta: Float64Array) => {
    const value = logDensityInside(theta);
    if (value === Number.NEGATIVE_INFINITY) return value;
    return value - doubtFactor * Math.max(0, surrogate.errorAt(coordinates.placeOf(theta)) - doubt);
  };
  return { surrogate, logDensity, logDensityInside, logDensityAnywhere };
}

function errorOf(errors: readonly number[]) {
  const mean = errors.reduce((sum, value) => sum + value, 0) / Math.max(1, errors.length);
  const left = errors.map((value) => value - mean);
  const rms =
    errors.length > 1 ? Math.sqrt(left.reduce((sum, value) => sum + value ** 2, 0) / (left.length - 1)) : Infinity;
  return { rms, largest: left.reduce((most, value) => Math.max(most, Math.abs(value)), 0), checks: errors.length };
}

/** Offsets from the mode, in sds: along each axis to both sides, one corner a pair of axes, and some at random. */
function firstDesign(size: number, random: Xoshiro): Float64Array[] {
  const unit = (...entries: readonly [number, number][]) => {
    const offset = new Float64Array(size);
    for (const [at, value] of entries) offset[at] = value;
    return offset;
  };
  const axes = Array.from({ length: size }, (_, i) => [unit([i, axisOffsets[0]]), unit([i, -axisOffsets[0]])]).flat();
  const corners: Float64Array[] = [];
  for (let i = 0; i < size; i++)
    for (let j = 0; j < i; j++) corners.push(unit([i, (i + j) % 2 ? 1.3 : -1.3], [j, 1.3]));
  const scattered = Array.from({ length: 2 + size }, () => unit().map(() => 1.2 * random.normal()));
  return [...axes, ...corners, ...scattered];
}

/** The inverse of the information that effects would give on their variances if they were known, and somewhat less. */
function firstMetric({ layout, model }: GaussianMarginal, start: Float64Array): Matrix {
  const variances = start.map(() => 0.5);
  for (const { at, numEffects: q, numLevels } of layout.terms) {
    for (let i = 0; i < q; i++) variances[at + i] = 1 / (1 + numLevels);
    for (let i = q; i < (q * (q + 1)) / 2; i++) variances[at + i] = 2 / (1 + numLevels);
  }
  if (layout.sigmaAt >= 0) variances[layout.sigmaAt] = 1 / (1 + 2 * model.numRows);
  return diagonalMatrix(variances);
}
