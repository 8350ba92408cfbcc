import type { GroupingFactor } from "../../design/groups/group-types.ts";
import { InputError } from "../../errors.ts";
import type { EffectsOfFactor } from "../../models/model.ts";
import { bareName, type GroupPriors } from "../../options/group-priors.ts";
import { defaultCorrelationShape, defaultSdPrior } from "../../priors/effects-law.ts";
import { suggestion } from "../../suggest.ts";

type Factor = Pick<GroupingFactor, "name" | "terms">;

/** The priors of a factor's sds and correlations; an effect's own goes before its factor's, and that before the one for all. */
export function priorsOfFactor(
  { name, terms }: Factor,
  { sds, correlations }: GroupPriors,
): Pick<EffectsOfFactor, "sdPriors" | "correlationShapes"> {
  const sdOf = (effect: string) =>
    sds.get(bareName(`sd(${name})[${effect}]`)) ?? sds.get(bareName(`sd(${name})`)) ?? sds.get("sd") ?? defaultSdPrior;
  return {
    sdPriors: terms.flatMap(({ effects }) => effects.map((effect) => sdOf(effect.name))),
    correlationShapes: terms.map(
      () => correlations.get(bareName(`cor(${name})`)) ?? correlations.get("cor") ?? defaultCorrelationShape,
    ),
  };
}

/** @throws InputError where a prior is for what the model does not have */
export function refuseUnknownGroupPriors(factors: readonly Factor[], { sds, correlations }: GroupPriors): void {
  const given = [...sds.keys(), ...correlations.keys()];
  if (given.length === 0) return;
  if (factors.length === 0)
    throw new InputError(
      `A prior is given for "${given[0]}", and the formula has no group terms such as (1 | g): leave it out, or add the term.`,
    );
  const known = factors.flatMap(({ name, terms }) => [
    `sd(${name})`,
    ...terms.flatMap(({ effects }) => effects.map((effect) => `sd(${name})[${effect.name}]`)),
    ...(terms.some(({ isCorrelated }) => isCorrelated) ? [`cor(${name})`] : []),
  ]);
  const names = ["sd", ...known, ...(known.some((name) => name.startsWith("cor(")) ? ["cor"] : [])];
  const accepted = new Set(names.map(bareName));
  for (const name of given) {
    if (accepted.has(name)) continue;
    throw new InputError(
      `A prior is given for "${name}", which the model's group terms do not have; ${suggestion(name, names, "they are")}`,
    );
  }
}
