import type { Design } from "../design/design.ts";
import { referencesOf } from "../design/recipe/references.ts";
import { viewRows } from "../engine/bindings/row-view.ts";
import type { Engine } from "../engine/engine.ts";
import { progressReporter } from "../engine/progress.ts";
import { boundedByPrior } from "../estimation/identification.ts";
import type { Model } from "../models/model.ts";
import { modelRecipe } from "../prediction/predictive-fit.ts";
import { controlVariate } from "../sampling/algorithms/control-variate.ts";
import { RunAwayError } from "../sampling/chains/run-away.ts";
import { samplerWithoutStep, selectSampler } from "../sampling/registry.ts";
import { NoStableStepError, type Plan } from "../sampling/sampler.ts";
import { describeData, type FitInput, type RunControl } from "./load.ts";
import { type FitOptions, type ResolvedOptions, resolveOptions } from "./options/options.ts";
import { requireOptions } from "./options/require-input.ts";
import type { Posterior } from "./posterior.ts";
import { posteriorOf } from "./posterior-methods.ts";
import { estimateInput, type ModeEstimates, withMemoryOf } from "./prepare.ts";
import { runSampler, type SamplerRun } from "./run-sampler.ts";
import { fitWide } from "./wide-fit.ts";

/** What may be set for a run of `fit`. */
export interface RunOptions extends FitOptions, RunControl {
  /** Whether the result includes the target's values. */
  readonly keepTarget?: boolean;
}

/**
 * Fits on the given engine: rows → mode, curvature and noise → settings → draws → summary and certificate.
 * @throws InputError where the input or an option cannot be used; the signal's reason when it is aborted
 */
export async function fitWithEngine(input: FitInput, options: RunOptions, engine: Engine): Promise<Posterior> {
  requireOptions(options);
  const { signal, onProgress: listener, keepTarget, ...plain } = options;
  const onProgress = progressReporter(listener);
  const resolved = resolveOptions(plain);
  const started = performance.now();
  const posterior = await withMemoryOf(engine, async (): Promise<Posterior> => {
    const { modelled, prepared } = await estimateInput(input, resolved, engine, { signal, onProgress });
    const observed = keepTarget && { observed: observedTarget(modelled.design, modelled.model) };
    if (!prepared) return posteriorOf({ ...(await fitWide(modelled, resolved)), ...observed });
    const { design, local, learned, seconds } = prepared;
    const { run, because, warnings } = await runSelected(prepared, resolved);
    const { settings } = run.plan;
    const { rowsVisited } = local.workspace.counter;
    return posteriorOf({
      draws: run.draws,
      recipe: modelRecipe(design, local.model),
      family: design.family,
      formula: design.formula,
      data: describeData(design, local.model),
      references: referencesOf(design.recipe),
      settings: { ...settings, because: because ? `${settings.because} (${because})` : settings.because },
      ...(learned && { prior: learned }),
      coefficients: run.coefficients,
      certificate: run.certificate,
      warnings,
      timing: {
        ...seconds,
        sample: run.seconds.plan + run.seconds.sample,
        total: (performance.now() - started) / 1000,
        rowsVisited,
        passes: rowsVisited / design.numRows,
      },
      ...observed,
      ...(run.output.hamiltonian && { hamiltonian: run.output.hamiltonian }),
    });
  });
  onProgress?.finish();
  return posterior;
}

function observedTarget({ target, numRows }: Design, { memory, rows }: Model): Float64Array {
  const view = viewRows(memory, rows);
  return Float64Array.from({ length: numRows }, (_, n) => {
    view.moveTo(n);
    return target.mean + target.scale * view.target();
  });
}

/**
 * Runs the sampler that was asked for, or the one that "auto" chooses; "auto" takes another one if control variates
 * cannot be run.
 */
async function runSelected(
  prepared: ModeEstimates,
  options: ResolvedOptions,
): Promise<{ run: SamplerRun; because: string; warnings: readonly string[] }> {
  const { design, local } = prepared;
  const { sampler, because } = await selectSampler(options.sampler, local, options);
  const isOwnChoice =
    options.sampler === "auto" &&
    sampler === controlVariate &&
    options.batchSize === undefined &&
    options.damping === undefined;
  const other = samplerWithoutStep(local, options);
  const inspect = ({ prediction }: Plan) => {
    if (other.isExact && prediction.maxSdError > options.tolerance) throw new NoStableStepError();
  };
  try {
    const run = await runSampler(prepared, sampler, options, isOwnChoice ? inspect : undefined);
    return { run, because, warnings: prepared.warnings };
  } catch (error) {
    const hasNoStep = error instanceof NoStableStepError || error instanceof RunAwayError;
    if (!hasNoStep || !isOwnChoice) throw error;
    const bounded = boundedByPrior(local, design);
    const warnings = other.isExact ? prepared.warnings : [...prepared.warnings, error.message, ...bounded];
    const run = await runSampler({ ...prepared, warnings }, other.sampler, options);
    return { run, because: other.because, warnings };
  }
}
