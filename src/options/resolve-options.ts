import { InputError } from "../errors.ts";
import { type AuxiliaryName, auxiliaryNames } from "../families/auxiliaries.ts";
import type { AuxiliaryOptions } from "../models/create-model.ts";
import type { ScalePrior } from "../priors/densities.ts";
import { readScalePrior } from "../priors/scale-prior.ts";
import { type AuxiliaryPriorName, priorNameOf } from "./auxiliary-options.ts";
import { withDefaults } from "./option.ts";
import { type FitOptions, fitOptions } from "./options.ts";
import { type ResolvedPriors, resolvePriors } from "./prior-options.ts";
import { requireAccepted } from "./require-accepted.ts";

/** Options that have a value whether they were given or not; of others it matters that they were not. */
const defaulted = ["classCoding", "sampler", "standardize", "chains", "draws", "seed", "tolerance"] as const;
type WithDefault = (typeof defaulted)[number];

/** Options with the defaults filled in. */
export type ResolvedOptions = Omit<FitOptions, "prior" | "interceptPrior" | AuxiliaryPriorName | WithDefault> &
  Required<Pick<FitOptions, WithDefault>> &
  ResolvedPriors & { readonly [Name in AuxiliaryPriorName]?: ScalePrior };

/** @throws InputError where an option stands among the data, where nobody would read it */
export function refuseOptionsAmong(input: object): void {
  // Arrays have weights of their own; a table's are an expression, and an option.
  const isData = (name: string) => name === "weights" && !("formula" in input);
  const option = Object.keys(input).find((name) => Object.hasOwn(fitOptions, name) && !isData(name));
  if (option !== undefined)
    throw new InputError(
      `The option ${option} stands with the data; options are the second argument, as in fit({ data, formula }, { ${option} }).`,
    );
}

/** @throws InputError naming the option and what it takes */
export function resolveOptions(options: FitOptions): ResolvedOptions {
  requireAccepted(fitOptions, options);
  const { prior, interceptPrior, ...plain } = options;
  return {
    ...plain,
    ...withDefaults(fitOptions, options, defaulted),
    ...resolvePriors(prior, interceptPrior),
    ...(Object.fromEntries(
      auxiliaryNames().map((name) => [priorNameOf(name), auxiliaryPrior(name, options)]),
    ) as Record<AuxiliaryPriorName, ScalePrior | undefined>),
  };
}

/** @throws InputError where the prior cannot be read, or its parameter is fixed */
function auxiliaryPrior(name: AuxiliaryName, options: FitOptions): ScalePrior | undefined {
  const priorName = priorNameOf(name);
  const given = options[priorName];
  if (given === undefined) return undefined;
  const value = options[name] ?? "learned";
  if (value !== "learned")
    throw new InputError(`The option ${priorName} is of no use where ${name} is ${value}: leave one of them out.`);
  return readScalePrior(given, priorName);
}

/** What the options say of the auxiliary parameters: a number that fixes one, or the prior of one that is learned. */
export function knownAuxiliaries(options: ResolvedOptions): AuxiliaryOptions {
  return Object.fromEntries(
    auxiliaryNames().map((name) => {
      const value = options[name] ?? "learned";
      // A number that is yet to be found starts at 1, the scale of a standardised target.
      return [name, value === "learned" ? options[priorNameOf(name)] : value === "em" ? 1 : value];
    }),
  );
}
