import { Gradient } from "../../kernels/layout.ts";
import type { Problem } from "../estimation/problem.ts";
import { cholesky, NotPositiveDefiniteError } from "../linalg/cholesky.ts";
import { add, diagonal, identity, type Matrix, multiply, scale, symmetricPart } from "../linalg/matrix.ts";
import { autocorrelationTime } from "../theory/control-variate.ts";
import { largestSdError } from "../theory/divergence.ts";
import * as optimal from "../theory/optimal.ts";
import { largestStableScale, stateDependentCovariance } from "../theory/stability.ts";
import { contractionRates } from "../theory/stationary.ts";
import { drawSchedule } from "./draw-schedule.ts";
import { runChains, type StepMatrix } from "./run-chains.ts";
import {
  noTuning,
  type Plan,
  type PreconditionerName,
  preconditioners,
  type Sampler,
  SamplerOptionError,
  type SamplerOptions,
} from "./sampler.ts";

/**
 * Constant-rate SGD: θ ← θ − H ĝ(θ), ĝ the gradient of S rows drawn with replacement.
 *
 * Stationary law: N(θ*, Σ) with Σ = (I − HA) Σ (I − HA)ᵀ + H C̄(Σ) H / S, the noise C̄ averaged over the law itself.
 * Settings: Theorem 1 (scalar), Theorem 2 (full), Corollary 3 (diagonal), Theorem 7 (square-root diagonal) of Mandt,
 * Hoffman & Blei (2017), section 4; `full-exact` is H = 2 (A + (N/S) C̄(P))⁻¹, for which Σ = P at any step size.
 * Where gradient noise is missing in some direction, `full-exact` injects the noise it needs (E Eᵀ = α A / N).
 * Cost of a step: S D for the gradient, D² more with a full preconditioner.
 */
export const constantSgd: Sampler = {
  name: "constant-sgd",
  summary: "constant-rate SGD, step from gradient noise and curvature (Mandt, Hoffman & Blei, section 4)",
  assumes: ["A3", "A4"],
  tuning: ["preconditioner", "batchSize", "learningRate"],
  preconditioners,
  cure: ({ preconditioner }) => ({
    fewDraws:
      preconditioner === "full" || preconditioner === "full-exact"
        ? "constant SGD makes at most one independent draw a pass over the data, so use --sampler auto"
        : "use --preconditioner full-exact or --sampler auto",
    accuracy: "use --preconditioner full-exact",
  }),
  plan,
};

/** What the theory chooses, before the chains run. */
interface Settings {
  readonly preconditioner: PreconditionerName;
  readonly batchSize: number;
  readonly learningRate: number;
  /** H */
  readonly step: Matrix;
  /** Covariance of the injected noise and its factor, where the gradient noise does not suffice. */
  readonly injected?: { readonly covariance: Matrix; readonly factor: Matrix };
  readonly because: string;
  readonly notes: readonly string[];
}

/**
 * S: large enough that a batch's noise is near normal, small enough that HA ≈ 2S/N stays well below 1; up to 100.
 * A multiple of 4, as the kernel takes four rows at a time.
 */
function defaultBatchSize(numRows: number): number {
  return Math.min(100, Math.max(4, 4 * Math.floor(numRows / 200)));
}

const theorem: Record<PreconditionerName, string> = {
  scalar: "Theorem 1: ε = 2SD/(N Tr C)",
  diagonal: "Corollary 3: H_kk = 2S/(N C_kk)",
  "sqrt-diagonal": "Theorem 7: H = ε diag(C)^(-1/2), ε = 2SD/(N Tr(C G⁻¹))",
  full: "Theorem 2: H = (2S/N) C⁻¹",
  "full-exact": "Theorem 2, exact at finite step: H = 2 (A + (N/S) C)⁻¹, C averaged over the posterior",
};

async function settings(problem: Problem, options: SamplerOptions): Promise<Settings> {
  const preconditioner = options.preconditioner ?? "full-exact";
  const batchSize = options.batchSize ?? defaultBatchSize(problem.numRows);
  const { hessian, numRows } = problem;
  const exact = preconditioner === "full-exact";
  const noiseCovariance = exact ? await problem.noise.averagedOver(problem.laplaceCovariance) : problem.noiseCovariance;
  const given = { hessian, noiseCovariance, numRows, batchSize };
  const because = theorem[preconditioner];
  const notes: string[] = [];
  let step: Matrix;
  let injected: Settings["injected"];
  if (exact) {
    const share = optimal.injectedNoiseShare(given);
    const excess = scale(hessian, share / numRows);
    step = optimal.fullExactPreconditioner(given, excess);
    if (share > 0) {
      const covariance = symmetricPart(multiply(multiply(step, excess), step));
      injected = { covariance, factor: cholesky(covariance) };
      notes.push("The gradient noise does not reach every direction, so the missing part is injected as normal noise.");
    }
  } else {
    step = chosenStep(preconditioner, given);
  }
  const optimalRate = learningRateOf(preconditioner, given);
  const learningRate = options.learningRate ?? optimalRate;
  if (learningRate !== optimalRate) {
    step = scale(step, learningRate / optimalRate);
    notes.push(
      `The learning rate ${learningRate} is yours; the theory's is ${optimalRate.toPrecision(4)}, and the predicted sds below show what the difference costs.`,
    );
  }
  return { preconditioner, batchSize, learningRate, step, injected, because, notes };
}

function chosenStep(name: PreconditionerName, given: optimal.NoiseAndCurvature): Matrix {
  try {
    if (name === "scalar") return identity(given.hessian.rows, optimal.scalarLearningRate(given));
    if (name === "diagonal") return optimal.diagonalPreconditioner(given);
    if (name === "sqrt-diagonal") return optimal.sqrtDiagonalPreconditioner(given);
    return optimal.fullPreconditioner(given);
  } catch (error) {
    if (!(error instanceof NotPositiveDefiniteError)) throw error;
    throw new SamplerOptionError(
      `--preconditioner ${name} needs gradient noise in every direction, and these data have none in some (collinear columns, or fewer rows than columns); use full-exact.`,
    );
  }
}

/** ε in H = ε I, ε diag(C)⁻¹, ε diag(C)^(-1/2), ε C⁻¹ and ε ((S/N) A + C)⁻¹. */
function learningRateOf(name: PreconditionerName, given: optimal.NoiseAndCurvature): number {
  if (name === "scalar") return optimal.scalarLearningRate(given);
  if (name === "sqrt-diagonal") {
    const first = optimal.sqrtDiagonalPreconditioner(given).data[0];
    return first * Math.sqrt(given.noiseCovariance.data[0]);
  }
  return (2 * given.batchSize) / given.numRows;
}

async function plan(problem: Problem, options: SamplerOptions): Promise<Plan> {
  const chosen = await settings(problem, options);
  const { model, hessian, laplaceCovariance } = problem;
  const sgd = {
    preconditioner: chosen.step,
    hessian,
    noiseCovariance: problem.noiseCovariance,
    batchSize: chosen.batchSize,
    injectedNoise: chosen.injected?.covariance,
  };
  const stableScale = await largestStableScale(sgd, problem.noise);
  const { covariance } = await stateDependentCovariance(sgd, problem.noise);
  const rates = contractionRates(chosen.step, hessian);
  const isDense = chosen.preconditioner === "full" || chosen.preconditioner === "full-exact";
  const step: StepMatrix = isDense
    ? { kind: "dense", matrix: chosen.step }
    : chosen.preconditioner === "scalar"
      ? { kind: "scalar", value: chosen.step.data[0] }
      : { kind: "diagonal", values: diagonal(chosen.step) };
  const noise: StepMatrix = chosen.injected ? { kind: "dense", matrix: chosen.injected.factor } : { kind: "none" };
  const time = autocorrelationTime(rates[0]);
  const schedule = drawSchedule({ model, batchSize: chosen.batchSize, step, noise }, time, options);
  return {
    settings: {
      sampler: constantSgd.name,
      ...noTuning,
      preconditioner: chosen.preconditioner,
      batchSize: chosen.batchSize,
      learningRate: chosen.learningRate,
      burnInSteps: schedule.burnInSteps,
      stepsPerDraw: schedule.stepsPerDraw,
      chains: options.chains,
      draws: options.draws,
      seed: options.seed,
      because: chosen.because,
    },
    prediction: {
      covariance,
      maxSdError: largestSdError(covariance, laplaceCovariance),
      meanSquareStable: true,
      largestStableScale: stableScale,
      largestContraction: rates[rates.length - 1],
      autocorrelationTime: time,
    },
    notes: [...chosen.notes, ...schedule.notes],
    sample: () =>
      runChains(problem, {
        model,
        gradient: Gradient.minibatch,
        batchSize: chosen.batchSize,
        pull: 0,
        step,
        noise,
        start: cholesky(add(covariance, laplaceCovariance, 1, 1e-12)),
        ...schedule,
        chains: options.chains,
        draws: options.draws,
        seed: options.seed,
      }),
  };
}
