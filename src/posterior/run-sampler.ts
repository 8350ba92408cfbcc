import { type Certificate, certify } from "../diagnostics/certificate.ts";
import type { ChainOutput, Plan, Sampler, SamplerOptions } from "../samplers/sampler.ts";
import { type PosteriorTable, summarise } from "./coefficients.ts";
import type { Prepared } from "./prepare.ts";

/** One sampler's run on a prepared problem. */
export interface SamplerRun extends PosteriorTable {
  readonly plan: Plan;
  readonly output: ChainOutput;
  readonly certificate: Certificate;
  /** Choosing the settings, and running the chains. */
  readonly seconds: { readonly plan: number; readonly sample: number };
  /** Rows read by both. */
  readonly rowsVisited: number;
}

/** Settings → draws → summary on the data's scale → certificate. */
export async function runSampler(
  { design, problem, warnings, remarks }: Prepared,
  sampler: Sampler,
  options: SamplerOptions,
): Promise<SamplerRun> {
  const { workspace } = problem;
  const started = performance.now();
  const before = workspace.counter.rowsVisited;
  workspace.onProgress?.("choosing the step", 0);
  const chosen = await sampler.plan(problem, options);
  const plan = { ...chosen, notes: [...remarks, ...chosen.notes] };
  const planned = performance.now();
  const output = await plan.sample();
  const sampled = performance.now();
  const rowsVisited = workspace.counter.rowsVisited - before;
  const { coefficients, draws } = summarise(design, problem, plan, output);
  const convergence = coefficients.map(({ name, ess_bulk, r_hat }) => ({
    name,
    essBulk: ess_bulk ?? 0,
    rHat: r_hat ?? 1,
  }));
  const certificate = await certify(problem, sampler, plan, output, convergence, options.tolerance, warnings);
  return {
    plan,
    output,
    coefficients,
    draws,
    certificate,
    seconds: { plan: (planned - started) / 1000, sample: (sampled - planned) / 1000 },
    rowsVisited,
  };
}
