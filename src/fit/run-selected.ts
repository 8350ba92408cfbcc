import type { Design } from "../design/design-types.ts";
import { boundedByPrior } from "../estimation/identification.ts";
import type { DenseApproximation, LocalApproximation } from "../estimation/local-approximation.ts";
import type { ResolvedOptions } from "../options/resolve-options.ts";
import { RunAwayError } from "../sampling/chains/run-away.ts";
import { selectSampler } from "../sampling/choose.ts";
import type { Plan, SamplerSettings } from "../sampling/plan.ts";
import type { Run } from "../sampling/run.ts";
import { NoStableStepError } from "../sampling/sampler.ts";
import { type CertifiedRun, type RunContext, runSampler } from "./run-sampler.ts";

interface SelectedRun {
  readonly certified: CertifiedRun;
  readonly rationale: string;
  readonly warnings: readonly string[];
}

/** Runs the sampler that was asked for, or that "auto" chooses: another than control variates, where these cannot be run. */
export async function runSelected(
  estimates: RunContext & { readonly local: LocalApproximation; readonly design: Pick<Design, "columns" | "basis"> },
  options: ResolvedOptions,
): Promise<SelectedRun> {
  const { design, local, warnings } = estimates;
  const { sampler, rationale, instead } = await selectSampler(options.sampler, local, options);
  const inspect = ({ prediction }: Plan) => {
    if (instead?.isExact && prediction.maxSdError > options.tolerance) throw new NoStableStepError();
  };
  try {
    return { certified: await runSampler(estimates, sampler, options, inspect), rationale, warnings };
  } catch (error) {
    const hasNoStep = error instanceof NoStableStepError || error instanceof RunAwayError;
    if (!hasNoStep || !instead) throw error;
    const unbounded = () => [error.message, ...boundedByPrior(local as DenseApproximation, design)];
    const told = instead.isExact ? warnings : [...warnings, ...unbounded()];
    const certified = await runSampler({ ...estimates, warnings: told }, instead.sampler, options);
    return { certified, rationale: instead.rationale, warnings: told };
  }
}

/** The settings as they are reported: with the theorem that they follow from, and why the sampler was taken. */
export function settingsOf({ plan: { settings } }: Run, rationale: string): SamplerSettings {
  return rationale === "" ? settings : { ...settings, because: `${settings.because} (${rationale})` };
}
