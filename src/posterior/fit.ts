import type { Certificate } from "../diagnostics/certificate.ts";
import type { Engine } from "../engine/engine.ts";
import { selectSampler } from "../samplers/registry.ts";
import type { SamplerSettings } from "../samplers/sampler.ts";
import type { Coefficient, NamedDraws } from "./coefficients.ts";
import type { LearnedPrior } from "./learn-prior.ts";
import { type DataSummary, describeData, type FitInput, type Listening } from "./load.ts";
import { type FitOptions, resolveOptions } from "./options.ts";
import { prepare, withMemoryOf } from "./prepare.ts";
import { runSampler } from "./run-sampler.ts";

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
    const { design, problem, warnings, learned, seconds } = prepared;
    const { sampler, because } = selectSampler(resolved.sampler, problem, resolved);
    const run = await runSampler(prepared, sampler, resolved);
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
