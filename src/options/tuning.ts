import { aboveZero, choice, flagOf, type OptionsOf, wholeNumber } from "./option.ts";

/** The shapes of the matrix that steps are multiplied by. */
export const preconditioners = ["scalar", "diagonal", "sqrt-diagonal", "full", "full-exact"] as const;
/** The shape of the matrix that steps are multiplied by. */
export type PreconditionerName = (typeof preconditioners)[number];

const chosen = "chosen from the theory";

/** What a user may set of a sampler's steps. Each sampler lists those that it takes (`Sampler.tuning`). */
export const tuningOptions = {
  /** The shape of the matrix that steps are multiplied by. */
  preconditioner: choice(preconditioners, {
    argument: "<shape>",
    help: "shape of the matrix that each step multiplies the gradient by",
    otherwise: chosen,
  }),
  /** S: rows of a minibatch. */
  batchSize: wholeNumber([1, 1_000_000], {
    argument: "<rows>",
    help: "rows in each step's minibatch",
    otherwise: chosen,
  }),
  /** ε: the step size of the stochastic-gradient samplers. */
  learningRate: aboveZero({
    argument: "<rate>",
    help: "step size: the number that each step multiplies the (preconditioned) gradient by",
    otherwise: chosen,
  }),
  /** h of control variates: the share of the way to the mode that a step goes. */
  damping: aboveZero({
    argument: "<share>",
    help: "step size, as the share of the distance to the mode that one step takes away",
    otherwise: "chosen from the tolerance",
  }),
  /** μ, in (0, 1]: the share of the velocity that a step forgets. */
  momentum: aboveZero(
    {
      argument: "<share>",
      help: "share of the velocity that each step forgets; 1 is SGD without momentum",
      otherwise: chosen,
    },
    1,
  ),
  /** m: passes over the data that one window of iterate averaging takes. */
  window: aboveZero({
    argument: "<passes>",
    help: "passes over the data whose iterates are averaged into one draw",
    otherwise: chosen,
  }),
  /** What iterate averages are given as their covariance: P, or the sandwich A⁻¹CA⁻¹/N, robust to a wrong model. */
  covariance: choice(["posterior", "sandwich"], {
    argument: "<which>",
    help: "covariance that the draws are given: the posterior's, or the sandwich estimator's, which holds where the model is wrong too",
    default: "posterior",
  }),
  /** Where C comes from: a pass over all rows at the mode, or the chain's own batches while it runs. */
  noiseEstimate: choice(["pass", "within-batch", "first-row"], {
    argument: "<how>",
    help: "estimate the covariance of the gradient noise by a pass over all rows at the mode, or while the chains run: from all rows of each minibatch (within-batch) or from its first (first-row)",
    default: "pass",
  }),
  /** Whether the rates of Langevin dynamics stay or fall. */
  schedule: choice(["constant", "decreasing"], {
    argument: "<which>",
    help: "keep the step size constant, or let it decrease as the chain goes on",
    default: "constant",
  }),
  /** h_max of Fisher scoring: where a step would be larger, noise is injected in its place. */
  maxStep: aboveZero({
    argument: "<size>",
    help: "largest step size in any direction; where Fisher scoring asks for more, noise is added instead",
    otherwise: chosen,
  }),
};

export type TuningName = keyof typeof tuningOptions;

/** What a user may set of a sampler's steps; whatever is left out is chosen from the theory. */
export interface Tuning extends OptionsOf<typeof tuningOptions> {}

export type NoiseEstimateName = NonNullable<Tuning["noiseEstimate"]>;
export type ScheduleName = NonNullable<Tuning["schedule"]>;

/** The tuning that a run had, as it is reported; null where a sampler has no such setting. */
export type ReportedTuning = { readonly [Name in TuningName]: NonNullable<Tuning[Name]> | null };

const tuningNames = Object.keys(tuningOptions) as TuningName[];

/** Settings that a sampler does not have. */
export const noTuning = Object.fromEntries(tuningNames.map((name) => [name, null])) as Record<TuningName, null>;

/** What was given of all tuning, or of some. */
export function givenTuning(options: Tuning, names: readonly TuningName[] = tuningNames): TuningName[] {
  return names.filter((name) => options[name] !== undefined);
}

/** The flags of what was given. */
export function tuningFlagsOf(options: Tuning, names?: readonly TuningName[]): string[] {
  return givenTuning(options, names).map(flagOf);
}
