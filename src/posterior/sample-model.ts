import { InputError } from "../data/errors.ts";
import type { Certificate } from "../diagnostics/certificate.ts";
import type { Executor } from "../engine/executor.ts";
import { EngineMemory } from "../engine/memory.ts";
import { checkGradient } from "../estimation/check-gradient.ts";
import { estimateCustom } from "../estimation/estimate-custom.ts";
import type { Workspace } from "../estimation/problem.ts";
import { type CustomModel, modelOf } from "../models/custom-model.ts";
import type { NamedDraws } from "../prediction/predictive-fit.ts";
import { selectSampler } from "../samplers/registry.ts";
import type { SamplerSettings, Tuning } from "../samplers/sampler.ts";
import type { Coefficient } from "./coefficients.ts";
import type { Timing } from "./fit.ts";
import type { Listening } from "./load.ts";
import { type FitOptions, resolveOptions } from "./options.ts";
import { withMemoryOf } from "./prepare.ts";
import { runSampler } from "./run-sampler.ts";

export interface SampleModelOptions
  extends Tuning,
    Listening,
    Pick<FitOptions, "sampler" | "chains" | "draws" | "seed" | "tolerance"> {
  /** False: the draws are around `start`, such as weights that were trained elsewhere. True unless told. */
  readonly findMode?: boolean;
  /** Whether the gradient is compared with differences of the loss before anything else; true unless told. */
  readonly checkGradient?: boolean;
}

/** The posterior of a custom model. */
export interface CustomPosterior {
  readonly settings: SamplerSettings;
  /** One for each parameter, in their order; `standardized` is the same scale as the others. */
  readonly coefficients: readonly Coefficient[];
  readonly certificate: Certificate;
  /** M: the mode, or the start where none was looked for. */
  readonly mode: Float64Array;
  /** Kept draws of every parameter by its name: one array a chain. */
  readonly draws: NamedDraws;
  /** Kept draws of θ: one array a chain, draws × M row by row. */
  readonly positions: readonly Float64Array[];
  readonly timing: Omit<Timing, "load">;
}

/**
 * Draws from the posterior of a custom model, on the calling thread, with the samplers that need no more than gradients of
 * minibatches: `constant-sgd` (the default), `momentum-sgd`, `sgld`, `sgfs`, `iasg`, and `laplace` and `nuts`.
 * @throws InputError where an option, or what the model's function returns, cannot be used; the signal's reason when it is
 * aborted; whatever the function throws
 */
export async function sampleModel(given: CustomModel, options: SampleModelOptions = {}): Promise<CustomPosterior> {
  const { findMode = true, checkGradient: isChecked = true, signal, onProgress, ...plain } = options;
  const resolved = resolveOptions({ draws: 500, ...plain });
  const memory = new EngineMemory();
  const started = performance.now();
  return withMemoryOf({ memory, executor: noKernels }, async () => {
    const model = modelOf(memory, given);
    const workspace: Workspace = { executor: noKernels, signal, onProgress, counter: { rowsVisited: 0 } };
    if (isChecked) await checkGradient(model, given.start, resolved.seed);
    onProgress?.("finding the mode", 0);
    const { problem, notes } = await estimateCustom(workspace, model, given.start, { seed: resolved.seed, findMode });
    const estimated = performance.now();
    const { sampler, because } = await selectSampler(resolved.sampler, problem, resolved);
    const columns = given.names.map((name) => ({
      ...{ name, term: name, mean: 0, scale: 1, isIntercept: false, isIndicator: false },
    }));
    const target = { name: "", kind: "number", mean: 0, scale: 1 } as const;
    const run = await runSampler(
      { design: { columns, target }, names: given.names, problem, warnings: notes, remarks: [] },
      sampler,
      resolved,
    );
    const { settings } = run.plan;
    const { rowsVisited } = workspace.counter;
    return {
      settings: { ...settings, because: because ? `${settings.because} (${because})` : settings.because },
      coefficients: run.coefficients,
      certificate: run.certificate,
      mode: problem.mode,
      draws: run.draws,
      positions: run.output.positions,
      timing: {
        estimate: (estimated - started) / 1000,
        sample: run.seconds.plan + run.seconds.sample,
        total: (performance.now() - started) / 1000,
        rowsVisited,
        passes: rowsVisited / given.numRows,
      },
    };
  });
}

/** A custom model's samplers run no kernels. */
const noKernels: Executor = {
  threads: 1,
  run() {
    throw new InputError(
      "This sampler needs the rows of a model, which a custom one does not give; use --sampler auto.",
    );
  },
  async close() {},
};
