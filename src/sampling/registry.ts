import type { BlockStore } from "../engine/block-store.ts";
import type { LocalApproximation } from "../estimation/local-approximation.ts";
import { listed } from "../suggest.ts";
import { conjugate } from "./algorithms/conjugate.ts";
import { constantSgd } from "./algorithms/constant-sgd.ts";
import { controlVariate } from "./algorithms/control-variate.ts";
import { coresetNuts } from "./algorithms/coreset-nuts.ts";
import { crossed } from "./algorithms/crossed.ts";
import { iasg } from "./algorithms/iasg.ts";
import { laplace } from "./algorithms/laplace.ts";
import { meanField } from "./algorithms/mean-field.ts";
import { momentumSgd } from "./algorithms/momentum-sgd.ts";
import { nuts } from "./algorithms/nuts.ts";
import { sgfs } from "./algorithms/sgfs.ts";
import { sgld } from "./algorithms/sgld.ts";
import { wideLangevin } from "./algorithms/wide-langevin.ts";
import { type DenseSampler, type Sampler, SamplerOptionError } from "./sampler.ts";

/**
 * The one list of samplers, all that a result can name: the conformance suite, the command's choices and the documentation are
 * derived from it.
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
  wideLangevin,
  crossed,
];

/** Those that take matrices of all pairs of parameters. */
export const denseSamplers: readonly DenseSampler[] = samplers.filter(
  (sampler): sampler is DenseSampler => sampler.plan !== undefined,
);

/** @throws SamplerOptionError where there is none of that name */
export function samplerNamed(name: string): Sampler {
  const found = samplers.find((sampler) => sampler.name === name);
  if (!found) {
    const names = ["auto", ...samplers.map((sampler) => sampler.name)].join(", ");
    throw new SamplerOptionError(`There is no sampler "${name}"; choose one of ${names}.`);
  }
  return found;
}

const takers = listed(
  samplers.filter(({ takesCarried }) => takesCarried).map(({ name }) => name),
  "and",
);

/** Why a sampler cannot be used for a model around its mode, the end of a sentence; null where it can. */
export function unsupportedReasonFor(
  sampler: Sampler,
  local: Pick<LocalApproximation, "curvature" | "model" | "noMode">,
): string | null {
  const { curvature, model, noMode } = local;
  if (model.hasCrossedFactors)
    return sampler.forCrossedFactors ? null : "the effects of crossed factors have a sampler of their own";
  if (sampler.forCrossedFactors) return "it is for models with crossed factors, such as users × items";
  if (model.blocks && !sampler.readsBlocks)
    return `${whereBlocksAre(model.blocks.store)}, of which ${sampler.name} reads some or all at every step`;
  if (model.carried && !sampler.takesCarried)
    return `the rows before the update are a law of all parameters together, which ${takers} take`;
  const reason = sampler.unsupportedReason?.(model) ?? null;
  if (reason !== null) return reason;
  if (!usesCurvature(sampler, curvature)) {
    const parameters = `${model.dimension.toLocaleString("en")} parameters`;
    return curvature === "low-rank"
      ? `${sampler.name} works with matrices of all pairs of parameters, and there are ${parameters}`
      : `${sampler.name} is for models of so many parameters that no matrices of all pairs are held, and there are ${parameters}`;
  }
  const ofVariant = curvature === "low-rank" ? (sampler.lowRank?.unsupportedReason?.(model) ?? null) : null;
  if (ofVariant !== null) return ofVariant;
  if (noMode === undefined || !sampler.expandsAroundMode) return null;
  return `${noMode}, and ${sampler.name} starts from there`;
}

function whereBlocksAre({ distant, folder }: Pick<BlockStore, "distant" | "folder">): string {
  return distant ? `the rows are on ${folder}` : "the rows do not fit into memory and are in blocks on disk";
}

function usesCurvature({ plan, lowRank }: Sampler, curvature: LocalApproximation["curvature"]): boolean {
  return (curvature === "dense" ? plan : lowRank) !== undefined;
}
