import { Weights } from "../../kernels/layout.ts";
import type { Certificate } from "../diagnostics/certificate/certificate.ts";
import { certifyWide } from "../diagnostics/certificate/wide-certificate.ts";
import type { Executor } from "../engine/executor.ts";
import { EngineMemory } from "../engine/memory.ts";
import { progressReporter } from "../engine/progress.ts";
import { InputError } from "../errors.ts";
import { checkGradient } from "../estimation/check-gradient.ts";
import { estimateCustom, findCustomMode } from "../estimation/estimate-custom.ts";
import type { WideProblem } from "../estimation/wide-problem.ts";
import { requireObject } from "../kinds.ts";
import { unlessZeroDensity, ZeroDensityError } from "../models/custom-functions.ts";
import { type CustomModel, modelOf } from "../models/custom-model.ts";
import type { Model } from "../models/model.ts";
import type { NamedDraws } from "../prediction/predictive-fit.ts";
import { sumRows } from "../rows/row-sums.ts";
import type { Workspace } from "../rows/workspace.ts";
import { runCustomWide } from "../sampling/algorithms/custom-wide.ts";
import { nuts } from "../sampling/algorithms/nuts.ts";
import { selectSampler } from "../sampling/registry.ts";
import { type ChainOutput, SamplerOptionError, type SamplerSettings, type Tuning } from "../sampling/sampler.ts";
import { type Coefficient, convergenceOf } from "./coefficients.ts";
import type { RunControl } from "./load.ts";
import { type FitOptions, type ResolvedOptions, resolveOptions } from "./options/options.ts";
import { requireOptions } from "./options/require-input.ts";
import { requireNumbers } from "./options/require-numbers.ts";
import type { Timing } from "./posterior.ts";
import { withHidden } from "./posterior-methods.ts";
import { withMemoryOf } from "./prepare.ts";
import { requireRoomForDraws } from "./require-room.ts";
import { runSampler } from "./run-sampler.ts";
import { plainJson } from "./to-json.ts";
import { summariseWide } from "./wide-coefficients.ts";

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
  const resolved = resolveOptions({ draws: given.dimension > maxDenseParameters ? 100 : 500, ...plain });
  const memory = new EngineMemory();
  const started = performance.now();
  return withMemoryOf({ memory, executor: noKernels }, async () => {
    const model = modelOf(memory, given);
    requireRoomForDraws(model, resolved);
    const workspace: Workspace = { executor: noKernels, signal, onProgress, counter: { rowsVisited: 0 } };
    await requirePositiveStart(workspace, model, given.start);
    if (isChecked) await checkGradient(model, given.start, resolved.seed);
    const context = { given, model, workspace, findMode, started };
    const run = model.dimension > maxDenseParameters ? sampleWide : sampleDense;
    const posterior = await run(context, resolved);
    onProgress?.finish();
    return withHidden(posterior, { toJSON: () => plainJson(posterior) as Record<string, unknown> });
  });
}

/**
 * With more parameters than this the theory's matrix algebra takes minutes on the calling thread, so only diagonals are
 * used.
 */
const maxDenseParameters = 500;

interface Context {
  readonly given: CustomModel;
  readonly model: Model;
  readonly workspace: Workspace;
  readonly findMode: boolean;
  readonly started: number;
}

async function sampleDense(
  { given, model, workspace, findMode, started }: Context,
  options: ResolvedOptions,
): Promise<Omit<CustomPosterior, "toJSON">> {
  const { seed } = options;
  const { local, notes, isAtEdge } = await estimateCustom(workspace, model, given.start, { seed, findMode });
  const estimated = performance.now();
  const selected = await selectSampler(options.sampler, local, options);
  const parts = { design: identityScale(given), names: given.names, local, warnings: notes, remarks: [] };
  const runWith = async ({ sampler, because }: typeof selected) => {
    if (sampler !== nuts && isAtEdge) throw new ZeroDensityError();
    const run = await runSampler(parts, sampler, options);
    if (sampler !== nuts) await requirePositiveDraws(workspace, model, run.output);
    return { run, because };
  };
  const { run, because } =
    options.sampler === "auto"
      ? ((await unlessZeroDensity(() => runWith(selected))) ?? (await runWith(withinBounds)))
      : await runWith(selected);
  const { settings } = run.plan;
  return {
    settings: { ...settings, because: because ? `${settings.because} (${because})` : settings.because },
    coefficients: run.coefficients,
    certificate: run.certificate,
    mode: local.mode,
    draws: run.draws,
    positions: run.output.positions,
    timing: timingOf(given, workspace, started, estimated),
  };
}

/** What "auto" takes if a chain or the normal approximation leaves the support. */
const withinBounds = { sampler: nuts, because: "auto: the density is 0 beyond a bound, within which only NUTS keeps" };

/** @throws InputError if the density is 0 at the start */
async function requirePositiveStart(workspace: Workspace, model: Model, position: Float64Array): Promise<void> {
  if (!(await unlessZeroDensity(() => sumRows(workspace, model, { position, weights: Weights.none }))))
    throw new InputError(
      "The density of the custom model is 0 (its loss is infinite) at the start: give a start where it is above 0.",
    );
}

const lookedAt = 100;

/**
 * Checks some of the draws, evenly spread, because a normal approximation ignores bounds.
 * @throws ZeroDensityError if the density at one of them is 0
 */
async function requirePositiveDraws(workspace: Workspace, model: Model, { positions }: ChainOutput): Promise<void> {
  const draws = positions.flatMap((chain) =>
    Array.from({ length: chain.length / model.dimension }, (_, t) =>
      chain.subarray(t * model.dimension, (t + 1) * model.dimension),
    ),
  );
  for (let t = 0; t < draws.length; t += Math.ceil(draws.length / lookedAt))
    await sumRows(workspace, model, { position: Float64Array.from(draws[t]), weights: Weights.none });
}

/** Models with so many parameters that no M×M matrix is formed. */
async function sampleWide(
  { given, model, workspace, findMode, started }: Context,
  options: ResolvedOptions,
): Promise<Omit<CustomPosterior, "toJSON">> {
  if (options.sampler !== "auto" && options.sampler !== "constant-sgd") {
    throw new SamplerOptionError(
      `${options.sampler} works with matrices of all pairs of parameters, and there are ${model.dimension.toLocaleString("en")}: leave the option sampler out.`,
    );
  }
  if (options.preconditioner !== undefined && options.preconditioner !== "diagonal")
    throw new SamplerOptionError("A custom model of so many parameters takes the diagonal preconditioner only.");
  const found = findMode ? await findCustomMode(workspace, model, given.start) : { position: given.start };
  if ("isAtEdge" in found && found.isAtEdge) throw new ZeroDensityError();
  const mode = found.position;
  const estimated = performance.now();
  const { run, curvatures, contraction } = await runCustomWide(workspace, model, mode, options);
  const local: WideProblem = {
    ...{ workspace, model, numRows: given.numRows, mode, priorCurvatures: model.priorPrecision, curvatures },
    directions: [],
    eigenvalues: { least: 0, largest: contraction / run.settings.learningRate! },
    modePasses: 0,
  };
  const { coefficients, draws } = summariseWide(identityScale(given), given.names, local, run);
  requireNumbers(coefficients);
  const convergence = coefficients.map(convergenceOf);
  const note =
    "A and C are known by their diagonals alone, A by the empirical Fisher information: the steps suit each parameter with all others held, and sds along other directions are not measured.";
  return {
    settings: run.settings,
    coefficients,
    certificate: certifyWide(local, run, convergence, options.tolerance, [note]),
    mode,
    draws,
    positions: run.positions,
    timing: timingOf(given, workspace, started, estimated),
  };
}

/** A custom model's parameters are reported as they are. */
function identityScale({ names }: CustomModel) {
  const columns = names.map((name) => ({
    ...{ name, term: name, mean: 0, scale: 1, isIntercept: false, isIndicator: false },
  }));
  return { columns, target: { name: "", kind: "number", mean: 0, scale: 1 } as const };
}

function timingOf({ numRows }: CustomModel, { counter }: Workspace, started: number, estimated: number) {
  const now = performance.now();
  return {
    estimate: (estimated - started) / 1000,
    sample: (now - estimated) / 1000,
    total: (now - started) / 1000,
    rowsVisited: counter.rowsVisited,
    passes: counter.rowsVisited / numRows,
  };
}

/** A custom model's samplers do not use the kernels. */
const noKernels: Executor = {
  threads: 1,
  run() {
    throw new InputError(
      "This sampler needs the rows of a model, which a custom one does not give: leave the option sampler out.",
    );
  },
  async close() {},
};
