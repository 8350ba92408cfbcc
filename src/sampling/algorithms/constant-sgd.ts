import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import { preconditioners } from "../../options/tuning.ts";
import type { Plan, SamplerOptions } from "../plan.ts";
import type { DenseSampler } from "../sampler.ts";
import { estimateOnline } from "../tuning/online-noise.ts";
import { defaultBatchSize, planSgd } from "../tuning/plan-sgd.ts";
import { chooseSgdStep, sgdTheorems } from "../tuning/sgd-step.ts";
import { diagonalSgd } from "./constant-sgd-diagonal.ts";

/**
 * Constant-rate SGD: θ ← θ − H ĝ(θ), ĝ the gradient of S rows drawn with replacement.
 *
 * Stationary law: N(θ*, Σ) with Σ = (I − HA) Σ (I − HA)ᵀ + H C̄(Σ) H / S, the noise C̄ averaged over the law itself.
 * Settings: Theorem 1 (scalar), Theorem 2 (full), Corollary 3 (diagonal), Theorem 7 (square-root diagonal) of Mandt,
 * Hoffman & Blei (2017), section 4; `full-exact` is H = 2 (A + (N/S) C̄(P))⁻¹, for which Σ = P at any step size.
 * Where gradient noise is missing in some direction, `full-exact` injects the noise it needs (E Eᵀ = α A / N).
 * C comes from a pass over the rows, or from the chain's own batches before the chains that are kept (online-noise.ts); the
 * law is predicted for the H that was chosen, with the noise of all rows, either way.
 * Cost of a step: S D for the gradient, D² more with a full preconditioner.
 */
export const constantSgd: DenseSampler = {
  name: "constant-sgd",
  summary: "constant-rate SGD, step from gradient noise and curvature (Mandt, Hoffman & Blei, section 4)",
  assumes: ["A3", "A4"],
  expandsAroundMode: true,
  tuning: ["preconditioner", "batchSize", "learningRate", "noiseEstimate"],
  preconditioners,
  remedy: ({ preconditioner }) => ({
    fewDraws:
      preconditioner === "full" || preconditioner === "full-exact"
        ? "constant SGD makes at most one independent draw a pass over the data, so use --sampler auto"
        : "use --preconditioner full-exact or --sampler auto",
    accuracy: "use --preconditioner full-exact",
  }),
  plan,
  lowRank: diagonalSgd,
};

async function plan(local: DenseApproximation, options: SamplerOptions): Promise<Plan> {
  const { preconditioner = "full-exact", batchSize = defaultBatchSize(local.numRows) } = options;
  const { noiseEstimate = "pass" } = options;
  const { hessian, numRows } = local;
  const chooseStep = (noiseCovariance: Matrix) =>
    chooseSgdStep(preconditioner, { hessian, noiseCovariance, numRows, batchSize }, options.learningRate);
  const shared = { sampler: constantSgd.name, preconditioner, batchSize, noiseEstimate };
  const theorem = sgdTheorems[preconditioner];
  if (noiseEstimate === "pass") {
    const { noise, laplaceCovariance, noiseCovariance } = local;
    const chosen = chooseStep(
      preconditioner === "full-exact" ? await noise.averagedOver(laplaceCovariance) : noiseCovariance,
    );
    return planSgd(local, { ...shared, ...chosen, because: theorem }, options);
  }
  const online = await estimateOnline(local, noiseEstimate, shared, chooseStep, options);
  const chosen = chooseStep(online.covariance);
  const because = `${theorem}; C estimated online from ${online.batches.toLocaleString("en")} batches, over the chain's own law`;
  return planSgd(local, { ...shared, ...chosen, notes: [...chosen.notes, ...online.notes], because }, options);
}
