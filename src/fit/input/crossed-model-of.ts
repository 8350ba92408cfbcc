import type { CrossedFactor, CrossedFamily, CrossedModel } from "../../crossed/model.ts";
import type { Design } from "../../design/design-types.ts";
import type { GroupingFactor } from "../../design/groups/group-types.ts";
import { InputError } from "../../errors.ts";
import type { FamilyName } from "../../families/families.ts";
import type { Model } from "../../models/model.ts";
import type { GroupPriors } from "../../options/group-priors.ts";
import { priorsOfFactor } from "./priors-of-groups.ts";

/**
 * The model of a design whose factors are crossed, from the model of its rows without their effects.
 * @throws InputError for priors that such models do not have
 */
export function crossedModelOf(design: Design, flat: Model, priors: GroupPriors): CrossedModel {
  const { groups, rows, stride, numRows, columns, hasOffset, hasWeights } = design;
  if (!groups) throw new TypeError("The design has no groups.");
  const family = crossedFamilyOf(design.family);
  const names = groups.factors.map(({ name }) => name).join(" and ");
  const shaped = flat.shapedPriors.find(({ prior }) => prior);
  if (shaped)
    throw new InputError(
      `Coefficients beside crossed factors (${names}) take normal priors, and ${columns[shaped.index].name} has another; give normal(mean, sd).`,
    );
  const beside = (place: number) => Float64Array.from({ length: numRows }, (_, n) => rows[(n + 1) * stride - place]);
  return {
    family,
    numRows,
    x: rows,
    stride,
    numFixed: columns.length,
    y: beside(1),
    ...(hasOffset && { offset: beside(2) }),
    ...(hasWeights && { weights: beside(3) }),
    factors: groups.factors.map((factor) => crossedFactorOf(factor, priors)),
    priorMean: flat.priorMean.slice(0, columns.length),
    priorPrecision: flat.priorPrecision.slice(0, columns.length),
    auxiliaries: auxiliariesOf(flat, columns.length),
  };
}

function crossedFamilyOf(name: FamilyName): CrossedFamily {
  if (name === "categorical") throw new TypeError("Group terms of categorical rows are refused before.");
  return name === "binomial" ? "bernoulli" : name;
}

/** What is known of the family's own parameters, which stand after the coefficients: the number that one is fixed at, or its prior. */
function auxiliariesOf({ family, auxiliaries, shapedPriors, fixedTau }: Model, numFixed: number) {
  const known = family.auxiliaries.map(({ name }, index) => {
    const place = auxiliaries.findIndex((learned) => learned.index === index);
    if (place < 0) return [name, Math.exp(fixedTau[index])] as const;
    const prior = shapedPriors.find((shaped) => shaped.index === numFixed + place)?.scalePrior;
    if (!prior) throw new TypeError(`${name} has no prior.`);
    return [name, prior] as const;
  });
  return Object.fromEntries(known) as CrossedModel["auxiliaries"];
}

function crossedFactorOf(factor: GroupingFactor, priors: GroupPriors): CrossedFactor {
  const { numLevels, levelOf, terms } = factor;
  const { sdPriors, correlationShapes } = priorsOfFactor(factor, priors);
  let next = 0;
  return {
    numLevels,
    levelOf,
    effects: Int32Array.from(terms.flatMap(({ effects }) => effects.map(({ column }) => column))),
    terms: terms.map(({ effects }, term) => {
      const scalePriors = sdPriors.slice(next, next + effects.length);
      next += effects.length;
      return { numEffects: effects.length, scalePriors, lkj: correlationShapes[term] };
    }),
  };
}
