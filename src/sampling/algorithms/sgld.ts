import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { largestSdError } from "../../theory/divergence.ts";
import { langevinAsSgd } from "../../theory/langevin.ts";
import { contractionRates, discreteStationaryCovariance } from "../../theory/stationary.ts";
import type { Plan, SamplerOptions } from "../plan.ts";
import type { DenseSampler } from "../sampler.ts";
import { defaultBatchSize, planSgd } from "../tuning/plan-sgd.ts";
import { planFallingRate } from "../tuning/sgld-schedule.ts";

/**
 * Stochastic gradient Langevin dynamics: θ ← θ − (ε/2) N ĝ(θ) + √ε z, z ~ N(0, I), ĝ the gradient of S rows drawn with
 * replacement.
 *
 * Stationary law at a constant rate: that of SGD with H = (εN/2) I and injected noise Q = ε I, at the finite step and with
 * the noise C̄ averaged over the law itself; in continuous time ½N (AΣ + ΣA) = I + (ε N²/(4S)) C. Σ exceeds P by the
 * minibatch noise, of order ε N² C/(4S), and by the finite step; both vanish with ε.
 * Settings: the largest ε for which no sd errs by more than nine tenths of the tolerance, or, with `--schedule decreasing`,
 * rates that begin above it and fall (sgld-schedule.ts). S hardly matters: ε grows with it, and rows a draw stay the same.
 * Cost of a step: S D for the gradient and D for the noise; of an independent draw, about 4/(ε N λ_min(A)) steps.
 * Source: Welling & Teh (2011); Mandt, Hoffman & Blei (2017), section 5.1, with the erratum in theory/langevin.ts.
 */
export const sgld: DenseSampler = {
  name: "sgld",
  summary: "stochastic gradient Langevin dynamics, rates from the tolerance (section 5.1)",
  assumes: ["A3", "A4"],
  expandsAroundMode: true,
  tuning: ["batchSize", "learningRate", "schedule"],
  preconditioners: [],
  remedy: () => ({
    fewDraws: "Langevin dynamics is as slow as its flattest direction, so use --sampler auto",
    accuracy: "leave --learning-rate out or lower it",
  }),
  plan,
};

/** Of the tolerance, so that what the estimate of the rate neglects still finds room. */
const fractionOfTolerance = 0.9;
/** Beyond this error of an sd the noise at the posterior says little about the noise at the law. */
const largestError = 0.2;

async function plan(local: DenseApproximation, options: SamplerOptions): Promise<Plan> {
  const { batchSize = defaultBatchSize(local.numRows), schedule = "constant" } = options;
  const tolerated = await toleratedRate(
    local,
    batchSize,
    fractionOfTolerance * Math.min(options.tolerance, largestError),
  );
  if (schedule === "decreasing") return planFallingRate(local, tolerated, batchSize, options);
  const learningRate = options.learningRate ?? tolerated;
  const { hessian, noiseCovariance, numRows } = local;
  const sgd = langevinAsSgd({ hessian, noiseCovariance, numRows, batchSize }, learningRate);
  const notes =
    learningRate === tolerated
      ? []
      : [
          `The learning rate is ${learningRate}, the theory's is ${tolerated.toPrecision(4)}: the predicted sds below show what the difference costs.`,
        ];
  const settings = {
    sampler: sgld.name,
    preconditioner: null,
    batchSize,
    learningRate,
    schedule,
    notes,
    step: sgd.preconditioner,
    injectedNoise: sgd.injectedNoise,
    because: "section 5.1: the largest rate that keeps every sd within the tolerance",
  };
  return planSgd(local, settings, options);
}

/**
 * The largest ε, to 1%, at which the largest relative error of an sd is `allowed`, with the noise averaged over the
 * posterior; at most the one at which a step closes the whole distance to the mode, ε N λ_max/2 = 1. The error is nearly
 * proportional to ε, so repeated scaling finds it.
 */
async function toleratedRate(local: DenseApproximation, batchSize: number, allowed: number): Promise<number> {
  const { hessian, numRows, laplaceCovariance, noise } = local;
  const noiseCovariance = await noise.averagedOver(laplaceCovariance);
  const given = { hessian, noiseCovariance, numRows, batchSize };
  const curvatures = contractionRates(langevinAsSgd(given, 1).preconditioner, hessian);
  const largest = 1 / curvatures[curvatures.length - 1];
  let rate = 0.1 * largest;
  for (let iteration = 0; iteration < 20; iteration++) {
    const error = largestSdError(discreteStationaryCovariance(langevinAsSgd(given, rate)), laplaceCovariance);
    const next = Math.min(largest, rate * Math.min(10, allowed / error));
    const isClose = Math.abs(next / rate - 1) < 0.01;
    rate = next;
    if (isClose) break;
  }
  return rate;
}
