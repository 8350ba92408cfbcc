import { largestContraction } from "../../estimation/largest-contraction.ts";
import type { Diagonals } from "../../estimation/local-approximation.ts";
import { diagonalsAt, rowsToLookAt } from "../../estimation/row-diagonals.ts";
import type { Model } from "../../models/model.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import type { Workspace } from "../../rows/workspace.ts";
import { autocorrelationTime } from "../../theory/control-variate.ts";

/** ρ(HA) that steps are held to: well inside assumption A3. */
const mostContracted = 0.5;
const powerIterations = 20;

/** A diagonal step, and what it was chosen from. */
export interface DiagonalStep {
  /** H, M */
  readonly step: Float64Array;
  /** Variances, M */
  readonly injected: Float64Array;
  readonly learningRate: number;
  /** The share of the step that suits each parameter by itself. */
  readonly shortening: number;
  /** ρ(HA) */
  readonly contraction: number;
  /** Steps that the median parameter takes to forget where it was. */
  readonly time: number;
}

/**
 * The step for a chain that is about `position`.
 * @param known the diagonals there, where they were measured before
 */
export async function chooseDiagonalStep(
  workspace: Workspace,
  model: Model,
  position: Float64Array,
  { batchSize, learningRate }: { batchSize: number; learningRate?: number },
  known?: Diagonals,
): Promise<DiagonalStep> {
  const { numRows } = model.rows;
  const diagonals = known ?? (await diagonalsAt(workspace, model, position));
  const bestRate = (2 * batchSize) / numRows;
  const rate = learningRate ?? bestRate;
  const wanted = diagonals.noise.map(
    (noise, j) => ((rate / bestRate) * (2 * batchSize)) / (numRows * noise + batchSize * diagonals.curvature[j]),
  );
  const random = createRandom(1, 0, 9);
  const rho = await largestContraction(workspace, model, position, wanted, {
    rows: { rowList: rowsToLookAt(numRows) },
    iterations: powerIterations,
    normal: () => random.normal(),
    priorCurvature: model.priorPrecision.map((precision) => precision / numRows),
  });
  const shortening = Math.min(1, mostContracted / rho);
  const step = wanted.map((value) => shortening * value);
  const rates = step.map((h, j) => h * diagonals.curvature[j]).sort();
  return {
    time: Math.ceil(autocorrelationTime(rates[Math.floor(rates.length / 2)])),
    step,
    shortening,
    learningRate: shortening * rate,
    contraction: shortening * rho,
    injected: injectedVariances(diagonals, step, { numRows, batchSize }),
  };
}

/**
 * The variance q of the noise that a diagonal step H of SGD has to have injected for each parameter by itself, M: the
 * finite-step law Σ_kk = (h² C_kk/S + q)/(h A_kk (2 − h A_kk)) is then 1/(N A_kk).
 */
function injectedVariances(
  { noise, curvature }: Diagonals,
  step: Float64Array,
  { numRows, batchSize }: { readonly numRows: number; readonly batchSize: number },
): Float64Array {
  return step.map((h, j) => Math.max(0, (h * (2 - h * curvature[j])) / numRows - (h * h * noise[j]) / batchSize));
}
