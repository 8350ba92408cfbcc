import type { Problem } from "../estimation/problem.ts";
import { defaultBatchSize, planSgd } from "./plan-sgd.ts";
import { type Plan, preconditioners, type Sampler, type SamplerOptions } from "./sampler.ts";
import { chooseSgdStep, sgdTheorems } from "./sgd-step.ts";

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

async function plan(problem: Problem, options: SamplerOptions): Promise<Plan> {
  const { preconditioner = "full-exact", batchSize = defaultBatchSize(problem.numRows) } = options;
  const { hessian, numRows, noise, laplaceCovariance } = problem;
  const noiseCovariance =
    preconditioner === "full-exact" ? await noise.averagedOver(laplaceCovariance) : problem.noiseCovariance;
  const chosen = chooseSgdStep(preconditioner, { hessian, noiseCovariance, numRows, batchSize }, options.learningRate);
  const because = sgdTheorems[preconditioner];
  return planSgd(problem, { sampler: constantSgd.name, preconditioner, batchSize, ...chosen, because }, options);
}
