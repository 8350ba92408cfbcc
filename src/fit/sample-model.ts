import { curvatureKind } from "../design/curvature-kind.ts";
import type { Certificate } from "../diagnostics/certificate/certificate.ts";
import type { Executor } from "../engine/executor.ts";
import { EngineMemory } from "../engine/memory.ts";
import { progressReporter } from "../engine/progress.ts";
import { InputError } from "../errors.ts";
import { type CustomEstimate, estimateCustom } from "../estimation/estimate-custom.ts";
import type { LocalApproximation } from "../estimation/local-approximation.ts";
import { checkGradient } from "../estimation/mode/check-gradient.ts";
import { requireObject } from "../kinds.ts";
import { unlessZeroDensity, ZeroDensityError } from "../models/custom-functions.ts";
import { type CustomModel, maxDenseParameters, modelOf } from "../models/custom-model.ts";
import type { Model } from "../models/model.ts";
import type { FitOptions } from "../options/options.ts";
import { type ResolvedOptions, resolveOptions } from "../options/resolve-options.ts";
import type { Tuning } from "../options/tuning.ts";
import type { NamedDraws } from "../prediction/predictive-fit.ts";
import { withHidden } from "../prediction/with-hidden.ts";
import { rowsOf } from "../rows/rows-of.ts";
import type { Workspace } from "../rows/workspace.ts";
import { nuts } from "../sampling/algorithms/nuts.ts";
import { refuseUnsuited, type Selected, selectSampler } from "../sampling/choose.ts";
import type { SamplerSettings } from "../sampling/plan.ts";
import type { Run } from "../sampling/run.ts";
import type { RunControl } from "./input/load.ts";
import { requireRoomForDraws } from "./input/require-room.ts";
import { requireOptions } from "./options/require-input.ts";
import type { Timing } from "./posterior.ts";
import { type CertifiedRun, runSampler } from "./run-sampler.ts";
import { settingsOf } from "./run-selected.ts";
import type { Coefficient } from "./summary/coefficients.ts";
import { plainJson } from "./summary/to-json.ts";
import { withMemoryOf } from "./within-memory.ts";

/** What may be set for draws from a custom model. */
export interface SampleModelOptions
  extends Tuning,
    RunControl,
    Pick<FitOptions, "sampler" | "chains" | "draws" | "seed" | "tolerance"> {
  /** If false, the draws are around `start`, for example around weights trained elsewhere. True by default. */
  readonly findMode?: boolean;
  /** Whether the gradient is first compared with finite differences of the loss; true by default. */
  readonly checkGradient?: boolean;
}

/** The posterior of a custom model. */
export interface CustomPosterior {
  /** What the sampler ran with, and the theorem it follows from. */
  readonly settings: SamplerSettings;
  /** One for each parameter, in their order; `standardized` is on the same scale as the rest. */
  readonly coefficients: readonly Coefficient[];
  readonly certificate: Certificate;
  /** M: the mode, or the start if no mode was searched for. */
  readonly mode: Float64Array;
  /** Kept draws of every parameter by its name: one array a chain. */
  readonly draws: NamedDraws;
  /** Kept draws of θ: one array a chain, draws × M row by row. */
  readonly positions: readonly (Float64Array | Float32Array)[];
  /** Seconds, and rows read. */
  readonly timing: Omit<Timing, "load">;
  /** Everything as plain JSON, including the draws; numbers are finite or null. Not enumerable. */
  toJSON(): Record<string, unknown>;
}

/**
 * Samples the posterior of a custom model, on the calling thread, with the samplers that need only minibatch gradients:
 * `constant-sgd` (the default), `momentum-sgd`, `sgld`, `sgfs`, `iasg`, and `laplace` and `nuts`.
 * @throws InputError where an option, or what the model's function returns, cannot be used; the signal's reason when it is
 * aborted; whatever the function throws
 */
export async function sampleModel(given: CustomModel, options: SampleModelOptions = {}): Promise<CustomPosterior> {
  requireObject(given, "The model", "what customModel returned");
  if (!Array.isArray(given.priors) || !(given.start instanceof Float64Array))
    throw new InputError("The model is none of customModel's: give sampleModel(customModel({ … })).");
  requireOptions(options);
  const { findMode = true, checkGradient: isChecked = true, signal, onProgress: listener, ...plain } = options;
  const onProgress = progressReporter(listener);
  const resolved = resolveOptions({ draws: usualDraws[curvatureKind(given.dimension, maxDenseParameters)], ...plain });
  const memory = new EngineMemory();
  const started = performance.now();
  return withMemoryOf({ memory, executor: noKernels }, async () => {
    const model = modelOf(memory, given);
    requireRoomForDraws(model, resolved);
    refuseUnsuited(resolved.sampler, model, resolved);
    const workspace: Workspace = { executor: noKernels, signal, onProgress, counter: { rowsVisited: 0 } };
    await requirePositiveStart(workspace, model, given.start);
    if (isChecked) await checkGradient(model, given.start, resolved.seed);
    const estimated = await estimateCustom(workspace, model, given.start, { seed: resolved.seed, findMode });
    const estimatedAt = performance.now();
    const { certified, rationale } = await runSelected(given, estimated, resolved);
    const { run, coefficients, certificate, draws } = certified;
    const ended = performance.now();
    const { rowsVisited } = workspace.counter;
    const posterior = {
      settings: settingsOf(run, rationale),
      coefficients,
      certificate,
      mode: estimated.local.mode,
      draws,
      positions: run.output.positions,
      timing: {
        estimate: (estimatedAt - started) / 1000,
        sample: (ended - estimatedAt) / 1000,
        total: (ended - started) / 1000,
        rowsVisited,
        passes: rowsVisited / given.numRows,
      },
    };
    onProgress?.finish();
    return withHidden(posterior, { toJSON: () => plainJson(posterior) as Record<string, unknown> });
  });
}

/** Draws a chain unless told: each of many parameters takes its share of memory and of the user's function. */
const usualDraws = { dense: 500, "low-rank": 100 };

/** Runs the sampler that was asked for, or that "auto" chooses: NUTS, where the posterior ends at a bound. */
async function runSelected(
  given: CustomModel,
  { local, notes, isAtEdge }: CustomEstimate,
  options: ResolvedOptions,
): Promise<{ certified: CertifiedRun; rationale: string }> {
  const selected = await selectSampler(options.sampler, local, options);
  const context = { design: identityScale(given), names: given.names, local, warnings: notes, remarks: [] };
  const runWith = async ({ sampler, rationale }: Pick<Selected, "sampler" | "rationale">) => {
    if (sampler !== nuts && isAtEdge) throw new ZeroDensityError();
    const certified = await runSampler(context, sampler, options);
    if (sampler !== nuts) await requirePositiveDraws(local, certified.run);
    return { certified, rationale };
  };
  if (options.sampler !== "auto" || local.curvature !== "dense") return runWith(selected);
  return (await unlessZeroDensity(() => runWith(selected))) ?? runWith(withinBounds);
}

/** What "auto" takes where a chain or the normal approximation leaves the support. */
const withinBounds = {
  sampler: nuts,
  rationale: "auto: the density is 0 beyond a bound, within which only NUTS keeps",
};

/** @throws InputError if the density is 0 at the start */
async function requirePositiveStart(workspace: Workspace, model: Model, position: Float64Array): Promise<void> {
  if (!(await unlessZeroDensity(() => rowsOf(workspace, model).pass(position, { gram: "none" }))))
    throw new InputError(
      "The density of the custom model is 0 (its loss is infinite) at the start: give a start where it is above 0.",
    );
}

const lookedAt = 100;

/**
 * Checks some of the draws, evenly spread, because a normal approximation ignores bounds.
 * @throws ZeroDensityError if the density at one of them is 0
 */
async function requirePositiveDraws({ workspace, model }: LocalApproximation, { output }: Run): Promise<void> {
  const positions: readonly (Float64Array | Float32Array)[] = output.positions;
  const draws = positions.flatMap((chain) =>
    Array.from({ length: chain.length / model.dimension }, (_, t) =>
      chain.subarray(t * model.dimension, (t + 1) * model.dimension),
    ),
  );
  for (let t = 0; t < draws.length; t += Math.ceil(draws.length / lookedAt))
    await rowsOf(workspace, model).pass(Float64Array.from(draws[t]), { gram: "none" });
}

/** A custom model's parameters are reported as they are. */
function identityScale({ names }: CustomModel) {
  const columns = names.map((name) => ({
    name,
    term: name,
    mean: 0,
    scale: 1,
    isIntercept: false,
    isIndicator: false,
  }));
  return { columns, target: { name: "", kind: "number", mean: 0, scale: 1 } as const };
}

/** A custom model's samplers run no kernels. */
const noKernels: Executor = {
  threads: 1,
  run() {
    throw new InputError(
      "This sampler needs the rows of a model, which a custom one does not give: leave the option sampler out.",
    );
  },
  async close() {},
};
