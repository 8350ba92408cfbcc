import type { Design } from "../design/design-types.ts";
import { boundedByPrior } from "../estimation/identification.ts";
import type { DenseApproximation, LocalApproximation } from "../estimation/local-approximation.ts";
import type { ResolvedOptions } from "../options/resolve-options.ts";
import { RunAwayError } from "../sampling/chains/run-away.ts";
import { type LastResort, type Selected, selectSampler } from "../sampling/choose.ts";
import type { Plan, SamplerSettings } from "../sampling/plan.ts";
import type { Run } from "../sampling/run.ts";
import { NoStableStepError } from "../sampling/sampler.ts";
import { type CertifiedRun, type RunContext, runSampler } from "./run-sampler.ts";

interface SelectedRun {
  readonly certified: CertifiedRun;
  readonly rationale: string;
  readonly warnings: readonly string[];
}

/** Runs the sampler that was asked for, or that "auto" chooses: another than the first, where this cannot be run. */
export async function runSelected(
  estimates: RunContext & { readonly local: LocalApproximation; readonly design: Pick<Design, "columns" | "basis"> },
  options: ResolvedOptions,
): Promise<SelectedRun> {
  const { design, local } = estimates;
  const selected = await selectSampler(options.sampler, local, options);
  const hasExact = selected.instead?.some(({ isExact }) => isExact) ?? false;
  return firstThatRuns(selected, async ({ sampler, rationale, isExact }, failure) => {
    const isFirst = failure === undefined;
    const inspect = ({ prediction }: Plan) => {
      if (isFirst && hasExact && prediction.maxSdError > options.tolerance) throw new NoStableStepError();
    };
    const warnings =
      isFirst || isExact
        ? estimates.warnings
        : [...estimates.warnings, failure.message, ...boundedByPrior(local as DenseApproximation, design)];
    const certified = await runSampler({ ...estimates, warnings }, sampler, options, inspect);
    return { certified, rationale, warnings };
  });
}

/**
 * What `run` gives for the first sampler that has a stable step and stays with the posterior. It is told why the one before did not.
 * @throws the last sampler's error, or any other at once
 */
export async function firstThatRuns<Result>(
  { sampler, rationale, instead = [] }: Selected,
  run: (candidate: LastResort, failure: Error | undefined) => Promise<Result>,
): Promise<Result> {
  let failure: Error | undefined;
  for (const candidate of [{ sampler, rationale, isExact: true }, ...instead]) {
    try {
      return await run(candidate, failure);
    } catch (error) {
      if (!(error instanceof NoStableStepError || error instanceof RunAwayError)) throw error;
      failure = error;
    }
  }
  throw failure;
}

/** The settings as they are reported: with the theorem that they follow from, and why the sampler was taken. */
export function settingsOf({ plan: { settings } }: Run, rationale: string): SamplerSettings {
  return rationale === "" ? settings : { ...settings, because: `${settings.because} (${rationale})` };
}
