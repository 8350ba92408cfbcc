import { InputError } from "../../errors.ts";
import type { ResolvedOptions } from "../../options/resolve-options.ts";
import { samplerNamed } from "../../sampling/registry.ts";
import type { TableSource } from "../../table/table-source.ts";
import type { FitInput } from "./load.ts";

/**
 * Refuses at once what needs every row here, where the rows stay elsewhere.
 * @throws InputError
 */
export function refuseForDistantRows(
  input: FitInput,
  { sampler, cache, learnPrior, sigma }: ResolvedOptions,
  { keepTarget, keepLogLikelihood }: { readonly keepTarget?: boolean; readonly keepLogLikelihood?: boolean },
): void {
  // Whether it is an input at all is looked at later.
  const { data } = (input ?? {}) as { readonly data?: Partial<TableSource> };
  const distant = typeof data?.chunks === "function" ? data.distant : undefined;
  if (!distant) return;
  const { place } = distant;
  const refuse = (option: string, why: string, instead: string) =>
    new InputError(`${option} ${why}, and the rows stay on ${place}; ${instead}.`);
  if (keepTarget) throw refuse("--save-data", "keeps the target of every row", "leave it out");
  if (keepLogLikelihood)
    throw refuse(
      "--save-log-likelihood",
      "is of every row",
      "leave it out, or fit a part of the rows without --engine",
    );
  if (cache !== undefined) throw refuse("--cache", "keeps blocks on this machine", "leave it out");
  if (learnPrior) throw refuse("--prior learned", "reads some rows at every step", "give the prior a width");
  if (sigma === "em") throw refuse("--sigma em", "reads some rows at every step", "leave it out");
  if (sampler !== "auto" && !samplerNamed(sampler).readsBlocks)
    throw refuse(`--sampler ${sampler}`, "reads some or all rows at every step", "leave it out, or take coreset-nuts");
}
