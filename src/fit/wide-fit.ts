import { referencesOf } from "../design/recipe/references.ts";
import { certifyWide } from "../diagnostics/certificate/wide-certificate.ts";
import { estimateWide } from "../estimation/wide-problem.ts";
import { modelRecipe } from "../prediction/predictive-fit.ts";
import { wideSamplers } from "../sampling/chains/wide-samplers.ts";
import { samplers } from "../sampling/registry.ts";
import { refuseForeignTuning, SamplerOptionError } from "../sampling/sampler.ts";
import { convergenceOf } from "./coefficients.ts";
import { describeData } from "./load.ts";
import type { ResolvedOptions } from "./options/options.ts";
import { requireNumbers } from "./options/require-numbers.ts";
import type { Posterior } from "./posterior.ts";
import type { LoadedModel } from "./prepare.ts";
import { summariseWide } from "./wide-coefficients.ts";

/**
 * Fits a model with too many parameters for matrices of all pairs: model → mode and the curvature's diagonal → draws →
 * summary and certificate, all with memory O(M).
 * @throws SamplerOptionError if a sampler was asked for that needs such matrices
 */
export async function fitWide(
  prepared: LoadedModel,
  options: ResolvedOptions,
): Promise<Omit<Posterior, "predict" | "toJSON">> {
  const { design, model, workspace, times, learned } = prepared;
  const sampler = wideSamplers.find(({ name }) => name === options.sampler);
  if (!sampler) {
    const names = wideSamplers.map(({ name }) => name).join(", ");
    throw new SamplerOptionError(
      `${options.sampler} works with matrices of all pairs of coefficients, and there are ${model.dimension.toLocaleString("en")}: choose one of ${names}, or use fewer columns.`,
    );
  }
  const title = `${sampler.name} with ${model.dimension.toLocaleString("en")} coefficients`;
  refuseForeignTuning({ ...sampler, name: title }, options, samplers);
  if (options.covariance === "posterior") {
    throw new SamplerOptionError(
      `${title} has draws of the sandwich covariance only, as the map to the posterior's needs matrices of all pairs: leave --covariance out.`,
    );
  }
  const local = await estimateWide(workspace, model, options.seed);
  const estimated = performance.now();
  const run = await sampler.run(local, options);
  const { coefficients, draws } = summariseWide(design, prepared.names, local, run);
  requireNumbers(coefficients);
  const convergence = coefficients.map(convergenceOf);
  const ended = performance.now();
  const { rowsVisited } = workspace.counter;
  return {
    draws,
    recipe: modelRecipe(design, model),
    family: design.family,
    formula: design.formula,
    data: describeData(design, model),
    references: referencesOf(design.recipe),
    settings: run.settings,
    ...(learned && { prior: learned }),
    coefficients,
    certificate: certifyWide(local, run, convergence, options.tolerance, [...prepared.remarks, ...prepared.warnings]),
    warnings: prepared.warnings,
    timing: {
      load: (times.loaded - times.started) / 1000,
      estimate: (estimated - times.loaded) / 1000,
      sample: (ended - estimated) / 1000,
      total: (ended - times.started) / 1000,
      rowsVisited,
      passes: rowsVisited / design.numRows,
    },
  };
}
