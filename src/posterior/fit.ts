import type { Certificate } from "../diagnostics/certificate.ts";
import type { Engine } from "../engine/engine.ts";
import { samplerWithoutStep, selectSampler } from "../samplers/registry.ts";
import { NoStableStepError, type SamplerSettings } from "../samplers/sampler.ts";
import type { Coefficient, NamedDraws } from "./coefficients.ts";
import type { LearnedPrior } from "./learn-prior.ts";
import { type DataSummary, describeData, type FitInput, type Listening } from "./load.ts";
import { type FitOptions, type ResolvedOptions, resolveOptions } from "./options.ts";
import { type Prepared, prepare, withMemoryOf } from "./prepare.ts";
import { runSampler, type SamplerRun } from "./run-sampler.ts";

export interface RunOptions extends FitOptions, Listening {}

/** Seconds each stage took, and the rows read. */
export interface Timing {
  readonly load: number;
  readonly estimate: number;
  readonly sample: number;
  readonly total: number;
  readonly rowsVisited: number;
  /** rowsVisited / N */
  readonly passes: number;
}

/** The result of a fit. */
export interface Posterior {
  readonly family: string;
  readonly formula: string;
  readonly data: DataSummary;
  readonly settings: SamplerSettings;
  /** What was learned of the prior; left out where it was given. */
  readonly prior?: LearnedPrior;
  /** In the order of the design's columns; `sigma` last where it is learned. */
  readonly coefficients: readonly Coefficient[];
  readonly certificate: Certificate;
  readonly warnings: readonly string[];
  readonly timing: Timing;
  /** Kept draws of every coefficient on the original scale: one array a chain. */
  readonly draws: NamedDraws;
}

/**
 * Fits on the given engine: rows → mode, curvature and noise → settings → draws → summary and certificate.
 * @throws InputError where the input or an option cannot be used; the signal's reason when it is aborted
 */
export async function fitWithEngine(input: FitInput, options: RunOptions, engine: Engine): Promise<Posterior> {
  const { signal, onProgress, ...plain } = options;
  const resolved = resolveOptions(plain);
  const started = performance.now();
  return withMemoryOf(engine, async () => {
    const prepared = await prepare(input, resolved, engine, { signal, onProgress });
    const { design, problem, learned, seconds } = prepared;
    const { run, because, warnings } = await runSelected(prepared, resolved);
    const { settings } = run.plan;
    const { rowsVisited } = problem.workspace.counter;
    return {
      family: design.family,
      formula: design.formula,
      data: describeData(design),
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
      draws: run.draws,
    };
  });
}

/** Runs the sampler that was asked for, or that "auto" chooses: another than control variates, where these cannot be run. */
async function runSelected(
  prepared: Prepared,
  options: ResolvedOptions,
): Promise<{ run: SamplerRun; because: string; warnings: readonly string[] }> {
  const { sampler, because } = await selectSampler(options.sampler, prepared.problem, options);
  try {
    return { run: await runSampler(prepared, sampler, options), because, warnings: prepared.warnings };
  } catch (error) {
    const isOwnChoice = options.sampler === "auto" && options.batchSize === undefined;
    if (!(error instanceof NoStableStepError && isOwnChoice)) throw error;
    const other = samplerWithoutStep(prepared.problem, options);
    const warnings = other.isExact ? prepared.warnings : [...prepared.warnings, error.message];
    const run = await runSampler({ ...prepared, warnings }, other.sampler, options);
    return { run, because: other.because, warnings };
  }
}
