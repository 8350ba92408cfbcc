import { type Auxiliary, type AuxiliaryName, auxiliaries } from "../families/auxiliaries.ts";
import { families } from "../families/families.ts";
import type { Family } from "../families/family.ts";
import type { ScalePrior } from "../priors/densities.ts";
import { priorText } from "../priors/prior.ts";
import { isScalePriorLike, scalePriorForms } from "../priors/scale-prior.ts";
import { numberOr, type Option } from "./option.ts";

type Words = { readonly [Name in keyof typeof auxiliaries]: (typeof auxiliaries)[Name]["words"][number] };
type ValueOptions = { readonly [Name in keyof typeof auxiliaries]: Option<number | Words[Name]> };
type PriorOptions = { readonly [Name in AuxiliaryName as PriorName<Name>]: Option<string | ScalePrior> };

type PriorName<Name extends AuxiliaryName> = `${Name}Prior`;
export type AuxiliaryPriorName = PriorName<AuxiliaryName>;
/** The option that holds an auxiliary parameter's prior. */
export const priorNameOf = <Name extends AuxiliaryName>(name: Name): PriorName<Name> => `${name}Prior`;

function optionsOf({ name, words, bounds: [min, max], boundsText, ...own }: Auxiliary): [string, Option<unknown>][] {
  const { argument, help, symbol, defaultPrior } = own;
  const all: readonly Family[] = Object.values(families);
  const owners = all
    .filter((family) => family.auxiliaries.some((own) => own.name === name))
    .map((family) => family.name);
  const value = numberOr(words, { min, max, takes: boundsText }, { argument, help, default: "learned" });
  const prior: Option<string | ScalePrior> = {
    families: owners,
    argument: "<prior>",
    help: `prior of ${symbol} where it is learned: ${scalePriorForms}`,
    default: priorText(defaultPrior),
    takes: scalePriorForms,
    reads: "text",
    accepts: isScalePriorLike,
  };
  return [
    [name, { ...value, families: owners }],
    [`${name}Prior`, prior],
  ];
}

/** Two options of each auxiliary parameter: its value, and its prior where it is learned. */
export const auxiliaryOptions = Object.fromEntries(Object.values(auxiliaries).flatMap(optionsOf)) as ValueOptions &
  PriorOptions;
