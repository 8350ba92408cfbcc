import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { matrix, scale } from "../../linalg/matrix.ts";
import { hasQuadraticLikelihood, isQuadratic, type Model } from "../../models/model.ts";
import { noTuning } from "../../options/tuning.ts";
import { traitsOf } from "../../rows/rows-of.ts";
import { averagedAutocorrelationTime, averagedNoiseFactor } from "../../theory/control-variate.ts";
import { percent } from "../../wording.ts";
import type { SpecWithoutVelocity } from "../chains/chain-spec.ts";
import { RunAwayError } from "../chains/run-away.ts";
import { runTracedChains } from "../chains/traced-chains.ts";
import type { Plan, SamplerOptions } from "../plan.ts";
import { type DenseSampler, SamplerOptionError } from "../sampler.ts";
import { chooseDamping, type DampingChoice } from "../tuning/choose-damping.ts";
import { drawSchedule } from "../tuning/draw-schedule.ts";
import { poolShare, type ResidualNoise, residualNoise } from "../tuning/residual-noise.ts";

/**
 * SGD with control variates: θ ← θ − h (θ − θ̂) − h P N r̂(θ) + ½ R (z_t + z_{t+1}), z ~ N(0, I), where r̂ is the mean over S
 * rows, drawn by influence and weighted by 1/(N p_n), of the part of a row's gradient that is not linear around the mode:
 * r_n(θ) = ∇ℓ_n(θ) − ∇ℓ_n(θ̂) − ∇²ℓ_n(θ̂) (θ − θ̂). The linear parts of all rows sum to N A (θ − θ̂) = P⁻¹ (θ − θ̂), which
 * needs no rows at all, so the estimate of the full gradient is unbiased and its noise is of second order in θ − θ̂.
 *
 * Stationary law: R (theory/control-variate.ts) makes it N(θ̂, P) for a quadratic loss at any damping h. For other losses the
 * error falls with h², as the noise is averaged over two steps, and h is chosen by halving it until the sds stop changing
 * (choose-damping.ts).
 * Cost of a step: S D + 1.5 D², whatever N is; of an independent draw, 2/h steps.
 * Where so small a step would need a batch of most rows, all rows are read, in order, and leave no noise. Of rows on disk the chains
 * draw from a pool in memory (residual-noise.ts).
 * Sources: control variates, Baker, Fearnhead, Fox & Nemeth (2019); non-uniform rows, Putcha, Nemeth & Fearnhead (2022);
 * the passage past one sample a pass, Mandt, Hoffman & Blei (2017), section 6.2, footnote.
 */
export const controlVariate: DenseSampler = {
  name: "control-variate",
  summary: "SGD around the mode with control variates: cost per draw independent of the number of rows",
  assumes: [],
  readsBlocks: true,
  expandsAroundMode: true,
  takesCarried: true,
  readsCells: true,
  tuning: ["batchSize", "damping"],
  preconditioners: [],
  unsupportedReason: (model) =>
    traitsOf(model).areDrawnByInfluence
      ? null
      : "it needs the linear predictors of rows, which a custom model does not give",
  remedy: () => ({ accuracy: "lower --damping", prediction: "lower --damping" }),
  plan,
};

async function plan(local: DenseApproximation, options: SamplerOptions): Promise<Plan> {
  const { damping: asked } = options;
  if (asked !== undefined && !(asked > 0 && asked <= 1)) {
    throw new SamplerOptionError(
      `--damping ${asked} is out of range: control-variate needs a number above 0 and at most 1.`,
    );
  }
  const noise = await residualNoise(local, options);
  if (asked !== undefined && !noise.isFeasible(asked)) {
    throw new SamplerOptionError(
      `--damping ${asked} with batches of ${noise.batchFor(asked).size} rows makes more noise than the posterior allows; raise --batch-size or lower --damping.`,
    );
  }
  const spec = (damping: number) => chainSpec(local, noise, damping, options);
  const choice: DampingChoice = isQuadratic(local.model)
    ? { damping: asked ?? 1, pilot: null }
    : await chooseDamping(local, spec, noise.isFeasible, options);
  const { damping, pilot } = choice;
  if (pilot && !Number.isFinite(pilot.error)) throw new RunAwayError(controlVariate.name, `damping ${damping}`);
  const chosen = spec(damping);
  const time = averagedAutocorrelationTime(damping);
  const schedule = drawSchedule(chosen, time, options, "--sampler nuts, or fewer and less rare columns");
  const notes = [...schedule.notes, ...poolNotes(noise, options)];
  if (asked !== undefined && pilot && pilot.error > options.tolerance) {
    notes.push(`With the damping ${asked} the step makes posterior sds wrong by up to ${percent(pilot.error)}.`);
  }
  return {
    settings: {
      sampler: controlVariate.name,
      ...noTuning,
      batchSize: chosen.batchSize,
      damping,
      burnInSteps: schedule.burnInSteps,
      stepsPerDraw: schedule.stepsPerDraw,
      chains: options.chains,
      draws: options.draws,
      seed: options.seed,
      because: rationaleOf(local.model, noise, damping, options),
    },
    prediction: {
      ...(pilot ? { law: "extrapolated", extrapolation: pilot } : { law: "normal" }),
      covariance: local.laplaceCovariance,
      // To first order an sd is off by its share of what a loss is off, over √2.
      maxSdError: Math.hypot(pilot?.error ?? 0, (noise.pool?.error ?? 0) / Math.SQRT2),
      largestStableScale: 2 / damping,
      largestContraction: damping,
      autocorrelationTime: time,
    },
    notes,
    sample: () => runTracedChains(local, { ...chosen, ...schedule }, time),
  };
}

/** A sentence where memory is too small for a pool as large as the tolerance wants. */
function poolNotes({ pool }: ResidualNoise, { tolerance }: SamplerOptions): string[] {
  if (!pool || pool.error <= poolShare * tolerance) return [];
  return [
    `The pool of ${pool.size.toLocaleString("en")} rows is the largest that memory allows, and moves a mean by up to ${(2 * pool.error).toPrecision(2)} sd; raise --memory.`,
  ];
}

function rationaleOf(
  model: Model,
  { pool, batchFor }: Pick<ResidualNoise, "pool" | "batchFor">,
  damping: number,
  { tolerance }: SamplerOptions,
): string {
  const batch = batchFor(damping);
  if (isQuadratic(model))
    return "control variates: the loss is quadratic, so they leave no minibatch noise and steps two apart are independent draws";
  const ofBatch = batch.noise > 0 ? `the batch makes ${percent(batch.noise)} of the noise` : "all rows at every step";
  const noise = hasQuadraticLikelihood(model) ? "which needs no rows as the likelihood is quadratic" : ofBatch;
  const drawn = pool
    ? `a pool of ${pool.size.toLocaleString("en")} ${model.groups ? "groups" : "rows"} by influence, which moves a mean by ${pool.error.toPrecision(1)} sd`
    : "rows by influence";
  return `control variates, ${drawn}: damping ${damping} from the tolerance ${tolerance}, ${noise}`;
}

function chainSpec(
  local: DenseApproximation,
  { weighted, whitened, batchFor }: ResidualNoise,
  damping: number,
  options: SamplerOptions,
): SpecWithoutVelocity {
  const { model, laplaceCovariance, laplaceFactor, numRows } = local;
  const { size: batchSize, noise } = batchFor(damping);
  const isExact = noise === 0;
  const ofBatch = isExact ? matrix(whitened.rows, whitened.rows) : whitened;
  return {
    // Where no step reads a row, any rows in memory will do for those on disk.
    model: isExact && !model.blocks ? model : weighted,
    isSequential: isExact,
    gradient: "control-variate",
    batchSize,
    pull: damping,
    step: { kind: "dense", matrix: scale(laplaceCovariance, damping * numRows) },
    noise: { kind: "dense", matrix: averagedNoiseFactor(laplaceFactor, ofBatch, damping, Math.max(1, batchSize)) },
    averagesNoise: true,
    start: local.laplaceFactor,
    burnInSteps: 0,
    stepsPerDraw: 1,
    momentEvery: 1,
    chains: options.chains,
    draws: options.draws,
    seed: options.seed,
  };
}
