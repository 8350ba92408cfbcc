import { InputError } from "../errors.ts";
import { listed } from "../suggest.ts";
import { flagOf, type OptionTable } from "./option.ts";
import { type FitOptions, fitOptions } from "./options.ts";
import { givenTuning, type PreconditionerName, type Tuning, type TuningName } from "./tuning.ts";

/** What of its tuning a sampler takes. */
export interface TakenTuning {
  readonly name: string;
  readonly tuning: readonly TuningName[];
  /** Empty where the sampler has no choice of preconditioner. */
  readonly preconditioners: readonly PreconditionerName[];
}

/**
 * @param others The samplers that may be named as those which take an option
 * @throws InputError where an option was given that the sampler does not take
 */
export function refuseForeignTuning(sampler: TakenTuning, options: Tuning, others: readonly TakenTuning[]): void {
  const foreign = givenTuning(options).find((name) => !sampler.tuning.includes(name));
  if (foreign !== undefined) {
    const takers = others.filter(({ tuning }) => tuning.includes(foreign)).map(({ name }) => name);
    const elsewhere = takers.length > 0 ? `, or use --sampler ${takers.join(" or ")}` : "";
    throw new InputError(`${flagOf(foreign)} does not apply to ${sampler.name}; leave it out${elsewhere}.`);
  }
  const { preconditioner } = options;
  if (preconditioner && !sampler.preconditioners.includes(preconditioner))
    throw new InputError(
      `${sampler.name} has no ${preconditioner} preconditioner; choose one of ${sampler.preconditioners.join(", ")}.`,
    );
}

/**
 * Refuses options about parameters that the family does not have, which is known only once the target was read.
 * @throws InputError naming the option and the families that it is for
 */
export function refuseForeignModelOptions(
  family: string,
  options: { readonly [Name in keyof FitOptions]: unknown },
): void {
  const given: Readonly<Record<string, unknown>> = options;
  for (const [name, { families }] of Object.entries<OptionTable[string]>(fitOptions)) {
    if (given[name] === undefined || !families || families.includes(family)) continue;
    const whose = `the ${listed(families, "and")} ${families.length > 1 ? "families" : "family"}`;
    throw new InputError(
      `The option ${name} is for ${whose}, and this fit is of the ${family} family: leave it out, or give another family.`,
    );
  }
}
