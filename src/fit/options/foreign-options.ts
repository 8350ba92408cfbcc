import { InputError } from "../../errors.ts";
import { listed } from "../../suggest.ts";
import type { ResolvedOptions } from "./options.ts";

type ModelOption = "sigma" | "sigmaPrior" | "dispersion" | "dispersionPrior" | "nu" | "nuPrior";

const noise = ["gaussian", "student-t"] as const;
/** The families that have what an option is about. */
const owners: Readonly<Record<ModelOption, readonly string[]>> = {
  sigma: noise,
  sigmaPrior: noise,
  dispersion: ["negative-binomial"],
  dispersionPrior: ["negative-binomial"],
  nu: ["student-t"],
  nuPrior: ["student-t"],
};

/**
 * Refuses options about parameters that the family does not have, which is known only once the target was read.
 * @throws InputError naming the option and the families that it is for
 */
export function refuseForeignModelOptions(family: string, options: Pick<ResolvedOptions, ModelOption>): void {
  for (const [name, families] of Object.entries(owners)) {
    if (options[name as ModelOption] === undefined || families.includes(family)) continue;
    const whose = `the ${listed(families, "and")} ${families.length > 1 ? "families" : "family"}`;
    throw new InputError(
      `The option ${name} is for ${whose}, and this fit is of the ${family} family: leave it out, or give another family.`,
    );
  }
}
