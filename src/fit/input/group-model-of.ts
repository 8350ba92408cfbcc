import type { Design } from "../../design/design-types.ts";
import type { GroupDesign, GroupingFactor } from "../../design/groups/group-types.ts";
import { maxEffectsOfFactor } from "../../engine/bindings/group-record.ts";
import { startsOfSizes } from "../../engine/sizes-of-groups.ts";
import { InputError } from "../../errors.ts";
import { overBlocks } from "../../models/create-model.ts";
import {
  createDistantGroupModel,
  createGroupModel,
  type EffectsOfGroups,
  type Grouping,
} from "../../models/group-model.ts";
import type { EffectsOfFactor, Model } from "../../models/model.ts";
import type { GroupPriors } from "../../options/group-priors.ts";
import { priorsOfFactor, refuseUnknownGroupPriors } from "./priors-of-groups.ts";

/** With which the mode is searched for first (estimation/quadrature.ts). */
const firstNodes = 7;
/** Integrands of gaussian rows are normal densities times polynomials of the fourth degree. */
const exactNodes = 3;

/**
 * The model of a design's groups over the model of its rows, in memory or in blocks; that model itself where the design has none, or
 * where they are crossed (crossed-fit.ts).
 * @throws InputError where the groups cannot be integrated out
 */
export function groupModelOf({ groups, family, blocks }: Design, flat: Model, priors: GroupPriors): Model {
  refuseUnknownGroupPriors(groups?.factors ?? [], priors);
  if (!groups) return blocks ? overBlocks(flat, blocks) : flat;
  if (isCrossed(groups)) {
    requireOnePredictor(family);
    return { ...flat, hasCrossedFactors: true };
  }
  requireIntegrable(groups, flat.numPredictors);
  const count = family === "gaussian" ? exactNodes : firstNodes;
  const nodes = { outer: groups.factors.length > 1 ? count : 1, inner: count };
  const elsewhere = blocks?.distant?.groups;
  if (blocks && elsewhere) {
    const { inner, outer = inner } = elsewhere.levels;
    const all = { numGroups: outer.length, numInner: inner.length, sample: elsewhere.sample };
    return createDistantGroupModel(flat, blocks, all, effectsOfGroups(groups, priors), nodes);
  }
  return createGroupModel(flat, groupingOf(groups, priors), nodes);
}

/** Whether no single group's effects can be integrated out by themselves: factors are crossed, or nested more than twice. */
export function isCrossed({ factors, structure }: GroupDesign): boolean {
  return structure === "crossed" || factors.length > 2;
}

function requireOnePredictor(family: string): void {
  if (family === "categorical")
    throw new InputError(
      "Crossed factors need one linear predictor a row, and the categorical family has one for every class; make two classes for the bernoulli family, or keep one of the factors.",
    );
}

function requireIntegrable({ factors }: GroupDesign, numPredictors: number): void {
  for (const factor of factors) {
    const count = effectsIn(factor).length;
    if (count <= maxEffectsOfFactor) continue;
    const own = `The terms of ${factor.name} have ${count} effects a group`;
    throw new InputError(
      numPredictors > 1
        ? `${own}, ${count / numPredictors} for each of ${numPredictors} classes, and ${maxEffectsOfFactor} are the most; leave slopes out, or put classes together.`
        : `${own}, and ${maxEffectsOfFactor} are the most; leave some of the slopes out.`,
    );
  }
}

const effectsIn = ({ terms }: GroupingFactor) => terms.flatMap(({ effects }) => effects);

function effectsOf(factor: GroupingFactor, priors: GroupPriors): EffectsOfFactor {
  const effects = effectsIn(factor);
  return {
    columns: effects.map(({ column }) => column),
    blocks: factor.terms.map(({ effects: own }) => own.length),
    ...priorsOfFactor(factor, priors),
  };
}

function effectsOfGroups({ factors: [first, second] }: GroupDesign, priors: GroupPriors): EffectsOfGroups {
  if (!second) return { inner: effectsOf(first, priors) };
  return { outer: effectsOf(first, priors), inner: effectsOf(second, priors) };
}

function groupingOf(groups: GroupDesign, priors: GroupPriors): Grouping {
  const [first, second] = groups.factors;
  const innerStarts = startsOf(second ?? first);
  const effects = effectsOfGroups(groups, priors);
  return { ...effects, innerStarts, ...(second && { outerStarts: outerStarts(first, innerStarts) }) };
}

/** The first row of each level, and the number of rows: levels ascend with the rows. */
function startsOf({ levelOf, numLevels }: Pick<GroupingFactor, "levelOf" | "numLevels">): Uint32Array {
  const sizes = new Uint32Array(numLevels);
  for (const level of levelOf) sizes[level]++;
  return startsOfSizes(sizes);
}

/** The first inner group of each level of the outer factor. */
function outerStarts({ levelOf, numLevels }: GroupingFactor, innerStarts: Uint32Array): Uint32Array {
  const numInner = innerStarts.length - 1;
  const outerOf = Uint32Array.from({ length: numInner }, (_, group) => levelOf[innerStarts[group]]);
  return startsOf({ levelOf: outerOf, numLevels });
}
