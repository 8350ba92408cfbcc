import type { ScaledDesign } from "../design/standardise.ts";
import { type Certificate, certify } from "../diagnostics/certificate/certificate.ts";
import type { LocalApproximation } from "../estimation/local-approximation.ts";
import { NotPositiveDefiniteError } from "../linalg/cholesky.ts";
import { halved, hasRunAway, maxHalvings, RunAwayError, stepOption } from "../sampling/chains/run-away.ts";
import {
  type ChainOutput,
  type Plan,
  type Sampler,
  SamplerOptionError,
  type SamplerOptions,
  tuningFlags,
} from "../sampling/sampler.ts";
import { type Coefficient, convergenceOf, type PosteriorTable, summarise } from "./coefficients.ts";
import { requireNumbers } from "./options/require-numbers.ts";
import type { ModeEstimates } from "./prepare.ts";

/** A sampler's settings and draws, and their cost. */
export interface Sampled {
  readonly plan: Plan;
  readonly output: ChainOutput;
  /** Seconds for choosing the settings and for running the chains. */
  readonly seconds: { readonly plan: number; readonly sample: number };
  /** Rows read in both. */
  readonly rowsVisited: number;
}

/** A sampler's draws, summarised on the data's scale and certified. */
export interface SamplerRun extends Sampled, PosteriorTable {
  readonly certificate: Certificate;
}

/**
 * Settings → draws. If the chains run away with a step that the program chose, the step is halved, a few times at most.
 * @param inspect called with the settings before the chains run; if it throws, the run ends
 * @throws RunAwayError if the chains run away with a step that was given, or with every step
 */
export async function sampleFrom(
  local: LocalApproximation,
  sampler: Sampler,
  options: SamplerOptions,
  inspect?: (plan: Plan) => void,
): Promise<Sampled> {
  const { workspace } = local;
  const started = performance.now();
  const before = workspace.counter.rowsVisited;
  let tried = options;
  for (let halvings = 0; ; halvings++) {
    workspace.onProgress?.("choosing the step", 0);
    const { plan, planned, output } = await attempt(local, sampler, tried, inspect);
    if (plan && output) {
      const seconds = { plan: (planned - started) / 1000, sample: (performance.now() - planned) / 1000 };
      const rowsVisited = workspace.counter.rowsVisited - before;
      return { plan: tried === options ? plan : shortened(plan, sampler), output, seconds, rowsVisited };
    }
    const shorter = halved(sampler, options, { settings: plan?.settings, tried });
    if (shorter === null || halvings === maxHalvings) throw runAway(sampler, options, tried);
    tried = shorter;
  }
}

/** A plan and its draws; without the draws, or without both, if the chains ran away. */
async function attempt(
  local: LocalApproximation,
  sampler: Sampler,
  options: SamplerOptions,
  inspect?: (plan: Plan) => void,
): Promise<{ readonly plan?: Plan; readonly planned: number; readonly output?: ChainOutput }> {
  try {
    const plan = await sampler.plan(local, options);
    inspect?.(plan);
    const planned = performance.now();
    const output = await plan.sample();
    return { plan, planned, ...(!hasRunAway(local, sampler, output) && { output }) };
  } catch (error) {
    if (error instanceof RunAwayError) return { planned: performance.now() };
    throw error instanceof NotPositiveDefiniteError ? indefinite(sampler) : error;
  }
}

/** The curvature, the noise or the predicted spread is not a covariance matrix. */
function indefinite({ name }: Sampler): SamplerOptionError {
  const remedy = name === "conjugate" ? "--sampler nuts" : "--sampler auto";
  return new SamplerOptionError(
    `${name} finds no law for its draws here: to rounding, the noise or the curvature at the mode bounds nothing in some direction; use ${remedy}, a tighter --prior, or scales nearer to 1.`,
  );
}

function shortened(plan: Plan, sampler: Sampler): Plan {
  const option = stepOption(sampler)!;
  const flag = tuningFlags[option];
  const note = `With longer steps the chains ran away from the posterior, so ${flag} is ${plan.settings[option]}.`;
  return { ...plan, notes: [...plan.notes, note] };
}

function runAway(sampler: Sampler, asked: SamplerOptions, tried: SamplerOptions): RunAwayError {
  const option = stepOption(sampler);
  if (option === null) return new RunAwayError(sampler.name, null);
  const flag = tuningFlags[option];
  return asked[option] === undefined
    ? new RunAwayError(sampler.name, `steps down to ${flag} ${tried[option] ?? "of its choice"}`)
    : new RunAwayError(sampler.name, `${flag} ${asked[option]}`, `lower ${flag}, or leave it out`);
}

/** Draws → summary on the data's scale → certificate. */
export async function certifyDraws(
  {
    design,
    names,
    local,
    warnings,
    remarks,
    prior,
  }: Pick<ModeEstimates, "local" | "names" | "warnings" | "remarks" | "prior"> & {
    readonly design: ScaledDesign;
  },
  sampler: Sampler,
  sampled: Sampled,
  options: SamplerOptions,
): Promise<SamplerRun> {
  const plan = { ...sampled.plan, notes: [...remarks, ...sampled.plan.notes] };
  const { coefficients, draws } = summarise(design, names, local, plan, sampled.output);
  requireNumbers(coefficients);
  const convergence = coefficients.map(convergenceOf);
  const checks = prior ? [prior.check] : [];
  const certificate = await certify(local, sampler, plan, sampled.output, convergence, options, warnings, checks);
  return { ...sampled, plan, coefficients: withPriorShifts(coefficients, prior), draws, certificate };
}

function withPriorShifts(coefficients: readonly Coefficient[], prior: ModeEstimates["prior"]): readonly Coefficient[] {
  if (!prior) return coefficients;
  return coefficients.map((coefficient, j) => {
    if (j >= prior.shifts.length) return coefficient;
    return { ...coefficient, standardized: { ...coefficient.standardized, priorShift: prior.shifts[j] } };
  });
}

/** Settings → draws → summary on the data's scale → certificate. */
export async function runSampler(
  prepared: Parameters<typeof certifyDraws>[0],
  sampler: Sampler,
  options: SamplerOptions,
  inspect?: (plan: Plan) => void,
): Promise<SamplerRun> {
  const sampled = await sampleFrom(prepared.local, sampler, options, inspect);
  return certifyDraws(prepared, sampler, sampled, options);
}
