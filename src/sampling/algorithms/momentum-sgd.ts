import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { preconditioners } from "../../options/tuning.ts";
import type { Plan, SamplerOptions } from "../plan.ts";
import { type DenseSampler, SamplerOptionError } from "../sampler.ts";
import { defaultBatchSize, planSgd } from "../tuning/plan-sgd.ts";
import { chooseSgdStep, sgdTheorems } from "../tuning/sgd-step.ts";

/**
 * Constant-rate SGD with momentum: v ← (1 − μ) v − H ĝ(θ), θ ← θ + v, ĝ the gradient of S rows drawn with replacement.
 *
 * Stationary law: N(θ*, Σ), Σ the θ part of the exact finite-step law of (θ, v) in theory/momentum.ts, with the noise C̄
 * averaged over the law itself; in continuous time μ (HAΣ + ΣAH) = HCH/S.
 * Settings: those of constant SGD with μS in place of S; `full-exact` is H = 2 (A/(2−μ) + (N/(Sμ)) C̄(P))⁻¹, for which Σ = P
 * at any step size.
 * Cost of a step: that of constant SGD and 2 D more. Independent draws are as far apart as without momentum.
 * Source: Mandt, Hoffman & Blei (2017), section 4.3 and appendix D; the finite-step law and `full-exact` are not in the paper.
 */
export const momentumSgd: DenseSampler = {
  name: "momentum-sgd",
  summary: "constant-rate SGD with momentum (section 4.3)",
  assumes: ["A3", "A4"],
  expandsAroundMode: true,
  tuning: ["preconditioner", "batchSize", "learningRate", "momentum"],
  preconditioners,
  remedy: ({ preconditioner }) => ({
    fewDraws:
      preconditioner === "full" || preconditioner === "full-exact"
        ? "SGD makes at most one independent draw a pass over the data, with or without momentum, so use --sampler auto"
        : "use --preconditioner full-exact or --sampler auto",
    accuracy: "use --preconditioner full-exact",
  }),
  plan,
};

/**
 * μ. It cannot be chosen for speed: at the optimal settings the autocorrelation time is the same for every μ
 * (`momentumAutocorrelationTime`). It can be chosen for accuracy: the finite-step error of the paper's settings falls as
 * μ/(2 − μ), to a nineteenth at 0.1, which is also the customary value (a velocity of which nine tenths are kept). Much
 * smaller values, below about 8S/N, would make the iterates swing around the mode.
 */
const defaultMomentum = 0.1;

async function plan(local: DenseApproximation, options: SamplerOptions): Promise<Plan> {
  const { preconditioner = "full-exact", batchSize = defaultBatchSize(local.numRows) } = options;
  const { momentum = defaultMomentum } = options;
  if (!(momentum > 0 && momentum <= 1)) {
    throw new SamplerOptionError(
      `--momentum ${momentum} is out of range: momentum-sgd needs the share of the velocity that a step forgets, above 0 and at most 1.`,
    );
  }
  const { hessian, numRows, noise, laplaceCovariance } = local;
  const noiseCovariance =
    preconditioner === "full-exact" ? await noise.averagedOver(laplaceCovariance) : local.noiseCovariance;
  const given = { hessian, noiseCovariance, numRows, batchSize };
  const chosen = chooseSgdStep(preconditioner, given, options.learningRate, momentum);
  const because =
    preconditioner === "full-exact"
      ? "Theorem 2 with momentum, exact at finite step: H = 2 (A/(2-μ) + (N/(Sμ)) C)⁻¹, C averaged over the posterior"
      : `${sgdTheorems[preconditioner]}, μS in place of S (section 4.3)`;
  const sampler = momentumSgd.name;
  return planSgd(local, { sampler, preconditioner, batchSize, momentum, ...chosen, because }, options);
}
