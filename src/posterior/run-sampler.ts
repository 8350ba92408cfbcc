import type { ScaledDesign } from "../data/standardise.ts";
import { type Certificate, certify } from "../diagnostics/certificate.ts";
import type { Problem } from "../estimation/problem.ts";
import type { ChainOutput, Plan, Sampler, SamplerOptions } from "../samplers/sampler.ts";
import { type Coefficient, convergenceOf, type PosteriorTable, summarise } from "./coefficients.ts";
import type { Prepared } from "./prepare.ts";

/** A sampler's settings and draws, and what they cost. */
export interface Sampled {
  readonly plan: Plan;
  readonly output: ChainOutput;
  /** Choosing the settings, and running the chains. */
  readonly seconds: { readonly plan: number; readonly sample: number };
  /** Rows read by both. */
  readonly rowsVisited: number;
}

/** A sampler's draws, summarised on the data's scale and certified. */
export interface SamplerRun extends Sampled, PosteriorTable {
  readonly certificate: Certificate;
}

/**
 * Settings → draws.
 * @param inspect Sees the settings before the chains run; what it throws ends the run.
 */
export async function sampleFrom(
  problem: Problem,
  sampler: Sampler,
  options: SamplerOptions,
  inspect?: (plan: Plan) => void,
): Promise<Sampled> {
  const { workspace } = problem;
  const started = performance.now();
  const before = workspace.counter.rowsVisited;
  workspace.onProgress?.("choosing the step", 0);
  const plan = await sampler.plan(problem, options);
  inspect?.(plan);
  const planned = performance.now();
  const output = await plan.sample();
  const seconds = { plan: (planned - started) / 1000, sample: (performance.now() - planned) / 1000 };
  return { plan, output, seconds, rowsVisited: workspace.counter.rowsVisited - before };
}

/** Draws → summary on the data's scale → certificate. */
export async function certifyDraws(
  {
    design,
    names,
    problem,
    warnings,
    remarks,
    prior,
  }: Pick<Prepared, "problem" | "names" | "warnings" | "remarks" | "prior"> & {
    readonly design: ScaledDesign;
  },
  sampler: Sampler,
  sampled: Sampled,
  { tolerance }: SamplerOptions,
): Promise<SamplerRun> {
  const plan = { ...sampled.plan, notes: [...remarks, ...sampled.plan.notes] };
  const { coefficients, draws } = summarise(design, names, problem, plan, sampled.output);
  const convergence = coefficients.map(convergenceOf);
  const checks = prior ? [prior.check] : [];
  const certificate = await certify(problem, sampler, plan, sampled.output, convergence, tolerance, warnings, checks);
  return { ...sampled, plan, coefficients: withPriorShifts(coefficients, prior), draws, certificate };
}

function withPriorShifts(coefficients: readonly Coefficient[], prior: Prepared["prior"]): readonly Coefficient[] {
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
  const sampled = await sampleFrom(prepared.problem, sampler, options, inspect);
  return certifyDraws(prepared, sampler, sampled, options);
}
