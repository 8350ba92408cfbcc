import { NotPositiveDefiniteError } from "../linalg/cholesky.ts";
import { diagonalMatrix, type Matrix } from "../linalg/matrix.ts";
import type { Xoshiro } from "../rng/xoshiro.ts";
import type { GaussianMarginal, MarginalPoint, SlopedPoint } from "./gaussian-marginal.ts";
import { searchMode } from "./mode-search.ts";
import { sliceAlong } from "./slice.ts";
import { Surrogate } from "./surrogate.ts";
import { type VarianceCoordinates, varianceCoordinates } from "./variance-coordinates.ts";
import { logPrior } from "./variances.ts";

/** The surrogate's rms error of log p(θ | y) over its own draws at which no more points are added. */
const wantedError = 0.03;
/** Points further than these many sds from the mode tell nothing of the posterior. */
const furthest = 6;
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
}

/**
 * The law of the variance parameters given gaussian rows: its density is exact at a design of points about the mode, and
 * interpolated between them. Points are drawn from the interpolated law until it predicts the density at fresh ones to
 * within 0.03, which moves a mean by less than 0.03 sds.
 */
export async function findVarianceLaw(
  marginal: GaussianMarginal,
  start: Float64Array,
  { random, signal, onPoint }: SearchOptions,
): Promise<VarianceLaw> {
  const points: MarginalPoint[] = [];
  const evaluate = async <Point extends MarginalPoint>(compute: () => Promise<Point>): Promise<Point | undefined> => {
    try {
      const point = await compute();
      points.push(point);
      onPoint?.(points.length);
      return point;
    } catch (error) {
      if (error instanceof NotPositiveDefiniteError) return;
      throw error;
    }
  };
  const metric = firstMetric(marginal, start);
  const mode = await searchMode((theta) => evaluate(() => marginal.slopeAt(theta, signal)), start, metric);
  const coordinates = varianceCoordinates(marginal, mode.theta, metric);
  const add = async (theta: Float64Array) => evaluate(() => marginal.at(theta, signal));
  const size = mode.theta.length;
  for (const offset of firstDesign(size, random)) await add(coordinates.thetaAt(offset));
  const near = () => points.filter(({ theta }) => coordinates.placeOf(theta).every((w) => Math.abs(w) < furthest));
  for (;;) {
    const law = interpolate(marginal, near(), coordinates);
    const fresh = drawsOf(law, mode.theta, coordinates, random, Math.max(4, size + 1));
    const errors: number[] = [];
    for (const theta of fresh) {
      const point = await add(theta);
      if (point) errors.push(point.logDensity - law.logDensity(theta));
    }
    const error = errorOf(errors);
    if (error.rms < wantedError || points.length > 60 + 40 * size)
      return { ...interpolate(marginal, near(), coordinates), points: near(), mode, coordinates, error };
  }
}

/** Draws of one chain from the interpolated law, which begins at the mode. */
export function* drawVariances(
  law: Pick<VarianceLaw, "logDensity">,
  mode: Float64Array,
  { root }: VarianceCoordinates,
  random: Xoshiro,
  sweeps = 2,
): Generator<Float64Array> {
  const theta = mode.slice();
  const size = theta.length;
  const directions = Array.from({ length: size }, (_, c) =>
    Float64Array.from({ length: size }, (_, i) => sliceWidth * root.data[i * size + c]),
  );
  let current = law.logDensity(theta);
  for (let sweep = 1; ; sweep++) {
    for (const direction of directions) current = sliceAlong(random, law.logDensity, theta, direction, current);
    if (sweep > 20 && sweep % sweeps === 0) yield theta.slice();
  }
}

function drawsOf(
  law: Pick<VarianceLaw, "logDensity">,
  mode: Float64Array,
  coordinates: VarianceCoordinates,
  random: Xoshiro,
  count: number,
): Float64Array[] {
  const draws: Float64Array[] = [];
  for (const theta of drawVariances(law, mode, coordinates, random, 4)) {
    draws.push(theta);
    if (draws.length === count) break;
  }
  return draws;
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
  const logDensity = (theta: Float64Array) => {
    const place = coordinates.placeOf(theta);
    for (let c = 0; c < place.length; c++)
      if (!(place[c] >= ends[0][c] && place[c] <= ends[1][c])) return Number.NEGATIVE_INFINITY;
    return surrogate.at(place) + logPrior(layout, theta);
  };
  return { surrogate, logDensity };
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
  const axes = Array.from({ length: size }, (_, i) => [unit([i, 1.8]), unit([i, -1.8])]).flat();
  const corners: Float64Array[] = [];
  for (let i = 0; i < size; i++)
    for (let j = 0; j < i; j++) corners.push(unit([i, (i + j) % 2 ? 1.3 : -1.3], [j, 1.3]));
  const scattered = Array.from({ length: 2 + Math.ceil(size / 2) }, () => unit().map(() => random.normal()));
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
