import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { unlessZeroDensity, ZeroDensityError } from "../../models/custom-functions.ts";
import { type PrepareGradients, prepareGradients } from "../../rows/full-gradients.ts";
import { traitsOf } from "../../rows/rows-of.ts";
import { runNuts } from "../nuts/run.ts";
import { inSinglePrecision } from "../nuts/single-precision.ts";
import { type TransportCoordinates, transportCoordinates } from "../nuts/transport.ts";
import { iterationsPerDraw, planTransported, warmUp, workPerIteration } from "../nuts/transport-nuts.ts";
import { independentDraws, type Plan, type SamplerOptions } from "../plan.ts";
import type { DenseSampler } from "../sampler.ts";
import { maxWork } from "../tuning/draw-schedule.ts";

/**
 * Hamiltonian dynamics with gradients over all rows. The draws come from the posterior itself, whatever its shape, so nothing is
 * predicted: the Laplace sds stand beside them for comparison. Chains start from N(θ*, 4 P), P the Laplace covariance: twice as dispersed
 * as the posterior, so that R̂ would show chains that have not met.
 *
 * In transported coordinates the posterior is nearly normal, and trajectories are quarters of a turn (nuts/transport-nuts.ts,
 * nuts/quarter-turn.ts). Where a mass matrix was asked for, or a custom model has bounds nearby, the No-U-Turn sampler: trajectories
 * that stop by themselves (nuts/tree.ts), step size and mass matrix learned in a warm-up (nuts/step-size.ts, nuts/mass-matrix.ts), of which
 * the first is that of P; mean acceptance 0.8, depth at most 10, Stan's warm-up schedule.
 * Cost of an iteration: some 2 to 9 passes over all rows, or of the No-U-Turn sampler 2^depth − 1, mostly 3 or 7. Where that is
 * little, a draw is the last of several iterations.
 * Source: Hoffman & Gelman (2014); Betancourt (2017); the Stan reference manual, chapter "MCMC sampling".
 */
export const nuts: DenseSampler = {
  name: "nuts",
  summary: "Hamiltonian dynamics: exact for any shape of the posterior, several passes over the data a draw",
  assumes: [],
  takesCarried: true,
  readsCells: true,
  tuning: ["preconditioner"],
  preconditioners: ["diagonal", "full"],
  plan,
};

/** Whether a run needs no more than a share of the work that other samplers spend without asking: rows and columns are few. */
export function isNutsAffordable(local: Rows, { chains, draws }: Length, fraction = 1): boolean {
  return chains * (warmUp + draws) * workPerIteration(local.model, local.numRows) <= fraction * maxWork;
}

export type Rows = Pick<DenseApproximation, "model" | "numRows">;
type Length = Pick<SamplerOptions, "chains" | "draws">;

/** More iterations than draws, enough for the step size, and no more than Stan's schedule needs. */
const warmUpFor = (draws: number) => Math.min(Math.max(Math.ceil(1.5 * draws), 50), 1000);

const largestDense = 100;
const usualAcceptance = 0.8;

/** Those in which the posterior is nearly normal; none where a custom model has bounds nearby. */
function coordinatesFor(
  local: DenseApproximation,
  prepareLoss: PrepareGradients,
): Promise<TransportCoordinates | undefined> {
  const withinBounds: PrepareGradients = (capacity) => {
    const evaluate = prepareLoss(capacity);
    return async (positions) => {
      const results = await evaluate(positions);
      if (traitsOf(local.model).mayBeBounded && results.some(({ loss }) => loss === Number.POSITIVE_INFINITY))
        throw new ZeroDensityError();
      return results;
    };
  };
  return unlessZeroDensity(() => transportCoordinates(local, withinBounds));
}

async function plan(local: DenseApproximation, options: SamplerOptions): Promise<Plan> {
  const { model } = local;
  // A checkpoint has the chains' states; of their gradients there would be millions.
  const workspace = { ...local.workspace, checkpoint: undefined };
  const inDouble: PrepareGradients = (...asked) => prepareGradients(workspace, model, ...asked);
  if (options.preconditioner === undefined) {
    const prepareLoss = await inSinglePrecision(local, inDouble);
    const coordinates = await coordinatesFor(local, prepareLoss);
    const naming = { name: nuts.name, gradients: "gradients over all rows", numRows: local.numRows };
    if (coordinates) return planTransported(local, { prepareLoss, coordinates }, options, naming);
  }
  const stepsPerDraw = iterationsPerDraw(model, local.numRows, options);
  const preconditioner = options.preconditioner ?? (local.model.dimension <= largestDense ? "full" : "diagonal");
  const metric = preconditioner === "full" ? "dense" : "diagonal";
  const learning = warmUpFor(options.draws);
  const because = `NUTS: gradients over all rows, ${metric} mass matrix, step size and mass matrix learned in the warm-up for a mean acceptance of ${usualAcceptance}`;
  const { settings, prediction } = independentDraws(nuts.name, because, options);
  const adaptation = { metric, warmUp: learning, targetAcceptance: usualAcceptance, stepsPerDraw } as const;
  return {
    settings: { ...settings, preconditioner, burnInSteps: learning, stepsPerDraw },
    prediction: { ...prediction, law: "posterior", isKnown: false, covariance: local.laplaceCovariance },
    notes: [],
    sample: () => runNuts(local, { prepareLoss: inDouble, coordinates: null }, options, adaptation),
  };
}
