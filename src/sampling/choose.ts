import { needsConjugate } from "../estimation/conjugate.ts";
import type { DenseApproximation, LocalApproximation } from "../estimation/local-approximation.ts";
import { isFarFromNormal } from "../estimation/nonlinearity.ts";
import { curvatureOf, type Model } from "../models/model.ts";
import { refuseForeignTuning } from "../options/foreign-options.ts";
import { tuningFlagsOf } from "../options/tuning.ts";
import { traitsOf } from "../rows/rows-of.ts";
import { conjugate } from "./algorithms/conjugate.ts";
import { constantSgd } from "./algorithms/constant-sgd.ts";
import { controlVariate } from "./algorithms/control-variate.ts";
import { coresetNuts, isCoresetAffordable } from "./algorithms/coreset-nuts.ts";
import { crossed } from "./algorithms/crossed.ts";
import { laplace } from "./algorithms/laplace.ts";
import { isNutsAffordable, nuts, type Rows } from "./algorithms/nuts.ts";
import { wideLangevin } from "./algorithms/wide-langevin.ts";
import type { SamplerOptions } from "./plan.ts";
import { samplerNamed, samplers, unsupportedReasonFor } from "./registry.ts";
import { type Sampler, SamplerOptionError, tunableOf } from "./sampler.ts";

/** A sampler, and why it was taken. */
export interface Selected {
  readonly sampler: Sampler;
  /** Empty where it was asked for. */
  readonly rationale: string;
  /** What is run in its place where it cannot be, one after the other until one can; left out where its refusal stands. */
  readonly instead?: readonly LastResort[];
}

/** What of a local approximation is known before the mode is searched for; with the mode, whether there is one too. */
type Known = Pick<LocalApproximation, "curvature" | "model" | "noMode">;

/**
 * Refuses what cannot be used whatever the mode will be, so that nobody waits for the search first.
 * @throws SamplerOptionError where there is no such sampler, it cannot be used, or does not take what was given
 */
export function refuseUnsuited(name: string, model: Model, options: SamplerOptions): void {
  const known: Known = { curvature: curvatureOf(model), model };
  if (name !== "auto") requireSuited(samplerNamed(name), name, known, options);
  else if (model.hasCrossedFactors) requireSuited(crossed, name, known, options);
  else if (known.curvature === "low-rank") requireSuited(lowRankChoice(model), name, known, options);
}

/**
 * The sampler of that name, or with "auto" the one chosen for the model.
 * @throws SamplerOptionError as `refuseUnsuited`, or where the sampler needs a mode and there is none
 */
export async function selectSampler(
  name: string,
  local: LocalApproximation,
  options: SamplerOptions,
): Promise<Selected> {
  const selected =
    name === "auto" ? await chooseSampler(local, options) : { sampler: samplerNamed(name), rationale: "" };
  requireSuited(selected.sampler, name, local, options);
  return selected;
}

function requireSuited(sampler: Sampler, asked: string, known: Known, options: SamplerOptions): void {
  const reason = unsupportedReasonFor(sampler, known);
  if (reason !== null) {
    const what = asked === "auto" ? settingsOf(options) : `--sampler ${asked}`;
    throw new SamplerOptionError(`${what} cannot be used here: ${reason}; ${remedyFor(asked, known)}.`);
  }
  // Where there is one sampler, people who asked for none do not know it by name.
  const others = suitedTo(known).map((other) => ({ ...tunableOf(other, known), name: other.name }));
  refuseForeignTuning(tunableOf(sampler, known, asked), options, others);
  if (known.curvature === "low-rank") sampler.lowRank?.requireTuning?.(known.model, options);
}

/** Those that made "auto" take a sampler of theirs. */
function settingsOf(options: SamplerOptions): string {
  return tuningFlagsOf(options).join(", ") || "--sampler auto";
}

function remedyFor(asked: string, local: Known): string {
  if (asked === "auto") return "leave it out";
  if (local.curvature === "dense") return "use --sampler auto";
  return `choose one of ${["auto", ...suitedTo(local).map(({ name }) => name)].join(", ")}, or use fewer columns`;
}

const suitedTo = (known: Known) => samplers.filter((sampler) => unsupportedReasonFor(sampler, known) === null);

/**
 * The sampler for people who read nothing, the first line that holds:
 *
 * | what is the case                                                        | sampler           |
 * |---|---|
 * | factors are crossed                                                     | `crossed`, without coming here |
 * | too many parameters for matrices of all pairs                           | `wide-langevin`; `constant-sgd` where the model gives gradients of batches alone |
 * | a setting was given that only SGD without control variates has          | `constant-sgd`    |
 * | the model gives gradients of batches alone                              | `constant-sgd`    |
 * | a setting of control variates was given                                 | `control-variate` |
 * | a linear model with few rows a parameter, so that its joint mode says little | `conjugate`  |
 * | there is no mode                                                        | `nuts`, or `coreset-nuts` |
 * | passes over all rows, or groups, take no longer than control variates' pilot runs | `nuts`  |
 * | the posterior is far from normal, and passes over all rows are cheap    | `nuts`            |
 * | all else                                                                | `control-variate`, whose error falls below any tolerance and whose cost per draw does not grow with N |
 */
async function chooseSampler(local: LocalApproximation, options: SamplerOptions): Promise<Selected> {
  if (local.curvature === "low-rank") return { sampler: lowRankChoice(local.model), rationale: "" };
  const { preconditioner, learningRate, noiseEstimate, batchSize, damping } = options;
  if (preconditioner !== undefined || learningRate !== undefined || noiseEstimate !== undefined)
    return { sampler: constantSgd, rationale: "auto: constant SGD, because one of its settings was given" };
  if (!traitsOf(local.model).areDrawnByInfluence)
    return { sampler: constantSgd, rationale: "auto: the model is given by gradients of batches" };
  if (batchSize !== undefined || damping !== undefined) return { sampler: controlVariate, rationale: "auto" };
  if (needsConjugate(local.model))
    return {
      sampler: conjugate,
      rationale: "auto: with so few rows the joint mode of coefficients and sigma says little",
    };
  const instead = samplersWithoutStep(local, options);
  if (local.noMode !== undefined) {
    const [first, ...others] = instead.filter(({ isExact }) => isExact);
    const other = local.model.blocks ? laplace : nuts;
    return { sampler: first?.sampler ?? other, rationale: `auto: ${local.noMode}`, instead: others };
  }
  if (await prefersNuts(local, options))
    return {
      sampler: nuts,
      rationale: local.model.groups
        ? "auto: the groups are few enough for passes over all of them"
        : "auto: the rows are few enough for passes over all of them",
    };
  return { sampler: controlVariate, rationale: "auto", instead };
}

const lowRankChoice = (model: Model): Sampler => (traitsOf(model).areInMemory ? wideLangevin : constantSgd);

/**
 * Of the work that a run spends without asking, for up to 40 parameters, and more in proportion: in the time that control variates take for their pilot
 * runs, which grows with the parameters, gradients over all rows tell means, sds and intervals better.
 */
const asFast = 0.2;
const fewParameters = 40;

/** Up to here control variates are nearer to the posterior than NUTS in the same time, as means over all their steps count. */
const skewedBeyondSteps = 0.45;

/** A batch of groups is nearly all of them where they are few, and their sds' posteriors are skewed: NUTS may take longer. */
const forGroups = 2;

async function prefersNuts(local: DenseApproximation, options: SamplerOptions): Promise<boolean> {
  if (local.model.blocks) return false;
  if (local.model.groups) return isNutsAffordable(local, options, forGroups);
  if (isNutsAffordable(local, options, asFast * Math.max(1, local.model.dimension / fewParameters))) return true;
  return isNutsAffordable(local, options, 0.5) && (await isFarFromNormal(local, skewedBeyondSteps));
}

/**
 * How many times the work that a run spends without asking NUTS may be estimated at where nothing else gives the posterior, on all
 * rows, on all groups, of which Laplace's approximation is far off, on a coreset, and on all rows where there is none or it has failed.
 */
const lastResort = { allRows: 1, allGroups: 40, coreset: 4, allRowsAtLast: 10 };

export interface LastResort {
  readonly sampler: Sampler;
  readonly rationale: string;
  readonly isExact: boolean;
}

/**
 * What "auto" takes where control variates have no step that is stable and accurate, one after the other until one runs: NUTS, on a
 * coreset first where rows are many, or else the normal approximation.
 */
export function samplersWithoutStep(local: Rows, options: SamplerOptions): readonly LastResort[] {
  const rationale = "auto: no affordable step of control-variate is stable and accurate";
  const takesRows = (fraction: number) => !local.model.blocks && isNutsAffordable(local, options, fraction);
  const resorts: LastResort[] = [];
  if (takesRows(local.model.groups ? lastResort.allGroups : lastResort.allRows))
    resorts.push({ sampler: nuts, rationale, isExact: true });
  else {
    const onSome = isCoresetAffordable(local, options, lastResort.coreset);
    if (onSome) resorts.push({ sampler: coresetNuts, rationale, isExact: true });
    const atLast = onSome ? `${rationale}, nor is NUTS on some of the rows` : rationale;
    if (takesRows(lastResort.allRowsAtLast)) resorts.push({ sampler: nuts, rationale: atLast, isExact: true });
  }
  return [...resorts, { sampler: laplace, rationale, isExact: false }];
}
