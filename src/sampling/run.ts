import type {
  DenseApproximation,
  LocalApproximation,
  LowRankApproximation,
} from "../estimation/local-approximation.ts";
import { NotPositiveDefiniteError } from "../linalg/cholesky.ts";
import { flagOf } from "../options/option.ts";
import { haveLeftPosterior, maxStepHalvings, RunAwayError, stepSetting } from "./chains/run-away.ts";
import type { ChainOutput, LowRankPlan, Plan, SamplerOptions, StreamedOutput } from "./plan.ts";
import { type Sampler, SamplerOptionError } from "./sampler.ts";

interface RunOf<Local extends LocalApproximation, P, Output> {
  readonly curvature: Local["curvature"];
  readonly local: Local;
  readonly sampler: Sampler;
  readonly plan: P;
  readonly output: Output;
  /** Choosing the settings, and running the chains. */
  readonly seconds: { readonly plan: number; readonly sample: number };
  /** Rows read by both. */
  readonly rowsVisited: number;
}

export type DenseRun = RunOf<DenseApproximation, Plan, ChainOutput>;
export type LowRankRun = RunOf<LowRankApproximation, LowRankPlan, StreamedOutput>;

/** A sampler's settings and draws, and what they were made from. */
export type Run = DenseRun | LowRankRun;

export function isDense(run: Run): run is DenseRun {
  return run.curvature === "dense";
}

/**
 * Settings → draws. Where the chains run away with a step of the program's choice, the step is halved, a few times.
 * @param inspect Sees the settings before the chains run; what it throws ends the run.
 * @throws RunAwayError where the chains run away with a step that was given, or with every step
 */
export function sampleFrom(
  local: LocalApproximation,
  sampler: Sampler,
  options: SamplerOptions,
  inspect?: (plan: Plan) => void,
): Promise<Run> {
  if (local.curvature === "dense") return sampleDensely(local, sampler, options, inspect);
  const { lowRank } = sampler;
  if (!lowRank) throw new TypeError(`${sampler.name} has no variant for curvature of low rank.`);
  const hasLeft = ({ positions }: StreamedOutput) => haveLeftPosterior(local, positions, lowRank.staysNearMode);
  return runWithShorterSteps(local, sampler, options, { plan: lowRank.plan, hasLeft });
}

/** The same where matrices of all pairs are held. */
export function sampleDensely(
  local: DenseApproximation,
  sampler: Sampler,
  options: SamplerOptions,
  inspect?: (plan: Plan) => void,
): Promise<DenseRun> {
  const { plan } = sampler;
  if (!plan) throw new TypeError(`${sampler.name} has no variant for dense curvature.`);
  const hasLeft = ({ mean, positions, intervalMeans, steps = [], covariance }: ChainOutput) =>
    haveLeftPosterior(local, [mean, ...positions, ...intervalMeans, ...steps], sampler.expandsAroundMode) ||
    !covariance.data.every(Number.isFinite);
  return runWithShorterSteps(local, sampler, options, { plan, inspect, hasLeft });
}

interface Road<Local, P, Output> {
  plan(local: Local, options: SamplerOptions): Promise<P>;
  inspect?(plan: P): void;
  hasLeft(output: Output): boolean;
}

async function runWithShorterSteps<
  Local extends LocalApproximation,
  P extends { settings: Plan["settings"]; notes: readonly string[]; sample(): Promise<Output> },
  Output,
>(
  local: Local,
  sampler: Sampler,
  options: SamplerOptions,
  road: Road<Local, P, Output>,
): Promise<RunOf<Local, P, Output>> {
  const { workspace } = local;
  const started = performance.now();
  const before = workspace.counter.rowsVisited;
  const setting = stepSetting(sampler, local);
  let tried = options;
  for (let halvings = 0; ; halvings++) {
    workspace.onProgress?.("choosing the step", 0);
    const { plan, planned, output } = await attempt(local, sampler, tried, road);
    if (plan && output) {
      const seconds = { plan: (planned - started) / 1000, sample: (performance.now() - planned) / 1000 };
      const rowsVisited = workspace.counter.rowsVisited - before;
      const told = tried === options ? plan : withShortened(plan, sampler, setting);
      return { curvature: local.curvature, local, sampler, plan: told, output, seconds, rowsVisited };
    }
    const step = setting && (plan?.settings[setting] ?? tried[setting]);
    // A step of the user's own is not shortened.
    if (!setting || options[setting] !== undefined || !step || halvings === maxStepHalvings)
      throw runAway(local, sampler, { asked: options, tried });
    tried = { ...tried, [setting]: step / 2 };
  }
}

/** A plan and its draws; without draws, or without either, where the chains ran away. */
async function attempt<Local extends LocalApproximation, P extends { sample(): Promise<Output> }, Output>(
  local: Local,
  sampler: Sampler,
  options: SamplerOptions,
  { plan: planFor, inspect, hasLeft }: Road<Local, P, Output>,
): Promise<{ readonly plan?: P; readonly planned: number; readonly output?: Output }> {
  try {
    const plan = await planFor(local, options);
    inspect?.(plan);
    const planned = performance.now();
    const output = await plan.sample();
    return { plan, planned, ...(!hasLeft(output) && { output }) };
  } catch (error) {
    if (error instanceof RunAwayError) return { planned: performance.now() };
    throw error instanceof NotPositiveDefiniteError ? indefinite(sampler) : error;
  }
}

/** Curvature, noise or a predicted spread that is no covariance matrix. */
function indefinite({ name }: Sampler): SamplerOptionError {
  const remedy = name === "conjugate" ? "--sampler nuts" : "--sampler auto";
  return new SamplerOptionError(
    `${name} finds no law for its draws here: to rounding, the noise or the curvature at the mode bounds nothing in some direction; use ${remedy}, a tighter --prior, or scales nearer to 1.`,
  );
}

type StepSetting = ReturnType<typeof stepSetting>;

function withShortened<P extends { settings: Plan["settings"]; notes: readonly string[] }>(
  plan: P,
  { tuning, lowRank }: Sampler,
  setting: StepSetting,
): P {
  if (!setting) return plan;
  const isOption = tuning.includes(setting) || lowRank?.tuning.includes(setting);
  const name = isOption ? flagOf(setting) : "the learning rate";
  const note = `With longer steps the chains ran away from the posterior, so ${name} is ${plan.settings[setting]}.`;
  return { ...plan, notes: [...plan.notes, note] };
}

function runAway(
  local: LocalApproximation,
  sampler: Sampler,
  { asked, tried }: { readonly asked: SamplerOptions; readonly tried: SamplerOptions },
): RunAwayError {
  const setting = stepSetting(sampler, local);
  // "auto" may have come here by itself, after all others.
  if (setting === null) return new RunAwayError(sampler.name, null, "give a tighter --prior");
  const flag = flagOf(setting);
  if (asked[setting] !== undefined)
    return new RunAwayError(sampler.name, `${flag} ${asked[setting]}`, `lower ${flag}, or leave it out`);
  if (local.curvature === "low-rank") return new RunAwayError(sampler.name, null, sampler.lowRank?.runAwayRemedy);
  return new RunAwayError(sampler.name, `steps down to ${flag} ${tried[setting] ?? "of its choice"}`);
}
