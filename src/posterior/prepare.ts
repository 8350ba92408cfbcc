import type { Design } from "../data/design.ts";
import { InputError } from "../data/errors.ts";
import type { Engine } from "../engine/engine.ts";
import { EngineMemoryError } from "../engine/memory.ts";
import { estimate } from "../estimation/estimate.ts";
import { identificationWarnings } from "../estimation/identification.ts";
import type { Problem, Workspace } from "../estimation/problem.ts";
import { mostDenseParameters } from "../estimation/wide-problem.ts";
import { NotPositiveDefiniteError } from "../linalg/cholesky.ts";
import { type ClassCoding, createModel, type Model } from "../models/model.ts";
import { priorsOfColumns } from "../models/prior.ts";
import type { ScalePrior } from "../models/scale-prior.ts";
import { coefficientNames, modelRecipe } from "../prediction/predictive-fit.ts";
import { NoStableStepError, SamplerOptionError } from "../samplers/sampler.ts";
import { UnstableError } from "../theory/stability.ts";
import { refuseForeignModelOptions } from "./foreign-options.ts";
import { type LearnedPrior, learnPrior } from "./learn-prior.ts";
import { type FitInput, type Listening, loadRows } from "./load.ts";
import type { ResolvedOptions } from "./options.ts";

/** What every sampler starts from: the rows, the model over them, and what was measured of it at the mode. */
export interface Prepared {
  readonly design: Design;
  readonly problem: Problem;
  /** M: the names of the parameters. */
  readonly names: readonly string[];
  /** Of the data, and of what they leave undetermined. */
  readonly warnings: readonly string[];
  /** What else the certificate should say. */
  readonly remarks: readonly string[];
  readonly learned?: LearnedPrior;
  readonly seconds: { readonly load: number; readonly estimate: number };
}

/** The rows, the model over them, and what was learned of its prior. */
export interface PreparedModel {
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

/** Input → rows in memory → model. */
export async function prepareModel(
  input: FitInput,
  options: ResolvedOptions,
  engine: Engine,
  listening: Listening,
): Promise<PreparedModel> {
  const started = performance.now();
  const { design, rows } = await loadRows(input, options, engine, listening);
  const loaded = performance.now();
  if (design.columns.length === 0) {
    throw new InputError("The formula leaves no column to estimate: add a term or keep the intercept.");
  }
  const workspace: Workspace = { executor: engine.executor, ...listening, counter: { rowsVisited: 0 } };
  refuseForeignModelOptions(design.family, options);
  const { learnPrior: learnsPrior, sigma } = options;
  const classes = classesOf(design, options.classCoding);
  let model = createModel(engine.memory, rows, {
    family: design.family,
    classes,
    priors: priorsOfColumns(design.columns, options.priors, design.leftOut),
    auxiliaries: {
      sigma: sigma === "em" ? 1 : knownOf(sigma, options.sigmaPrior),
      nu: knownOf(options.nu, options.nuPrior),
      dispersion: knownOf(options.dispersion, options.dispersionPrior),
    },
  });
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

/** Model → mode, curvature and noise. */
export async function measure(prepared: PreparedModel, seed: number): Promise<Prepared> {
  const { design, workspace, model, names, warnings, remarks, learned, times } = prepared;
  workspace.onProgress?.("finding the mode", 0);
  const problem = await estimate(workspace, model, seed).catch((error) => {
    throw error instanceof NotPositiveDefiniteError ? new InputError(noMode(design)) : error;
  });
  const columns = design.columns.map((column) => column.name);
  const load = (times.loaded - times.started) / 1000;
  return {
    design,
    problem,
    names,
    warnings: [...warnings, ...identificationWarnings(problem, columns)],
    remarks,
    learned,
    seconds: { load, estimate: (performance.now() - times.loaded) / 1000 },
  };
}

/** Whether a model has too many parameters for what is M×M. */
export function isWide({ model }: Pick<PreparedModel, "model">): boolean {
  return model.dimension > mostDenseParameters;
}

/** Draws and summaries go by name. @throws InputError where two parameters have the same */
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

/** The sentence for a search for the mode that ends nowhere. */
function noMode({ numRows, columns }: Design): string {
  return `The posterior has no mode to start from with these ${numRows.toLocaleString("en")} rows and ${columns.length.toLocaleString("en")} columns: some combination of columns fits the target exactly, or nothing bounds a parameter; use more rows or fewer columns, or a number for sigma, nu or dispersion.`;
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

/** Runs `work`, and takes back the memory it allocated. What a person can mend arrives as an InputError. */
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

/** Whether other options or other data would help; the message then is a sentence for the user. */
function isMendable(error: unknown): error is Error {
  return (
    error instanceof InputError ||
    error instanceof SamplerOptionError ||
    error instanceof NoStableStepError ||
    error instanceof UnstableError ||
    error instanceof EngineMemoryError
  );
}
