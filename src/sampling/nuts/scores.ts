import { congruence, diagonalMatrix, type Matrix, multiply } from "../../linalg/matrix.ts";
import { residentMatrices } from "../../linalg/resident-matrix.ts";
import { mapSteps } from "../chains/chain-output.ts";
import { covarianceOfRows, meanOfRows } from "../chains/run-chains.ts";
import type { Scores } from "../plan.ts";
import type { TransportCoordinates } from "./transport.ts";

/** Steps of one chain, and the loss's gradients there: steps × M, row-major. */
interface Sloped {
  readonly positions: Float64Array;
  readonly slopes: Float64Array;
}

/** Steps for each parameter from which the draws' own covariance is taken, whose chance would else be in every score. */
const stepsPerParameter = 100;

/**
 * Scores P ∇U from chains in transported coordinates: with θ = θ̂ + B t they are B V ∇_t U for P = B V Bᵀ, V the covariance of t over the chains' steps,
 * or its diagonal, which is what whitening leaves, where these are few.
 */
export function scoresInLines(chains: readonly Sloped[], coordinates: TransportCoordinates): Scores {
  const { basis } = coordinates;
  const inLines = chains.map((chain) => linesOf(chain, coordinates));
  const ts = inLines.map(({ positions }) => positions);
  const size = basis.rows;
  const mean = meanOfRows(ts, size);
  const steps = (ts.length * ts[0].length) / size;
  const among =
    steps >= stepsPerParameter * size ? covarianceOfRows(ts, mean) : diagonalMatrix(variancesOfRows(ts, mean));
  return {
    along: productsOf(
      multiply(basis, among),
      inLines.map(({ slopes }) => slopes),
    ),
    covariance: congruence(basis, among),
  };
}

/** P ∇U for chains in θ itself. */
export function scoresBy(covariance: Matrix, chains: readonly Sloped[]): Scores {
  return {
    along: productsOf(
      covariance,
      chains.map(({ slopes }) => slopes),
    ),
    covariance,
  };
}

function linesOf({ positions, slopes }: Sloped, { basis, line }: TransportCoordinates): Sloped {
  const size = basis.rows;
  const result = { positions: new Float64Array(positions.length), slopes: new Float64Array(positions.length) };
  for (let from = 0; from < positions.length; from += size) {
    const { t, slope } = line(positions.subarray(from, from + size), slopes.subarray(from, from + size));
    result.positions.set(t, from);
    result.slopes.set(slope, from);
  }
  return result;
}

function variancesOfRows(arrays: readonly Float64Array[], mean: Float64Array): Float64Array {
  const size = mean.length;
  const sums = new Float64Array(size);
  for (const rows of arrays) for (let k = 0; k < rows.length; k++) sums[k % size] += (rows[k] - mean[k % size]) ** 2;
  const count = arrays.reduce((sum, { length }) => sum + length / size, 0);
  return sums.map((sum) => sum / (count - 1));
}

/** The matrix times each step's vector. */
function productsOf(matrix: Matrix, chains: readonly Float64Array[]): Float64Array[] {
  const [resident] = residentMatrices(matrix);
  return chains.map((chain) => mapSteps(chain, matrix.columns, (vectors) => resident.multiply(vectors)));
}
