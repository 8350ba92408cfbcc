import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import {
  cholesky,
  choleskySemidefinite,
  invertLower,
  invertPositiveDefinite,
  NotPositiveDefiniteError,
} from "../../linalg/cholesky.ts";
import {
  add,
  diagonal,
  diagonalMatrix,
  identity,
  type Matrix,
  multiply,
  multiplyVector,
  scale,
} from "../../linalg/matrix.ts";
import { noTuning, type PreconditionerName } from "../../options/tuning.ts";
import { sandwichCovariance } from "../../theory/averaging.ts";
import { autocorrelationTime } from "../../theory/control-variate.ts";
import { contractionRates } from "../../theory/stationary.ts";
import { percent, twoDigits } from "../../wording.ts";
import type { ChainSpec } from "../chains/chain-spec.ts";
import { covarianceOfRows, runChains, workPerStep } from "../chains/run-chains.ts";
import type { ChainOutput, Plan, SamplerOptions } from "../plan.ts";
import { type DenseSampler, SamplerOptionError } from "../sampler.ts";
import { chooseWindow, type WindowChoice } from "../tuning/choose-window.ts";
import { burnInTimes, maxWork, requireForgetting } from "../tuning/draw-schedule.ts";
import { stepMatrix } from "../tuning/plan-sgd.ts";
import { iasgLowRank } from "./iasg-low-rank.ts";

/**
 * The iterate averaging stochastic gradient sampler: θ ← θ − H ĝ(θ), ĝ the gradient of S rows drawn with replacement; the
 * mean of every window of T = m N/S steps (m passes over the data) is one draw, its deviation from the mean θ̄ of all
 * windows scaled by √m.
 *
 * Law: the scaled window means have covariance V = m D_T, D_T the covariance of the mean of T iterates at the finite step,
 * which tends to the sandwich A⁻¹CA⁻¹/N whatever H is. With `--covariance posterior` the deviations are mapped by
 * L_P L_V⁻¹ (Cholesky factors) and have covariance P = (N A)⁻¹; with `sandwich` they stay as they are.
 * Settings: `full` is H = h A⁻¹, of condition number 1; the others are h times the shape of constant SGD's; h and m are the
 * least with which V is the sandwich covariance to the tolerance (choose-window.ts).
 * Cost of a draw: m passes. Of a step: S D, D² more with `full`.
 * Source: Mandt, Hoffman & Blei (2017), section 6, Algorithm 1 (m = 1) and appendix G; the optimal covariance of averages,
 * Polyak & Juditsky (1992). Windows of several passes, the exact D_T and the map to P are not in the paper.
 */
export const iasg: DenseSampler = {
  name: "iasg",
  summary: "averages of SGD iterates, a pass over the data each: posterior or sandwich covariance (section 6)",
  assumes: ["A3", "A4"],
  expandsAroundMode: true,
  tuning: ["preconditioner", "batchSize", "learningRate", "window", "covariance"],
  preconditioners: ["full", "scalar", "diagonal", "sqrt-diagonal"],
  remedy: ({ preconditioner }) =>
    preconditioner === "full"
      ? {
          fewDraws: "averaged iterates give at most one independent draw a pass over the data, so use --sampler auto",
          accuracy: "leave --learning-rate and --window out, or run fewer --draws with a longer --window",
        }
      : { fewDraws: "use --preconditioner full", accuracy: "use --preconditioner full" },
  plan,
  lowRank: iasgLowRank,
};

/** Fewer draws a chain than this are not worth a longer window. */
const drawsBeforeLongerWindows = 100;
const minDraws = 4;

async function plan(local: DenseApproximation, options: SamplerOptions): Promise<Plan> {
  const { hessian, noiseCovariance, numRows, laplaceCovariance } = local;
  const { preconditioner = "full", covariance: target = "posterior" } = options;
  const sandwich = sandwichCovariance(hessian, noiseCovariance, numRows);
  requireNoise(sandwich);
  const shape = shapeOf(preconditioner, local);
  const { batchSize, affordablePasses, chosen } = await chooseWindows(local, shape, { ...options, preconditioner });
  const draws = Math.min(options.draws, Math.max(minDraws, Math.floor(affordablePasses / chosen.passes)));
  const step = scale(shape, chosen.learningRate);
  const rates = contractionRates(step, hessian);
  const time = autocorrelationTime(rates[0]);
  const burnInSteps = Math.ceil(Math.min(burnInTimes * time, 0.1 * draws * chosen.steps));
  const map =
    target === "posterior" ? multiply(local.laplaceFactor, invertLower(cholesky(chosen.covariance))) : undefined;
  const { chains, seed } = options;
  const spec = { batchSize, step: stepMatrix(step, preconditioner), burnInSteps, chains, draws, seed };
  const law = target === "posterior" ? "mapped linearly to the covariance (N A)⁻¹" : "of covariance A⁻¹CA⁻¹/N";
  return {
    settings: {
      ...noTuning,
      sampler: iasg.name,
      preconditioner,
      batchSize,
      learningRate: chosen.learningRate,
      window: chosen.passes,
      covariance: target,
      burnInSteps,
      stepsPerDraw: chosen.steps,
      chains,
      draws,
      seed,
      because: `Algorithm 1: means over windows of ${chosen.steps.toLocaleString("en")} steps, ${law}`,
    },
    prediction: {
      law: "averages",
      covariance: map ? laplaceCovariance : chosen.covariance,
      maxSdError: map ? 0 : chosen.error,
      iterates: chosen.iterates,
      rows: chosen.steps * batchSize,
      meanError: chosen.meanError,
      ...(!map && { target: sandwich }),
      largestStableScale: chosen.largestStableRate / chosen.learningRate,
      largestContraction: rates[rates.length - 1],
      autocorrelationTime: time,
    },
    notes: notesOn(chosen, draws, options),
    sample: async () => {
      // Positions of the chains are not the draws, which are means over windows.
      const quiet = { ...local, workspace: { ...local.workspace, onDraws: undefined } };
      return scaledWindows(await runChains(quiet, chainSpec(local, spec, chosen)), chosen.stretch, map);
    },
  };
}

interface Windows {
  readonly batchSize: number;
  readonly affordablePasses: number;
  readonly chosen: WindowChoice;
}

async function chooseWindows(
  local: DenseApproximation,
  shape: Matrix,
  options: SamplerOptions & { readonly preconditioner: PreconditionerName },
): Promise<Windows> {
  const { model, hessian, numRows } = local;
  const { chains, learningRate, window: passes, tolerance, preconditioner, covariance = "posterior" } = options;
  const shapeRates = contractionRates(shape, hessian);
  const batchSize = options.batchSize ?? defaultBatchSize(numRows, shapeRates);
  const step = stepMatrix(shape, preconditioner);
  const work = workPerStep({ model, batchSize, step, noise: { kind: "none" }, momentEvery: 1 });
  const affordablePasses = (maxWork * batchSize) / (work * numRows * chains);
  if (passes !== undefined) requireWindow(passes, batchSize / numRows, affordablePasses);
  if (learningRate !== undefined) {
    const affordableSteps = (affordablePasses * numRows) / batchSize;
    requireForgetting(autocorrelationTime(learningRate * shapeRates[0]), affordableSteps, options);
  }
  // The map to P takes out what short windows and long steps do to the covariance; the sandwich has to be right as it is.
  const drawsWanted = covariance === "posterior" ? options.draws : Math.min(options.draws, drawsBeforeLongerWindows);
  const centre = covariance === "posterior" ? "mean" : "mode";
  const maxPasses = affordablePasses / drawsWanted;
  const chosen = await chooseWindow(local, shape, { batchSize, learningRate, passes, tolerance, maxPasses, centre });
  return { batchSize, affordablePasses, chosen };
}

function chainSpec(
  { model, laplaceCovariance }: DenseApproximation,
  given: Pick<ChainSpec, "batchSize" | "step" | "burnInSteps" | "chains" | "draws" | "seed">,
  { iterates, steps }: WindowChoice,
): ChainSpec {
  return {
    ...given,
    model,
    gradient: "minibatch",
    pull: 0,
    noise: { kind: "none" },
    start: choleskySemidefinite(add(iterates, laplaceCovariance, 1, 1e-12)),
    stepsPerDraw: steps,
    momentEvery: 1,
  };
}

/** Windows that are asked for may take so many times the work that a run spends without asking, some quarter of an hour. */
const patience = 100;

/**
 * @param shortest passes that one step takes
 * @throws SamplerOptionError where a window is shorter than a step, or no run affords enough of them
 */
function requireWindow(passes: number, shortest: number, affordablePasses: number): void {
  const longest = (patience * affordablePasses) / minDraws;
  if (passes >= 0.5 * shortest && passes <= Math.max(1, longest)) return;
  throw new SamplerOptionError(
    passes < shortest
      ? `--window ${passes} is shorter than a single step, which visits ${shortest.toPrecision(3)} of a pass; use a longer one, or leave it out.`
      : `--window ${passes} is too long for a run of ${minDraws} draws a chain, which affords windows of ${longest.toPrecision(3)} passes; use a shorter one, or leave it out.`,
  );
}

/** The shapes h of which makes H: A⁻¹ for `full`, else those of constant SGD (I, diag(C)⁻¹, diag(C)^(-1/2)). */
function shapeOf(name: PreconditionerName, { hessian, noiseCovariance }: DenseApproximation): Matrix {
  if (name === "full") return invertPositiveDefinite(hessian);
  if (name === "scalar") return identity(hessian.rows);
  const power = name === "diagonal" ? -1 : -0.5;
  return diagonalMatrix(diagonal(noiseCovariance).map((value) => value ** power));
}

/** Averages take their spread from the gradient noise alone. */
function requireNoise(sandwich: Matrix): void {
  try {
    cholesky(sandwich);
  } catch (error) {
    if (!(error instanceof NotPositiveDefiniteError)) throw error;
    throw new SamplerOptionError(
      "iasg needs gradient noise in every direction, and these data have none in some (collinear columns, or fewer rows than columns); use --sampler sgfs or --sampler auto.",
    );
  }
}

/**
 * S ≤ √(N/κ), up to 10. The step that balances noise growth, of order h/S, against short windows, of order κ S/(h N), has
 * h/S of order √(κ/N) at most; so ρ(HA) stays below 1.
 * @param rates eigenvalues of H₀A, ascending; κ is the ratio of the last to the first
 */
function defaultBatchSize(numRows: number, rates: Float64Array): number {
  const condition = rates[rates.length - 1] / rates[0];
  // Where rounding leaves the least rate below 0 there is no condition.
  return Math.max(1, Math.min(10, Math.floor(Math.sqrt(numRows / condition)) || 1));
}

function notesOn(chosen: WindowChoice, draws: number, options: SamplerOptions): string[] {
  const { passes, error, meanError, learningRate } = chosen;
  const windows = passes === 1 ? "windows of one pass" : `windows of ${passes} passes`;
  const mapped = options.covariance !== "sandwich" ? " before the map to the posterior's covariance" : "";
  const off = `${windows} have sds off by ${percent(error)}${mapped}`;
  const notes: string[] = [];
  if (options.learningRate !== undefined) notes.push(`With the learning rate ${learningRate} ${off}.`);
  else if (options.window !== undefined) notes.push(`With --window ${passes} at best ${off}.`);
  else if (error > options.tolerance) notes.push(`The run affords no longer windows; at best ${off}.`);
  if (meanError > options.tolerance) {
    notes.push(
      `The loss is not quadratic where the iterates go, which moves the averages by about ${twoDigits(meanError)} sd.`,
    );
  }
  if (passes < 1) {
    const passesSeen = Math.round(passes * draws * options.chains);
    notes.push(
      `Windows shorter than a pass make draws that depend on one another: the mean is known no better than from ${passesSeen.toLocaleString("en")} independent draws, whatever their number.`,
    );
  }
  if (draws < options.draws) {
    notes.push(
      `A draw of iasg takes ${passes === 1 ? "a pass" : `${passes} passes`} over the data, so this run makes ${draws.toLocaleString("en")} draws a chain in place of ${options.draws.toLocaleString("en")}; --sampler control-variate makes draws that cost no pass each.`,
    );
  }
  return notes;
}

/** Draws θ̄ + B √m (w − θ̄) from the window means w, θ̄ their mean over all chains; B = I where there is no map. */
function scaledWindows(run: ChainOutput, stretch: number, map: Matrix | undefined): ChainOutput {
  const { dimension, mean, intervalMeans } = run;
  const positions = intervalMeans.map((means) => {
    const values = new Float64Array(means.length);
    for (let start = 0; start < means.length; start += dimension) {
      const deviation = mean.map((center, j) => stretch * (means[start + j] - center));
      (map ? multiplyVector(map, deviation) : deviation).forEach((value, j) => {
        values[start + j] = mean[j] + value;
      });
    }
    return values;
  });
  return { ...run, positions, covariance: covarianceOfRows(positions, mean) };
}
