import { type Design, type DesignOptions, rotatedPriors } from "../design/design.ts";
import { isWide } from "../design/wide.ts";
import type { RunCheck } from "../diagnostics/certificate/certificate.ts";
import { checkPrior } from "../diagnostics/certificate/prior-check.ts";
import type { Engine } from "../engine/engine.ts";
import { EngineMemoryError } from "../engine/memory.ts";
import { InputError } from "../errors.ts";
import { estimate } from "../estimation/estimate.ts";
import { identificationWarnings, losesDigits } from "../estimation/identification.ts";
import type { LocalApproximation } from "../estimation/local-approximation.ts";
import { priorPull } from "../estimation/prior-pull.ts";
import type { FamilyName } from "../families/family.ts";
import { NotPositiveDefiniteError } from "../linalg/cholesky.ts";
import { type ClassCoding, createModel, type Model, numParameters } from "../models/model.ts";
import { coefficientNames, modelRecipe } from "../prediction/predictive-fit.ts";
import { defaultPrior, type NormalPrior, type Prior, priorsOfColumns } from "../priors/prior.ts";
import type { ScalePrior } from "../priors/scale-prior.ts";
import type { Workspace } from "../rows/workspace.ts";
import { RunAwayError } from "../sampling/chains/run-away.ts";
import { NoStableStepError, SamplerOptionError } from "../sampling/sampler.ts";
import { UnstableError } from "../theory/stability.ts";
import { type LearnedPrior, learnPrior } from "./learn-prior.ts";
import { refuseExactFit, refuseNoNoise } from "./least-noise.ts";
import { type FitInput, loadRows, type Reporting } from "./load.ts";
import { refuseForeignModelOptions } from "./options/foreign-options.ts";
import type { ResolvedOptions } from "./options/options.ts";
import { requireRoomForDraws } from "./require-room.ts";

/** What every sampler starts from: the rows, the model over them, and what was measured of it at the mode. */
export interface ModeEstimates {
  readonly design: Design;
  readonly local: LocalApproximation;
  /** M: the names of the parameters. */
  readonly names: readonly string[];
  /** Warnings about the data and about what they leave undetermined. */
  readonly warnings: readonly string[];
  /** Other remarks for the certificate. */
  readonly remarks: readonly string[];
  readonly learned?: LearnedPrior;
  /** The effect of the prior; absent if the prior was learned. */
  readonly prior?: { readonly shifts: Float64Array; readonly check: RunCheck };
  readonly seconds: { readonly load: number; readonly estimate: number };
}

/** The rows, the model over them, and its prior if that was learned. */
export interface LoadedModel {
  readonly design: Design;
  readonly workspace: Workspace;
  readonly model: Model;
  /** M: the names of the parameters. */
  readonly names: readonly string[];
  readonly warnings: readonly string[];
  readonly remarks: readonly string[];
  readonly learned?: LearnedPrior;
  /** Milliseconds of `performance.now()`. */
  readonly times: { readonly started: number; readonly loaded: number };
}

/**
 * A model with few enough parameters for matrices of all pairs, with its measurements; or only the model, if it has too
 * many.
 */
export interface LoadedInput {
  readonly modelled: LoadedModel;
  readonly prepared?: ModeEstimates;
}

/**
 * Input → rows in memory → model → mode, curvature and noise. If the columns are so nearly collinear that single
 * precision loses the differences between them, the rows are read again into an orthogonal basis.
 * @throws InputError if the input cannot be used, or has no mode
 */
export async function estimateInput(
  input: FitInput,
  options: ResolvedOptions,
  engine: Engine,
  listening: Reporting,
): Promise<LoadedInput> {
  const mark = engine.memory.mark();
  const modelled = await loadModel(input, options, engine, listening);
  refuseNoNoise(modelled.design, modelled.model);
  if (isWide(modelled.model.dimension)) return { modelled };
  const prepared = await estimateAtMode(modelled, options.seed).catch(unlessNoMode);
  if (prepared && !losesDigits(prepared.local, modelled.design))
    return { modelled, prepared: await withPriorCheck(prepared, options) };
  const obstacle = obstacleToBasis(input, options, modelled);
  if (obstacle) {
    if (!prepared) throw new InputError(noMode(modelled.design));
    const warned = { ...prepared, warnings: [...prepared.warnings, lostDigits(obstacle)] };
    return { modelled, prepared: await withPriorCheck(warned, options) };
  }
  const { leftOut } = modelled.design;
  engine.memory.release(mark);
  const rotated = await loadModel(input, options, engine, listening, (columns) =>
    normalPriors(priorsOfColumns(columns, options.priors, leftOut)).map(({ sd }) => sd),
  );
  // Remarks on the columns refer to the original ones.
  const renewed = {
    ...rotated,
    warnings: modelled.warnings,
    times: { ...rotated.times, started: modelled.times.started },
  };
  const measured = await estimateAtMode(renewed, options.seed).catch(unlessNoMode);
  if (!measured) throw new InputError(noMode(modelled.design));
  return { modelled: renewed, prepared: await withPriorCheck(measured, options) };
}

async function withPriorCheck(
  prepared: ModeEstimates,
  { learnPrior, priors }: ResolvedOptions,
): Promise<ModeEstimates> {
  refuseExactFit(prepared.design, prepared.local);
  if (learnPrior) return prepared;
  const { design, local, names } = prepared;
  const pull = await priorPull(local, design);
  const isDefault = priors.default === defaultPrior && !priors.named?.size;
  const sd = priors.default.kind === "normal" ? priors.default.sd : defaultPrior.sd;
  const check = checkPrior(pull, { names, isDefault, sd, isCollinear: design.basis !== undefined });
  return { ...prepared, prior: { shifts: pull.shifts, check } };
}

function unlessNoMode(error: unknown): undefined {
  if (!(error instanceof NotPositiveDefiniteError)) throw error;
}

/** Largest number of columns for which a basis is computed: singular vectors cost some 20 D³. */
const maxRotatedColumns = 500;
const maxRotatedBytes = 2 ** 30;

/** Why rows cannot be put into an orthogonal basis, for a sentence; undefined if they can. */
function obstacleToBasis(input: FitInput, options: ResolvedOptions, { design }: LoadedModel): string | undefined {
  const { columns, numRows } = design;
  if (options.learnPrior) return "with a learned prior";
  if ("sparse" in input || options.storage === "sparse") return "with sparse rows";
  if (columns.length > maxRotatedColumns || 4 * columns.length * numRows > maxRotatedBytes)
    return `with ${numRows.toLocaleString("en")} rows × ${columns.length.toLocaleString("en")} columns`;
  const priors = priorsOfColumns(columns, options.priors, design.leftOut);
  return priors.every(({ kind }) => kind === "normal") ? undefined : "with priors that are not normal";
}

function lostDigits(obstacle: string): string {
  return `Some columns are so nearly collinear that single precision hardly tells them apart, and ${obstacle} they are not put into a basis of their own: the coefficients among them rest on the prior and on rounding; leave some of them out, or use poly(x, k) for powers of one column.`;
}

/** Input → rows in memory → model. */
export async function loadModel(
  input: FitInput,
  options: ResolvedOptions,
  engine: Engine,
  listening: Reporting,
  priorSds?: DesignOptions["priorSds"],
): Promise<LoadedModel> {
  const started = performance.now();
  const { learnPrior: learnsPrior, sigma } = options;
  const auxiliaries = {
    sigma: sigma === "em" ? 1 : knownOf(sigma, options.sigmaPrior),
    nu: knownOf(options.nu, options.nuPrior),
    dispersion: knownOf(options.dispersion, options.dispersionPrior),
  };
  const countParameters = (numColumns: number, family: FamilyName, count: number) => {
    const classes = family === "categorical" ? { count, coding: options.classCoding } : undefined;
    return numParameters(numColumns, { family, classes, auxiliaries });
  };
  const { design, rows } = await loadRows(input, options, engine, { ...listening, countParameters, priorSds });
  const loaded = performance.now();
  if (design.columns.length === 0) {
    throw new InputError("The formula leaves no column to estimate: add a term or keep the intercept.");
  }
  const workspace: Workspace = { executor: engine.executor, ...listening, counter: { rowsVisited: 0 } };
  refuseForeignModelOptions(design.family, options);
  const classes = classesOf(design, options.classCoding);
  let model = createModel(engine.memory, rows, {
    family: design.family,
    classes,
    priors: priorsIn(design, priorsOfColumns(design.columns, options.priors, design.leftOut)),
    auxiliaries,
  });
  requireRoomForDraws(model, options);
  const names = coefficientNames(modelRecipe(design, model));
  requireDistinctNames(names);
  let learning: Awaited<ReturnType<typeof learnPrior>> | undefined;
  if (learnsPrior || sigma === "em") {
    learning = await learnPrior(workspace, model, design, options);
    model = learning.model;
  }
  return {
    design,
    workspace,
    model,
    names,
    warnings: [...design.warnings, ...(learning?.warnings ?? [])],
    remarks: learning?.remarks ?? [],
    learned: learning?.learned,
    times: { started, loaded },
  };
}

/** The priors of the sampled parameters: of the columns' coefficients, or of those in the design's basis. */
function priorsIn({ basis }: Design, priors: readonly Prior[]): readonly Prior[] {
  if (!basis) return priors;
  return rotatedPriors(
    basis,
    normalPriors(priors).map(({ mean }) => mean),
  );
}

function normalPriors(priors: readonly Prior[]): NormalPrior[] {
  return priors.map((prior) => {
    if (prior.kind !== "normal") throw new RangeError("only normal priors can be put into another basis");
    return prior;
  });
}

/**
 * Model → mode, curvature and noise.
 * @throws NotPositiveDefiniteError if there is no mode
 */
async function estimateAtMode(prepared: LoadedModel, seed: number): Promise<ModeEstimates> {
  const { design, workspace, model, names, warnings, remarks, learned, times } = prepared;
  const local = await estimate(workspace, model, seed);
  const load = (times.loaded - times.started) / 1000;
  return {
    design,
    local,
    names,
    warnings: [...warnings, ...identificationWarnings(local, design)],
    remarks,
    learned,
    seconds: { load, estimate: (performance.now() - times.loaded) / 1000 },
  };
}

/** Draws and summaries are found by name. @throws InputError if two parameters have the same name */
function requireDistinctNames(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name))
      throw new InputError(
        `Two parameters of this model are called ${name}: give the column another name, such as by --sql "select …".`,
      );
    seen.add(name);
  }
}

/** The sentence for a search for the mode that does not converge. */
function noMode({ numRows, columns }: Design): string {
  return `The posterior has no mode to start from with these ${numRows.toLocaleString("en")} rows and ${columns.length.toLocaleString("en")} columns: some combination of columns fits the target exactly, or nothing bounds a parameter, or the priors lie far from the data; use more rows or fewer columns, or a number for sigma, nu or dispersion.`;
}

/** A fixed auxiliary parameter, or the prior of a learned one. */
function knownOf(
  value: number | "learned" | undefined,
  prior: ScalePrior | undefined,
): number | ScalePrior | undefined {
  return typeof value === "number" ? value : prior;
}

function classesOf({ family, target }: Design, coding: ClassCoding) {
  if (family !== "categorical" || !target.levels) return undefined;
  const count = target.levels.length;
  return { count, coding };
}

/** Runs `work` and releases the memory it allocated. Errors that the user can correct are thrown as InputErrors. */
export async function withMemoryOf<T>({ memory }: Engine, work: () => Promise<T>): Promise<T> {
  const mark = memory.mark();
  try {
    return await work();
  } catch (error) {
    throw isMendable(error) && !(error instanceof InputError) ? new InputError(error.message) : error;
  } finally {
    memory.release(mark);
  }
}

/** Whether other options or data would avoid the error; its message then is a sentence for the user. */
function isMendable(error: unknown): error is Error {
  return (
    error instanceof InputError ||
    error instanceof SamplerOptionError ||
    error instanceof NoStableStepError ||
    error instanceof RunAwayError ||
    error instanceof UnstableError ||
    error instanceof EngineMemoryError
  );
}
