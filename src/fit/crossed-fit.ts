import { crossedPosterior } from "../crossed/crossed-posterior.ts";
import type { CrossedError, CrossedPosterior } from "../crossed/posterior.ts";
import { referencesOf } from "../design/recipe/references.ts";
import type { Certificate, RunCheck } from "../diagnostics/certificate/certificate.ts";
import { checkConvergence } from "../diagnostics/certificate/convergence-check.ts";
import { monteCarloErrors } from "../diagnostics/certificate/precision.ts";
import { percent } from "../diagnostics/certificate/wording.ts";
import type { Engine } from "../engine/engine.ts";
import type { ResolvedOptions } from "../options/resolve-options.ts";
import { noTuning } from "../options/tuning.ts";
import { modelRecipe } from "../prediction/predictive-fit.ts";
import { crossed as sampler } from "../sampling/algorithms/crossed.ts";
import { drawsOutput } from "../sampling/chains/chain-output.ts";
import type { SamplerSettings } from "../sampling/plan.ts";
import { crossedEffectDraws, crossedEffects } from "./effects/crossed-effects.ts";
import { crossedColumnWarnings, crossedPriorCheck } from "./input/crossed-checks.ts";
import { crossedModelOf } from "./input/crossed-model-of.ts";
import { describeData } from "./input/describe-data.ts";
import { refuseExactFit, refuseNoNoise } from "./input/least-noise.ts";
import type { Reporting } from "./input/load.ts";
import type { LoadedModel } from "./input/load-model.ts";
import { requireNumbers } from "./options/require-numbers.ts";
import type { Posterior } from "./posterior.ts";
import { posteriorOf } from "./posterior-methods.ts";
import { convergenceOf, type PosteriorTable, type SummarisedRun } from "./summary/coefficients.ts";
import { byTerm } from "./summary/group-terms.ts";
import { summarise } from "./summary/summarise.ts";

/** Draws of a model with crossed factors, summarised and certified. */
interface CrossedRun extends PosteriorTable {
  readonly settings: SamplerSettings;
  readonly certificate: Certificate;
  readonly crossed: CrossedPosterior;
}

interface CrossedOutputs extends Pick<Posterior, "observed" | "options"> {
  /** When the run began. */
  readonly started: number;
  readonly wantsEffects?: boolean;
}

/**
 * The posterior of a model whose factors are crossed.
 * @throws InputError as `runCrossed`
 */
export async function crossedFit(
  loaded: LoadedModel,
  options: ResolvedOptions,
  engine: Engine,
  { started, wantsEffects, observed, options: given, ...listening }: Reporting & CrossedOutputs,
): Promise<Posterior> {
  const { design, model, times, workspace } = loaded;
  const { groups, target } = design;
  if (!groups) throw new TypeError("The design has no groups.");
  const effectDraws = crossedEffectDraws(groups, options.chains * options.draws, wantsEffects);
  refuseNoNoise(design, model);
  const warnings = [...loaded.warnings, ...(await crossedColumnWarnings(workspace, model, design))];
  const run = await runCrossed({ ...loaded, warnings }, { ...options, effectDraws }, engine, listening);
  const { coefficients, draws, certificate, settings, crossed } = run;
  const recipe = modelRecipe(design, model);
  const { rowsVisited } = workspace.counter;
  return posteriorOf({
    draws,
    recipe,
    family: design.family,
    formula: design.formula,
    data: describeData(design, model),
    references: referencesOf(design.recipe),
    options: given,
    settings,
    ...byTerm(recipe, coefficients, draws),
    certificate,
    warnings,
    timing: {
      load: (times.loaded - times.started) / 1000,
      estimate: 0,
      sample: (performance.now() - times.loaded) / 1000,
      total: (performance.now() - started) / 1000,
      rowsVisited,
      passes: rowsVisited / design.numRows,
    },
    ...(effectDraws > 0 && { groupEffects: crossedEffects(groups, crossed, target.scale) }),
    ...(observed && { observed }),
  });
}

/**
 * Crossed factors have no groups whose effects could be integrated out one by one: all effects are, at once, for gaussian rows, and
 * are sampled with the rest for others (src/crossed).
 * @throws InputError for priors that such models do not have
 */
async function runCrossed(
  { design, model, names, warnings, workspace }: LoadedModel,
  options: ResolvedOptions & { readonly effectDraws: number },
  engine: Engine,
  { signal, onProgress }: Reporting,
): Promise<CrossedRun> {
  const { chains, draws, seed, tolerance, effectDraws } = options;
  const crossed = await crossedPosterior(engine, crossedModelOf(design, model, options.groupPriors), {
    chains,
    draws,
    seed,
    effectDraws,
    signal,
    checkpoint: workspace.checkpoint,
    onProgress: (stage, share) => onProgress?.(stage, share),
  });
  const positions = crossed.draws.map((chain) => inOrder(chain, crossed, design.columns.length));
  const output = drawsOutput(positions, names.length);
  refuseExactFit(design, { model, mode: output.mean });
  const run: SummarisedRun = {
    curvature: "dense",
    local: { workspace, model, mode: output.mean, laplaceCovariance: output.covariance },
    plan: { prediction: { covariance: output.covariance } },
    output,
  };
  const table = summarise(design, names, run);
  requireNumbers(table.coefficients);
  const coefficients = table.coefficients.map(convergenceOf);
  const checks = [
    checkConvergence(coefficients, {}, output.chains),
    checkCrossed(crossed.error),
    crossedPriorCheck(output, model, names, options),
  ];
  const monteCarlo = monteCarloErrors(coefficients, 0);
  const rough = (monteCarlo.totalSdError ?? 0) > tolerance;
  const roughness = `Monte Carlo leaves an error of up to ${percent(monteCarlo.totalSdError ?? 0)} in a posterior sd; run more --draws.`;
  const notes = [...warnings, ...(rough ? [roughness] : [])];
  const failed = checks.some(({ passed, slight }) => !passed && !slight);
  const warned = notes.length > 0 || checks.some(({ passed }) => !passed);
  return {
    ...table,
    crossed,
    settings: {
      sampler: sampler.name,
      ...noTuning,
      burnInSteps: 0,
      stepsPerDraw: 1,
      chains,
      draws,
      seed,
      because: rationaleOf(crossed.error),
    },
    certificate: {
      verdict: failed ? "failed" : warned ? "warning" : "ok",
      klToLaplace: { predicted: null, measured: null },
      maxSdError: { predicted: null, measured: null },
      monteCarlo,
      informationRatio: null,
      meanSquareStable: true,
      largestStableScale: null,
      assumptions: [],
      checks,
      notes,
    },
  };
}

/** From (β, φ, τ) to the order of a model's parameters, (β, τ, φ), φ the effects' covariances and τ the family's own parameters. */
function inOrder(chain: Float64Array, { layout }: CrossedPosterior, numFixed: number): Float64Array {
  const { size, auxiliaries } = layout;
  const count = auxiliaries.filter(({ at }) => at >= 0).length;
  const width = numFixed + size;
  const ordered = chain.slice();
  for (let from = 0; from < chain.length; from += width) {
    ordered.set(chain.subarray(from + width - count, from + width), from + numFixed);
    ordered.set(chain.subarray(from + numFixed, from + width - count), from + numFixed + count);
  }
  return ordered;
}

/** Nats by which an interpolated log density may be off at its draws: then weights of draws are off by a twentieth. */
const largestRms = 0.05;
/** Trajectories of which fewer are accepted stand still in a part of the posterior. */
const minAcceptance = 0.4;

function checkCrossed(error: CrossedError): RunCheck {
  if (error.kind === "interpolated")
    return {
      id: "crossed",
      passed: error.rms <= largestRms,
      slight: error.rms > largestRms && error.rms <= 4 * largestRms,
      message: `Effects and coefficients are integrated out exactly; the log density of the variances, interpolated between ${error.points} exact values, is off by ${error.rms.toPrecision(2)} in the root mean square at ${error.checks} fresh draws.`,
    };
  return {
    id: "crossed",
    passed: error.acceptance > minAcceptance,
    message: `Effects, coefficients and variances are sampled together by trajectories that leave the posterior unchanged: ${percent(error.acceptance)} accepted, ${error.gradientsPerDraw.toFixed(1)} gradients a draw.`,
  };
}

function rationaleOf(error: CrossedError): string {
  return error.kind === "interpolated"
    ? "crossed factors, gaussian rows: effects integrated out exactly, the variances' posterior by a design of points"
    : "crossed factors: Hamiltonian Monte Carlo over coefficients and effects about their normal law, interleaved with the variances";
}
