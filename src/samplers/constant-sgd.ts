import type { Problem } from "../estimation/problem.ts";
import { NotPositiveDefiniteError } from "../linalg/cholesky.ts";
import { identity, type Matrix, scale } from "../linalg/matrix.ts";
import * as optimal from "../theory/optimal.ts";
import { defaultBatchSize, missingNoise, planSgd, type SgdSettings } from "./plan-sgd.ts";
import { type Plan, type PreconditionerName, preconditioners, type Sampler, type SamplerOptions } from "./sampler.ts";

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

const theorem: Record<PreconditionerName, string> = {
  scalar: "Theorem 1: ε = 2SD/(N Tr C)",
  diagonal: "Corollary 3: H_kk = 2S/(N C_kk)",
  "sqrt-diagonal": "Theorem 7: H = ε diag(C)^(-1/2), ε = 2SD/(N Tr(C G⁻¹))",
  full: "Theorem 2: H = (2S/N) C⁻¹",
  "full-exact": "Theorem 2, exact at finite step: H = 2 (A + (N/S) C)⁻¹, C averaged over the posterior",
};

async function settings(problem: Problem, options: SamplerOptions): Promise<SgdSettings> {
  const preconditioner = options.preconditioner ?? "full-exact";
  const batchSize = options.batchSize ?? defaultBatchSize(problem.numRows);
  const { hessian, numRows } = problem;
  const exact = preconditioner === "full-exact";
  const noiseCovariance = exact ? await problem.noise.averagedOver(problem.laplaceCovariance) : problem.noiseCovariance;
  const given = { hessian, noiseCovariance, numRows, batchSize };
  const because = theorem[preconditioner];
  const notes: string[] = [];
  let step: Matrix;
  let injectedNoise: Matrix | undefined;
  if (exact) {
    ({ step, injectedNoise } = optimal.fullExactStep(given));
    if (injectedNoise)
      notes.push("The gradient noise does not reach every direction, so the missing part is injected as normal noise.");
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
  return {
    sampler: constantSgd.name,
    preconditioner,
    batchSize,
    learningRate,
    step,
    injectedNoise,
    because,
    notes,
  };
}

function chosenStep(name: PreconditionerName, given: optimal.NoiseAndCurvature): Matrix {
  try {
    if (name === "scalar") return identity(given.hessian.rows, optimal.scalarLearningRate(given));
    if (name === "diagonal") return optimal.diagonalPreconditioner(given);
    if (name === "sqrt-diagonal") return optimal.sqrtDiagonalPreconditioner(given);
    return optimal.fullPreconditioner(given);
  } catch (error) {
    if (!(error instanceof NotPositiveDefiniteError)) throw error;
    throw missingNoise(name);
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
  return planSgd(problem, await settings(problem, options), options);
}
