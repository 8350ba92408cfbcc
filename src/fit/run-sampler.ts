import type { ScaledDesign } from "../design/columns/standardise.ts";
import type { Certificate, RunCheck } from "../diagnostics/certificate/certificate.ts";
import { certify } from "../diagnostics/certificate/certify.ts";
import type { Plan, SamplerOptions } from "../sampling/plan.ts";
import { type Run, sampleFrom } from "../sampling/run.ts";
import type { Sampler } from "../sampling/sampler.ts";
import type { ModeEstimates } from "./input/estimate-input.ts";
import { requireNumbers } from "./options/require-numbers.ts";
import { type Coefficient, convergenceOf, type PosteriorTable } from "./summary/coefficients.ts";
import { summarise } from "./summary/summarise.ts";

/** A sampler's draws, summarised on the data's scale and certified. */
export interface CertifiedRun extends PosteriorTable {
  readonly run: Run;
  readonly certificate: Certificate;
}

/** What the summary and the certificate take of what was prepared. */
export type RunContext = Pick<ModeEstimates, "names" | "warnings" | "remarks" | "prior"> & {
  readonly design: ScaledDesign;
  /** Further checks, which look at the draws. */
  checksOf?(run: Run, coefficients: readonly Coefficient[]): readonly RunCheck[];
};

/** Draws → summary on the data's scale → certificate. */
export async function certifyRun(context: RunContext, run: Run, options: SamplerOptions): Promise<CertifiedRun> {
  const { design, names, prior, remarks, warnings } = context;
  const { coefficients, draws } = summarise(design, names, run);
  requireNumbers(coefficients);
  const certificate = await certify(run, {
    coefficients: coefficients.map(convergenceOf),
    options,
    remarks,
    notes: warnings,
    checks: [...(prior ? [prior.check] : []), ...(context.checksOf?.(run, coefficients) ?? [])],
  });
  return { run, coefficients: withPriorShifts(coefficients, prior), draws, certificate };
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
  context: RunContext & Pick<ModeEstimates, "local">,
  sampler: Sampler,
  options: SamplerOptions,
  inspect?: (plan: Plan) => void,
): Promise<CertifiedRun> {
  return certifyRun(context, await sampleFrom(context.local, sampler, options, inspect), options);
}
