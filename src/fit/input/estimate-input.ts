import { priorsOfColumns } from "../../design/column-priors.ts";
import type { Design } from "../../design/design-types.ts";
import type { RunCheck } from "../../diagnostics/certificate/certificate.ts";
import { checkPrior } from "../../diagnostics/certificate/prior-check.ts";
import type { Engine } from "../../engine/engine.ts";
import { InputError } from "../../errors.ts";
import { approximate } from "../../estimation/estimate.ts";
import { identificationWarnings, losesDigits } from "../../estimation/identification.ts";
import type { LocalApproximation } from "../../estimation/local-approximation.ts";
import { type PriorPull, priorPull } from "../../estimation/prior-pull.ts";
import { NotPositiveDefiniteError } from "../../linalg/cholesky.ts";
import type { Model } from "../../models/model.ts";
import type { ResolvedOptions } from "../../options/resolve-options.ts";
import { defaultPrior } from "../../priors/prior.ts";
import { isCrossed } from "./group-model-of.ts";
import type { LearnedPrior } from "./learn-prior.ts";
import { refuseExactFit, refuseNoNoise } from "./least-noise.ts";
import type { FitInput, Reporting } from "./load.ts";
import { type LoadedModel, loadModel, normalPriors } from "./load-model.ts";

/** What every sampler starts from: the rows, the model over them, and what was measured of it at the mode. */
export interface ModeEstimates {
  readonly design: Design;
  readonly local: LocalApproximation;
  /** M: the names of the parameters. */
  readonly names: readonly string[];
  /** Of the data, and of what they leave undetermined. */
  readonly warnings: readonly string[];
  /** What else the certificate should say. */
  readonly remarks: readonly string[];
  readonly learned?: LearnedPrior;
  /** What the prior changes; left out where it was learned. */
  readonly prior?: { readonly shifts: Float64Array; readonly check: RunCheck };
  readonly seconds: { readonly load: number; readonly estimate: number };
}

/**
 * Input → rows in memory → model → mode and curvature. Where the columns are so nearly collinear that rows in single
 * precision lose what tells them apart, the rows are read again into an orthogonal basis.
 * @param inspect sees the model before the mode is searched for; what it throws ends the run
 * @throws InputError where the input cannot be used, or has no mode
 */
export async function estimateInput(
  input: FitInput,
  options: ResolvedOptions,
  engine: Engine,
  listening: Reporting,
  inspect: (model: Model) => void,
): Promise<ModeEstimates> {
  const found = await loadInput(input, options, engine, listening, inspect);
  const { groups } = found.loaded.design;
  if (groups && isCrossed(groups))
    throw new InputError("Crossed factors have a sampler of their own, so that there is nothing to compare it with.");
  return estimateLoaded(input, options, engine, listening, found);
}

/** What was loaded, and where the engine's memory stood before. */
export interface LoadedInput {
  readonly loaded: LoadedModel;
  readonly mark: number;
}

/** Input → rows in memory → model. */
export async function loadInput(
  input: FitInput,
  options: ResolvedOptions,
  engine: Engine,
  listening: Reporting,
  inspect: (model: Model) => void,
): Promise<LoadedInput> {
  const mark = engine.memory.mark();
  return { mark, loaded: await loadModel(input, options, engine, listening, { inspect }) };
}

/** Model → mode and curvature, with the rows read again into an orthogonal basis where that is needed. */
export async function estimateLoaded(
  input: FitInput,
  options: ResolvedOptions,
  engine: Engine,
  listening: Reporting,
  { loaded, mark }: LoadedInput,
): Promise<ModeEstimates> {
  const { design } = loaded;
  refuseNoNoise(design, loaded.model);
  const estimated = await estimateAtMode(loaded, options.seed).catch(unlessNoMode);
  const wantsBasis = estimated ? lacksDigits(estimated) : true;
  if (estimated && !wantsBasis) return withPriorCheck(estimated, options);
  const obstacle = obstacleToBasis(input, options, loaded);
  if (obstacle) {
    if (!estimated) throw new InputError(noMode(design));
    return withPriorCheck({ ...estimated, warnings: [...estimated.warnings, lostDigits(obstacle)] }, options);
  }
  const { leftOut } = design;
  engine.memory.release(mark);
  design.blocks?.remove();
  const rotated = await loadModel(input, options, engine, listening, {
    priorSds: (columns) => normalPriors(priorsOfColumns(columns, options.priors, leftOut)).map(({ sd }) => sd),
  });
  // What is said of the columns is said of them as they are.
  const times = { ...rotated.times, started: loaded.times.started };
  const renewed = { ...rotated, warnings: loaded.warnings, times };
  const measured = await estimateAtMode(renewed, options.seed).catch(unlessNoMode);
  if (!measured) throw new InputError(noMode(design));
  return withPriorCheck(measured, options);
}

const lacksDigits = ({ local, design }: ModeEstimates) => local.curvature === "dense" && losesDigits(local, design);

async function withPriorCheck(estimates: ModeEstimates, options: ResolvedOptions): Promise<ModeEstimates> {
  const { design, local, names } = estimates;
  // What the prior pulls is told from the curvature of all pairs.
  if (local.curvature !== "dense") return estimates;
  refuseExactFit(design, local);
  if (options.learnPrior) return estimates;
  const pull = await priorPull(local, design);
  return {
    ...estimates,
    prior: { shifts: pull.shifts, check: priorCheckOf(pull, names, options, design.basis !== undefined) },
  };
}

export function priorCheckOf(
  pull: PriorPull,
  names: readonly string[],
  { priors }: ResolvedOptions,
  isCollinear: boolean,
): RunCheck {
  const isDefault = priors.default === defaultPrior && !priors.named?.size;
  const sd = priors.default.kind === "normal" ? priors.default.sd : defaultPrior.sd;
  return checkPrior(pull, { names, isDefault, sd, isCollinear });
}

function unlessNoMode(error: unknown): undefined {
  if (!(error instanceof NotPositiveDefiniteError)) throw error;
}

/** Columns for which a basis is worked out: singular vectors cost some 20 D³. */
const maxRotatedColumns = 500;
const maxRotatedBytes = 2 ** 30;

/** Why rows cannot be put into an orthogonal basis, for a sentence; nothing where they can. */
function obstacleToBasis(input: FitInput, options: ResolvedOptions, { design }: LoadedModel): string | undefined {
  const { columns, numRows } = design;
  if (design.groups) return "with group terms";
  if (design.blocks?.distant) return `with rows on ${design.blocks.folder}`;
  if (options.learnPrior) return "with a learned prior";
  if ("sparse" in input || options.storage === "sparse") return "with sparse rows";
  if (columns.length > maxRotatedColumns || 4 * columns.length * numRows > maxRotatedBytes)
    return `with ${numRows.toLocaleString("en")} rows × ${columns.length.toLocaleString("en")} columns`;
  const priors = priorsOfColumns(columns, options.priors, design.leftOut);
  return priors.every(({ kind }) => kind === "normal") ? undefined : "with priors that are not normal";
}

export function lostDigits(obstacle: string): string {
  return `Some columns are so nearly collinear that single precision hardly tells them apart, and ${obstacle} they are not put into a basis of their own: the coefficients among them rest on the prior and on rounding; leave some of them out, or use poly(x, k) for powers of one column.`;
}

/**
 * Model → mode and curvature.
 * @throws NotPositiveDefiniteError where there is no mode
 */
async function estimateAtMode(loaded: LoadedModel, seed: number): Promise<ModeEstimates> {
  const { design, workspace, model, names, warnings, remarks, learned, times } = loaded;
  const local = await approximate(workspace, model, seed);
  const unidentified = local.curvature === "dense" ? await identificationWarnings(local, design) : [];
  const load = (times.loaded - times.started) / 1000;
  const seconds = { load, estimate: (performance.now() - times.loaded) / 1000 };
  return { design, local, names, warnings: [...warnings, ...unidentified], remarks, learned, seconds };
}

/** The sentence for a search for the mode that ends nowhere. */
function noMode({ numRows, columns }: Design): string {
  return `The posterior has no mode to start from with these ${numRows.toLocaleString("en")} rows and ${columns.length.toLocaleString("en")} columns: some combination of columns fits the target exactly, or nothing bounds a parameter, or the priors lie far from the data; use more rows or fewer columns, or a number for sigma, nu or dispersion.`;
}
