import { needsConjugate } from "../estimation/conjugate.ts";
import type { LocalApproximation } from "../estimation/local-approximation.ts";
import { isFarFromNormal } from "../estimation/nonlinearity.ts";
import { conjugate } from "./algorithms/conjugate.ts";
import { constantSgd } from "./algorithms/constant-sgd.ts";
import { controlVariate } from "./algorithms/control-variate.ts";
import { coresetNuts, isCoresetAffordable } from "./algorithms/coreset-nuts.ts";
import { iasg } from "./algorithms/iasg.ts";
import { laplace } from "./algorithms/laplace.ts";
import { meanField } from "./algorithms/mean-field.ts";
import { momentumSgd } from "./algorithms/momentum-sgd.ts";
import { isNutsAffordable, nuts, type Rows } from "./algorithms/nuts.ts";
import { sgfs } from "./algorithms/sgfs.ts";
import { sgld } from "./algorithms/sgld.ts";
import {
  refuseForeignTuning,
  type Sampler,
  SamplerOptionError,
  type SamplerOptions,
  tuningFlagsOf,
} from "./sampler.ts";

/**
 * The one list of samplers: the conformance suite, the command's choices and the documentation are derived from it.
 * @example
 * import { samplers } from "ornstein";
 *
 * console.log(samplers.find(({ name }) => name === "nuts").preconditioners.join(", ")); // diagonal, full
 */
export const samplers: readonly Sampler[] = [
  constantSgd,
  momentumSgd,
  sgld,
  sgfs,
  iasg,
  controlVariate,
  laplace,
  meanField,
  conjugate,
  nuts,
  coresetNuts,
];

function samplerNamed(name: string): Sampler {
  const found = samplers.find((sampler) => sampler.name === name);
  if (!found) {
    const names = ["auto", ...samplers.map((sampler) => sampler.name)].join(", ");
    throw new SamplerOptionError(`There is no sampler "${name}"; choose one of ${names}.`);
  }
  return found;
}

/**
 * The sampler of that name, or with "auto" the one chosen for the problem.
 * @throws SamplerOptionError where there is none, or where it does not take an option that was given
 */
export async function selectSampler(
  name: string,
  local: LocalApproximation,
  options: SamplerOptions,
): Promise<Selected> {
  const selected = name === "auto" ? await chooseSampler(local, options) : { sampler: samplerNamed(name), because: "" };
  const reason = unsupportedReasonFor(selected.sampler, local);
  if (reason !== null) {
    const asked = name === "auto" ? settingsOf(options) : `--sampler ${name}`;
    const remedy = name === "auto" ? "leave it out" : "use --sampler auto";
    throw new SamplerOptionError(`${asked} cannot be used here: ${reason}; ${remedy}.`);
  }
  refuseForeignTuning(selected.sampler, options, samplers);
  return selected;
}

/** Why a sampler cannot be used for a problem, the end of a sentence; null where it can. */
export function unsupportedReasonFor(
  sampler: Sampler,
  { model, noMode }: Pick<LocalApproximation, "model" | "noMode">,
): string | null {
  const reason = sampler.unsupportedReason?.(model) ?? null;
  if (reason !== null || noMode === undefined || !sampler.expandsAroundMode) return reason;
  return `${noMode}, and ${sampler.name} starts from there`;
}

/** Those that made "auto" take a sampler of theirs. */
function settingsOf(options: SamplerOptions): string {
  return tuningFlagsOf(options).join(", ") || "--sampler auto";
}

/** A sampler, and why it was taken. */
interface Selected {
  readonly sampler: Sampler;
  readonly because: string;
}

/**
 * The sampler for people who read nothing: control variates, whose error falls below any tolerance and whose cost per
 * draw does not grow with N; `constant-sgd` where a setting was given that only SGD without them has; `conjugate` where a
 * linear model has too few rows for its joint mode to mean much; `nuts` where the posterior is far from normal, so that
 * control variates take short steps and large batches, and rows are few.
 */
async function chooseSampler(local: LocalApproximation, options: SamplerOptions): Promise<Selected> {
  const { preconditioner, learningRate, noiseEstimate, batchSize, damping } = options;
  if (preconditioner !== undefined || learningRate !== undefined || noiseEstimate !== undefined) {
    return { sampler: constantSgd, because: "auto: constant SGD, because one of its settings was given" };
  }
  if (local.model.custom) return { sampler: constantSgd, because: "auto: the model is given by gradients of batches" };
  if (batchSize !== undefined || damping !== undefined) return { sampler: controlVariate, because: "auto" };
  if (needsConjugate(local.model)) {
    return {
      sampler: conjugate,
      because: "auto: with so few rows the joint mode of coefficients and sigma says little",
    };
  }
  if (local.noMode !== undefined) {
    const { sampler, isExact } = samplerWithoutStep(local, options);
    return { sampler: isExact ? sampler : nuts, because: `auto: ${local.noMode}` };
  }
  if (isNutsAffordable(local, options, 0.5) && (await isFarFromNormal(local, skewedBeyondSteps))) {
    return {
      sampler: nuts,
      because: "auto: the posterior is far from normal, and the rows are few enough for passes over all of them",
    };
  }
  return { sampler: controlVariate, because: "auto" };
}

/** Up to here control variates are nearer to the posterior than NUTS in the same time, as means over all their steps count. */
const skewedBeyondSteps = 0.45;

/**
 * How many times the work that a run spends without asking NUTS may be estimated at where nothing else gives the posterior, on all
 * rows and on a coreset.
 */
const lastResort = { allRows: 1, coreset: 4 };

interface LastResort extends Selected {
  readonly isExact: boolean;
}

/**
 * What "auto" takes where control variates have no step that is stable and accurate: NUTS, on a coreset where rows are many, or
 * else the normal approximation.
 */
export function samplerWithoutStep(local: Rows, options: SamplerOptions): LastResort {
  const because = "auto: no affordable step of control-variate is stable and accurate";
  if (isNutsAffordable(local, options, lastResort.allRows)) return { sampler: nuts, because, isExact: true };
  if (isCoresetAffordable(local, options, lastResort.coreset)) return { sampler: coresetNuts, because, isExact: true };
  return { sampler: laplace, because, isExact: false };
}
