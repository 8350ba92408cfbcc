import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { referencesOf } from "../design/recipe/references.ts";
import type { Engine } from "../engine/engine.ts";
import { progressReporter } from "../engine/progress.ts";
import { InputError } from "../errors.ts";
import { refuse } from "../kinds.ts";
import { logLikelihoodOf, requireLogLikelihood } from "../loo/log-likelihood.ts";
import type { FitOptions } from "../options/options.ts";
import { resolveOptions } from "../options/resolve-options.ts";
import { modelRecipe } from "../prediction/predictive-fit.ts";
import { refuseUnsuited } from "../sampling/choose.ts";
import { isDense } from "../sampling/run.ts";
import { crossedFit } from "./crossed-fit.ts";
import { effectsOfLevels } from "./effects/effects-of-levels.ts";
import { describeData, observedTarget } from "./input/describe-data.ts";
import { estimateLoaded, loadInput } from "./input/estimate-input.ts";
import { isCrossed } from "./input/group-model-of.ts";
import { asSource, type FitInput, type RunControl } from "./input/load.ts";
import { refuseForDistantRows } from "./input/refuse-distant.ts";
import { requireOptions } from "./options/require-input.ts";
import type { Posterior } from "./posterior.ts";
import { posteriorOf } from "./posterior-methods.ts";
import { runSelected, settingsOf } from "./run-selected.ts";
import { byTerm } from "./summary/group-terms.ts";
import { carriedOf } from "./update/carried.ts";
import { type DrawsSoFar, watched } from "./watched.ts";
import { withMemoryOf } from "./within-memory.ts";

/** What may be set for a run of `fit`. */
export interface RunOptions extends FitOptions, RunControl {
  /** Whether the result includes the target's values. */
  readonly keepTarget?: boolean;
  /**
   * Whether the result includes the log likelihood of every row at every draw, which `saveFit` writes for ArviZ. Of tables, up to 2²⁷
   * numbers.
   */
  readonly keepLogLikelihood?: boolean;
  /**
   * Whether the effects of every group are worked out, for `groupEffects` of the result and for predictions of known groups. Left out,
   * they are where that takes a second or so.
   */
  readonly effects?: boolean;
  /**
   * Told a few times a second while chains run which draws there are so far, on the scale of the data: of models with curvature of all
   * pairs, and of samplers whose draws are positions of the chains. What it does not get in time it gets from the result.
   */
  readonly onDraws?: (soFar: DrawsSoFar) => void;
  /** Where the run keeps what it has worked out, and goes on from where one like it was interrupted. */
  readonly checkpoint?: Checkpoint;
}

/**
 * Fits on the given engine: rows → mode, curvature and noise → settings → draws → summary and certificate.
 * @throws InputError where the input or an option cannot be used; the signal's reason when it is aborted
 */
export async function fitWithEngine(input: FitInput, options: RunOptions, engine: Engine): Promise<Posterior> {
  requireOptions(options);
  const {
    signal,
    onProgress: listener,
    keepTarget,
    keepLogLikelihood,
    effects: wantsEffects,
    checkpoint,
    onDraws,
    ...plain
  } = options;
  if (wantsEffects !== undefined && typeof wantsEffects !== "boolean")
    refuse(wantsEffects, "The option effects", "true or false");
  const onProgress = progressReporter(listener);
  // What is kept of single rows needs them.
  const resolved = resolveOptions({ ...plain, ...((keepTarget || keepLogLikelihood) && { cells: "off" }) });
  if (keepLogLikelihood && !("formula" in input))
    throw new InputError("The log likelihood is kept of a table: give { data, formula }.");
  refuseForDistantRows(input, resolved, { keepTarget, keepLogLikelihood });
  const started = performance.now();
  const posterior = await withMemoryOf(engine, async (): Promise<Posterior> => {
    const listening = { signal, onProgress, checkpoint };
    const found = await loadInput(input, resolved, engine, listening, (model) => {
      refuseUnsuited(resolved.sampler, model, resolved);
      if (keepTarget && model.blocks) throw noTargetOfBlocks();
    });
    const { groups, numRows } = found.loaded.design;
    if (keepLogLikelihood) requireLogLikelihood(numRows, resolved.chains * resolved.draws, resolved.weights);
    if (groups && isCrossed(groups)) {
      const observed = keepTarget && { observed: observedTarget(found.loaded.design, found.loaded.model) };
      return crossedFit(found.loaded, resolved, engine, {
        ...listening,
        started,
        wantsEffects,
        options: plain,
        ...observed,
      });
    }
    const estimates = await estimateLoaded(input, resolved, engine, listening, found);
    const { design, local, learned, seconds } = estimates;
    const observed = keepTarget && { observed: observedTarget(design, local.model) };
    const { certified, rationale, warnings } = await runSelected(
      onDraws ? watched(estimates, onDraws) : estimates,
      resolved,
    );
    const { run, draws, certificate } = certified;
    const recipe = modelRecipe(design, local.model);
    const source = { recipe, draws, seed: resolved.seed };
    const effects =
      design.groups && isDense(run)
        ? await effectsOfLevels({ ...source, run, groups: design.groups }, wantsEffects)
        : undefined;
    const carried = isDense(run) ? await carriedOf(design, run) : undefined;
    const { rowsVisited } = local.workspace.counter;
    return posteriorOf({
      draws,
      recipe,
      family: design.family,
      formula: design.formula,
      data: describeData(design, local.model),
      references: referencesOf(design.recipe),
      options: plain,
      settings: settingsOf(run, rationale),
      ...(learned && { prior: learned }),
      ...byTerm(recipe, certified.coefficients, draws),
      certificate,
      warnings,
      timing: {
        ...seconds,
        sample: run.seconds.plan + run.seconds.sample,
        total: (performance.now() - started) / 1000,
        rowsVisited,
        passes: rowsVisited / local.numRows,
      },
      ...observed,
      ...(effects && { groupEffects: effects }),
      ...(carried && { carried }),
      ...(isDense(run) && run.output.hamiltonian && { hamiltonian: run.output.hamiltonian }),
    });
  });
  onProgress?.finish();
  if (!keepLogLikelihood || !("formula" in input)) return posterior;
  const logLikelihood = await logLikelihoodOf(posterior, asSource(input.data), signal);
  return posteriorOf({ ...posterior, logLikelihood });
}

function noTargetOfBlocks(): InputError {
  return new InputError(
    "--save-data keeps the target of every row, and the rows do not fit into memory; leave it out, and give the rows to ornstein predict.",
  );
}
