import type { DesignColumn } from "../../design/design-types.ts";
import type { Engine } from "../../engine/engine.ts";
import { progressReporter } from "../../engine/progress.ts";
import { estimate } from "../../estimation/estimate.ts";
import { families } from "../../families/families.ts";
import { type AuxiliaryOptions, createModel } from "../../models/create-model.ts";
import type { Model } from "../../models/model.ts";
import { requireAccepted } from "../../options/require-accepted.ts";
import { resolveOptions } from "../../options/resolve-options.ts";
import { updateOptions } from "../../options/update-options.ts";
import { type ModelRecipe, parameterNames } from "../../prediction/predictive-fit.ts";
import { refuseUnsuited } from "../../sampling/choose.ts";
import { isDense } from "../../sampling/run.ts";
import { combine, type Moments } from "../../table/moments.ts";
import type { TableSource } from "../../table/table-source.ts";
import { requireRoomForDraws } from "../input/require-room.ts";
import { requireOptions } from "../options/require-input.ts";
import type { PosteriorData } from "../posterior.ts";
import { runSelected, settingsOf } from "../run-selected.ts";
import { byTerm } from "../summary/group-terms.ts";
import { withMemoryOf } from "../within-memory.ts";
import { carriedOf, partSums } from "./carried.ts";
import { expandCarried } from "./expand-carried.ts";
import { type NewRowsOfFit, readNewRows } from "./new-rows.ts";
import { type Updatable, updatable } from "./updatable.ts";
import { checkShift, checkUpdate, updateError } from "./update-checks.ts";
import type { PartSums, UpdateOptions } from "./update-types.ts";

/**
 * The posterior of a fit's rows and of new ones, by a few passes over the new ones alone: prior and old rows are the law that the fit
 * keeps (`Carried`), expanded where the posterior is now, and the likelihood of the new rows is their own.
 * @throws InputError where the fit cannot be updated, or the rows or an option cannot be used; the signal's reason when it is aborted
 */
export async function updateWithEngine(
  given: PosteriorData,
  source: TableSource,
  options: UpdateOptions,
  engine: Engine,
): Promise<PosteriorData> {
  requireOptions(options);
  const { signal, onProgress: listener, ...plain } = options;
  requireAccepted(updateOptions, plain);
  const fit = updatable(given);
  const onProgress = progressReporter(listener);
  const resolved = resolveOptions(plain);
  const started = performance.now();
  const posterior = await withMemoryOf(engine, async (): Promise<PosteriorData> => {
    const found = await readNewRows(fit, source, engine.memory, { signal, onProgress });
    const workspace = { executor: engine.executor, signal, onProgress, counter: { rowsVisited: 0 } };
    const bare = modelOver(fit, found, engine);
    requireRoomForDraws(bare, resolved);
    const loaded = performance.now();
    const twice = repeatedPart(fit.carried.parts, await partSums(workspace, bare));
    const { model, isSettled } = await expandCarried(workspace, bare, fit.carried);
    refuseUnsuited(resolved.sampler, model, resolved);
    const local = await estimate(workspace, model, resolved.seed);
    const estimated = performance.now();
    const design = { columns: columnsOf(fit), target: fit.recipe.target };
    const { certified, rationale, warnings } = await runSelected(
      {
        design,
        names: parameterNames(fit.recipe),
        local,
        warnings: [...(twice ? [warningOfTwice(twice)] : []), ...warningsBefore(fit)],
        remarks: [],
        checksOf: (run, coefficients) =>
          isDense(run)
            ? [checkUpdate(fit, updateError(fit.carried, run, isSettled)), checkShift(fit, run, coefficients)]
            : [],
      },
      resolved,
    );
    const { run, draws, certificate } = certified;
    if (!isDense(run)) throw new TypeError("an update is of dense curvature");
    const { total: error } = updateError(fit.carried, run, isSettled);
    const carried = await carriedOf({ ...design, groups: undefined }, run, { carried: fit.carried, error });
    const recipe = withTypical(fit, found);
    const { rowsVisited } = workspace.counter;
    const { data: before, family, formula, references, prior, options: ofFit } = fit;
    return {
      draws,
      recipe,
      family,
      formula,
      data: { ...withoutCells(before), ...dataWith(fit, found) },
      references,
      ...(ofFit && { options: { ...ofFit, ...plain } }),
      settings: settingsOf(run, rationale),
      ...(prior && { prior }),
      ...byTerm(recipe, certified.coefficients, draws),
      certificate,
      warnings,
      timing: {
        load: (loaded - started) / 1000,
        estimate: (estimated - loaded) / 1000,
        sample: run.seconds.plan + run.seconds.sample,
        total: (performance.now() - started) / 1000,
        rowsVisited,
        passes: rowsVisited / local.numRows,
      },
      ...(carried && { carried }),
      ...(run.output.hamiltonian && { hamiltonian: run.output.hamiltonian }),
    };
  });
  onProgress?.finish();
  return posterior;
}

function warningsBefore({ certificate: { verdict } }: Updatable): string[] {
  return verdict === "warning"
    ? ["The fit that was updated has warnings, which hold here too: see its certificate."]
    : [];
}

/** The model over the new rows alone, without a prior. */
function modelOver({ recipe, data }: Updatable, { rows }: NewRowsOfFit, engine: Engine): Model {
  const { target, family, fixed, hasReference } = recipe;
  const auxiliaries = Object.fromEntries(
    families[family].auxiliaries.flatMap(({ name, isScale }) => {
      const value = fixed[name];
      return value === undefined ? [] : [[name, value / (isScale ? target.scale : 1)]];
    }),
  ) as AuxiliaryOptions;
  const model = createModel(engine.memory, rows, {
    family,
    priors: Array.from({ length: rows.numColumns }, () => ({ kind: "normal", mean: 0, sd: Number.POSITIVE_INFINITY })),
    auxiliaries,
    ...(target.kind === "classes" && {
      classes: { count: target.levels.length, coding: hasReference ? "reference" : "symmetric" },
    }),
  });
  // As of a fit's own rows (load-model.ts).
  return target.kind === "trials" && data.weights === undefined ? { ...model, areTrials: true } : model;
}

function columnsOf({ recipe, carried }: Updatable): DesignColumn[] {
  return recipe.columns.map(({ name, term }, j) => ({
    name,
    term,
    ...carried.columns[j],
    isIntercept: recipe.hasIntercept && j === recipe.columns.length - 1,
    isIndicator: false,
  }));
}

/** Sums of the same rows differ by less: they are of numbers in single precision. */
const roundingOfSums = 1e-4;

/** A part of the fit whose rows are the new ones, as far as their number and their sums tell. */
function repeatedPart(parts: readonly PartSums[], own: PartSums): PartSums | undefined {
  const isSame = (a: number, b: number) => Math.abs(a - b) <= roundingOfSums * Math.sqrt(own.rows) + 1e-7 * Math.abs(b);
  return parts.find(
    ({ rows, loss, gradient }) =>
      rows === own.rows && isSame(loss, own.loss) && gradient.every((value, j) => isSame(value, own.gradient[j])),
  );
}

function warningOfTwice({ rows }: PartSums): string {
  return `The fit already has ${rows.toLocaleString("en")} rows with the same sums as the new ones: if they are the same rows, they count twice.`;
}

/** The recipe with what stands for its columns' values over all rows; levels are those of the fit. */
function withTypical({ recipe, carried }: Updatable, { inputs }: NewRowsOfFit): ModelRecipe {
  const count = carried.parts.reduce((sum, { rows }) => sum + rows, 0);
  const ofAll = recipe.inputs.map((input) => {
    const own = inputs.get(input.name);
    if (!own || !input.typical || !("mean" in input.typical)) return input;
    const { least, largest } = input.typical;
    const isKnown = least !== undefined && largest !== undefined;
    const range = isKnown && { least: Math.min(least, own.least), largest: Math.max(largest, own.largest) };
    return { ...input, typical: { ...meanAndSd(combine(momentsFrom(count, input.typical), own)), ...range } };
  });
  return { ...recipe, inputs: ofAll };
}

const momentsFrom = (count: number, { mean, sd }: { readonly mean: number; readonly sd: number }): Moments => ({
  count,
  mean,
  squares: count * sd ** 2,
});
const meanAndSd = ({ mean, squares, count }: Moments) => ({ mean, sd: Math.sqrt(squares / count) });

/** New rows are not counted in the cells of those before. */
function withoutCells({ cells, ...data }: Updatable["data"]): Updatable["data"] {
  return data;
}

function dataWith({ data }: Updatable, { rows: { numRows }, droppedRows, zeroWeightRows, target }: NewRowsOfFit) {
  const { targetMean, targetSd } = data;
  const zero = (data.zeroWeightRows ?? 0) + zeroWeightRows;
  const all =
    targetMean !== undefined && targetSd !== undefined
      ? meanAndSd(combine(momentsFrom(data.rows, { mean: targetMean, sd: targetSd }), target))
      : undefined;
  return {
    rows: data.rows + numRows,
    droppedRows: data.droppedRows + droppedRows,
    ...(zero > 0 && { zeroWeightRows: zero }),
    ...(all && { targetMean: all.mean, targetSd: all.sd }),
    updates: [...(data.updates ?? []), numRows],
  };
}
