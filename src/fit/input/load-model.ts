import { priorsOfColumns } from "../../design/column-priors.ts";
import { levelsOf } from "../../design/columns/level-basis.ts";
import { rotatedPriors } from "../../design/design.ts";
import type { Design, DesignOptions } from "../../design/design-types.ts";
import type { Engine } from "../../engine/engine.ts";
import { InputError } from "../../errors.ts";
import type { FamilyName } from "../../families/families.ts";
import { type ClassCoding, createModel, numParameters } from "../../models/create-model.ts";
import type { Model } from "../../models/model.ts";
import { refuseForeignModelOptions } from "../../options/foreign-options.ts";
import { knownAuxiliaries, type ResolvedOptions } from "../../options/resolve-options.ts";
import { modelRecipe, parameterNames } from "../../prediction/predictive-fit.ts";
import type { Prior } from "../../priors/densities.ts";
import type { NormalPrior } from "../../priors/normal.ts";
import type { Workspace } from "../../rows/workspace.ts";
import { groupModelOf } from "./group-model-of.ts";
import { type LearnedPrior, learnPrior } from "./learn-prior.ts";
import { type FitInput, loadRows, type Reporting } from "./load.ts";
import { requireRoomForDraws } from "./require-room.ts";

/** The rows, the model over them, and what was learned of its prior. */
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
 * Input → rows in memory → model.
 * @param inspect sees the model before anything is learned of its prior; what it throws ends the run
 */
export async function loadModel(
  input: FitInput,
  options: ResolvedOptions,
  engine: Engine,
  listening: Reporting,
  { inspect, priorSds }: { inspect?(model: Model): void } & Pick<DesignOptions, "priorSds"> = {},
): Promise<LoadedModel> {
  const started = performance.now();
  const { learnPrior: learnsPrior, sigma } = options;
  const auxiliaries = knownAuxiliaries(options);
  const countParameters = (numColumns: number, family: FamilyName, count: number) => {
    const classes = family === "categorical" ? { count, coding: options.classCoding } : undefined;
    const dimension = numParameters(numColumns, { family, classes, auxiliaries });
    requireRoomForDraws({ memory: engine.memory, dimension }, options);
    return dimension;
  };
  const { design, rows } = await loadRows(input, options, engine, { ...listening, countParameters, priorSds });
  const loaded = performance.now();
  if (design.columns.length === 0) {
    throw new InputError("The formula leaves no column to estimate: add a term or keep the intercept.");
  }
  listening.checkpoint?.requireSame([
    design.rows,
    ...(design.blocks ? [design.blocks.checksums] : []),
    ...(design.groups?.factors ?? []).map(({ levelOf }) => levelOf),
  ]);
  const workspace: Workspace = { executor: engine.executor, ...listening, counter: { rowsVisited: 0 } };
  refuseForeignModelOptions(design.family, options);
  const classes = classesOf(design, options.classCoding);
  const bare = createModel(engine.memory, rows, {
    family: design.family,
    classes,
    priors: priorsIn(design, priorsOfColumns(design.columns, options.priors, design.leftOut)),
    auxiliaries,
  });
  const areTrials = design.target.kind === "trials" && design.weightedBy === undefined;
  const levels = levelsOf(design.columns, design.basis);
  const flat = {
    ...bare,
    ...(areTrials && { areTrials }),
    ...(design.cells && { cells: design.cells }),
    ...(levels && { levels }),
  };
  if (design.groups && (learnsPrior || sigma === "em"))
    throw new InputError(
      `${learnsPrior ? "A prior" : "sigma"} is not learned by empirical Bayes beside group terms, whose own sds are parameters; leave ${learnsPrior ? "--prior learned" : "--sigma em"} out.`,
    );
  let model = groupModelOf(design, flat, options.groupPriors);
  requireRoomForDraws(model, options);
  inspect?.(model);
  const names = parameterNames(modelRecipe(design, model));
  requireDistinctNames(names);
  let learning: Awaited<ReturnType<typeof learnPrior>> | undefined;
  if ((learnsPrior || sigma === "em") && model.blocks)
    throw new InputError(
      `${learnsPrior ? "A prior" : "sigma"} is not learned by empirical Bayes from rows in blocks on disk, of which it would read some at every step; leave ${learnsPrior ? "--prior learned" : "--sigma em"} out, or use fewer rows, or more --memory.`,
    );
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

/** The priors of what is sampled: of the columns' coefficients, or of those in the design's basis. */
function priorsIn({ basis }: Design, priors: readonly Prior[]): readonly Prior[] {
  if (!basis) return priors;
  return rotatedPriors(
    basis,
    normalPriors(priors).map(({ mean }) => mean),
  );
}

export function normalPriors(priors: readonly Prior[]): NormalPrior[] {
  return priors.map((prior) => {
    if (prior.kind !== "normal") throw new RangeError("only normal priors can be put into another basis");
    return prior;
  });
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

function classesOf({ family, target }: Design, coding: ClassCoding) {
  if (family !== "categorical" || !target.levels) return undefined;
  const count = target.levels.length;
  return { count, coding };
}
