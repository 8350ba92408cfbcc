import { accuracyAgainst, measuredLaw } from "../../diagnostics/certificate/accuracy.ts";
import type { Engine } from "../../engine/engine.ts";
import { oneOfSeveral, progressReporter, type ReportProgress } from "../../engine/progress.ts";
import { InputError } from "../../errors.ts";
import type { DenseApproximation } from "../../estimation/local-approximation.ts";
import { requireTexts } from "../../kinds.ts";
import { curvatureOf } from "../../models/model.ts";
import type { FitOptions } from "../../options/options.ts";
import { resolveOptions } from "../../options/resolve-options.ts";
import type { PreconditionerName, Tuning } from "../../options/tuning.ts";
import type { Workspace } from "../../rows/workspace.ts";
import type { SamplerOptions } from "../../sampling/plan.ts";
import { samplers as registry, unsupportedReasonFor } from "../../sampling/registry.ts";
import { sampleDensely } from "../../sampling/run.ts";
import type { Sampler } from "../../sampling/sampler.ts";
import { klByChance } from "../../theory/divergence.ts";
import { describeData } from "../input/describe-data.ts";
import { estimateInput, type ModeEstimates } from "../input/estimate-input.ts";
import type { FitInput, RunControl } from "../input/load.ts";
import { requireOptions } from "../options/require-input.ts";
import { findReference, type Reference } from "../reference.ts";
import { certifyRun } from "../run-sampler.ts";
import { withMemoryOf } from "../within-memory.ts";
import { TimeLimitError, withinTime } from "../within-time.ts";
import type { Comparison, SamplerComparison } from "./comparison.ts";

/** What may be set for a comparison: the model and the length of its runs, not the samplers' own settings. */
export interface CompareOptions extends Omit<FitOptions, keyof Tuning | "sampler">, RunControl {
  /** Names from the registry; all of them by default. */
  readonly samplers?: readonly string[];
  /** Seconds after which a sampler is abandoned; 60 by default. */
  readonly timeLimit?: number;
}

/**
 * Runs every sampler, with each of its preconditioners, on one problem, and measures each against one independent
 * posterior: the exact one if it is known, otherwise a long run of NUTS, on a random subsample if there are too many rows
 * for it. A sampler that cannot be used gets a row with the reason.
 * @throws InputError where the input or an option cannot be used; the signal's reason when it is aborted
 */
export async function compareWithEngine(input: FitInput, options: CompareOptions, engine: Engine): Promise<Comparison> {
  requireOptions(options);
  const { signal, onProgress: listener, samplers: names, timeLimit = defaultTimeLimit, ...plain } = options;
  const onProgress = progressReporter(listener);
  if (names !== undefined) requireTexts(names, "The option samplers", "an array of names");
  // Samplers are compared by the noise of the data's own rows.
  const resolved = resolveOptions({ ...plain, cells: "off" });
  const variants = variantsOf(names);
  if (!(typeof timeLimit === "number" && timeLimit > 0))
    throw new InputError("The option timeLimit takes a number of seconds above 0.");
  const started = performance.now();
  return withMemoryOf(engine, async () => {
    const estimates = await estimateInput(input, resolved, engine, { signal, onProgress }, (model) => {
      if (curvatureOf(model) !== "dense") throw tooManyParameters(model.dimension);
      if (model.blocks) throw beyondMemory();
    });
    const { design, local, warnings, seconds } = estimates;
    if (local.curvature !== "dense") throw tooManyParameters(local.model.dimension);
    const prepared = { ...estimates, local };
    onProgress?.("the reference", 0);
    const reference = await findReference(titled(local, local.workspace, "the reference", signal), resolved, timeLimit);
    const before = performance.now();
    const rows: SamplerComparison[] = [];
    for (const variant of variants)
      rows.push(await withMemoryOf(engine, () => compareOne(prepared, reference, variant, resolved, timeLimit)));
    const ended = performance.now();
    onProgress?.finish();
    return {
      data: describeData(design, local.model),
      family: design.family,
      formula: design.formula,
      reference: {
        sampler: reference.sampler.name,
        // Of groups too, where all of them were taken.
        rows: reference.local.model === local.model ? design.numRows : reference.local.numRows,
        ess: Math.min(reference.law.effectiveDraws.mean, reference.law.effectiveDraws.covariance),
        klFloor: klByChance(local.mode.length, reference.law.effectiveDraws),
      },
      samplers: rows,
      warnings,
      timing: {
        ...seconds,
        reference: reference.seconds,
        samplers: (ended - before) / 1000,
        total: (ended - started) / 1000,
      },
    };
  });
}

const defaultTimeLimit = 60;

function tooManyParameters(dimension: number): InputError {
  return new InputError(
    `The model has ${dimension.toLocaleString("en")} coefficients, and a comparison decomposes matrices of all pairs of them: compare on fewer columns, or use fit.`,
  );
}

function beyondMemory(): InputError {
  return new InputError(
    'The rows do not fit into memory, and a comparison runs samplers that read all of them again and again; compare on fewer rows (--sql "select … using sample 10%"), or raise --memory.',
  );
}

interface Variant {
  readonly sampler: Sampler;
  readonly preconditioner?: PreconditionerName;
}

function variantsOf(names: readonly string[] | undefined): Variant[] {
  const unknown = names?.find((name) => !registry.some((sampler) => sampler.name === name));
  if (unknown !== undefined || names?.length === 0) {
    const all = registry.map((sampler) => sampler.name).join(", ");
    throw new InputError(`There is no sampler "${unknown ?? ""}"; choose among ${all}.`);
  }
  return registry
    .filter((sampler) => names === undefined || names.includes(sampler.name))
    .flatMap((sampler) =>
      sampler.preconditioners.length > 0
        ? sampler.preconditioners.map((preconditioner) => ({ sampler, preconditioner }))
        : [{ sampler }],
    );
}

/** The same problem under another signal, with its progress reported under `title`. */
function titled(
  local: DenseApproximation,
  workspace: Workspace,
  title: string,
  signal: AbortSignal | undefined,
): DenseApproximation {
  // The sampling is the last part, and what comes before it nobody knows the length of.
  const ofPart = oneOfSeveral(workspace.onProgress);
  const onProgress: ReportProgress = (stage, fraction, amount) =>
    stage === "sampling" ? workspace.onProgress?.(title, fraction, amount) : ofPart?.(title, fraction, amount);
  return { ...local, workspace: { ...workspace, signal, onProgress } };
}

async function compareOne(
  prepared: ModeEstimates & { readonly local: DenseApproximation },
  reference: Reference,
  { sampler, preconditioner }: Variant,
  options: SamplerOptions,
  timeLimit: number,
): Promise<SamplerComparison> {
  const { local } = prepared;
  const { workspace } = local;
  const { signal } = workspace;
  const title = [sampler.name, preconditioner].filter(Boolean).join(" ");
  const chosen = { ...options, preconditioner };
  const inTime = (on: DenseApproximation) =>
    withinTime(timeLimit, signal, (either) => sampleDensely(titled(on, workspace, title, either), sampler, chosen));
  const reason = whyNotRun(sampler, local, reference);
  if (reason !== null) return notRun(sampler, preconditioner, reason);
  try {
    const sampled = await inTime(local);
    const told = { ...sampled, local: titled(local, workspace, title, signal) };
    const { certificate, coefficients } = await certifyRun(prepared, told, chosen);
    const measured = reference.local.model === local.model ? sampled : await inTime(reference.local);
    const accuracy = accuracyAgainst(reference.law, measuredLaw(measured.output));
    const { plan, rowsVisited, seconds } = sampled;
    const ess = Math.min(...coefficients.map(({ ess_bulk }) => ess_bulk ?? 0));
    const draws = measuredLaw(sampled.output).effectiveDraws;
    return {
      sampler: sampler.name,
      preconditioner: preconditioner ?? null,
      settings: plan.settings,
      kl: {
        laplacePredicted: certificate.klToLaplace.predicted,
        laplaceMeasured: certificate.klToLaplace.measured,
        reference: accuracy.kl,
      },
      worstSdError: accuracy.worstSdError,
      worstMeanError: accuracy.worstMeanError,
      byChance: {
        klLaplace: klByChance(local.mode.length, draws),
        klReference: accuracy.byChance.kl,
        worstSdError: accuracy.byChance.worstSdError,
        worstMeanError: accuracy.byChance.worstMeanError,
      },
      seconds: seconds.plan + seconds.sample,
      passes: rowsVisited / local.numRows,
      ess,
      essPerSecond: ess / seconds.sample,
      verdict: certificate.verdict,
    };
  } catch (error) {
    signal?.throwIfAborted();
    const message = error instanceof TimeLimitError ? `not done within ${timeLimit} s` : (error as Error).message;
    return notRun(sampler, preconditioner, message);
  }
}

function whyNotRun(sampler: Sampler, of: DenseApproximation, reference: Reference): string | null {
  const unsupportedReason = unsupportedReasonFor(sampler, of);
  if (unsupportedReason !== null) return unsupportedReason;
  const { local, seconds } = reference;
  const { numRows } = of;
  if (sampler !== reference.sampler || local.numRows === numRows) return null;
  const minutes = Math.ceil((seconds * numRows) / local.numRows / 60);
  return `its run as the reference took ${seconds.toFixed(0)} s on the sample of rows and would take about ${minutes} minutes on all of them, so it was not run there`;
}

function notRun(sampler: Sampler, preconditioner: PreconditionerName | undefined, message: string): SamplerComparison {
  return {
    sampler: sampler.name,
    preconditioner: preconditioner ?? null,
    settings: null,
    kl: { laplacePredicted: null, laplaceMeasured: null, reference: null },
    worstSdError: null,
    worstMeanError: null,
    byChance: null,
    seconds: null,
    passes: null,
    ess: null,
    essPerSecond: null,
    verdict: null,
    message,
  };
}
