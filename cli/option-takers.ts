import type { Option } from "../src/options/option.ts";
import { samplers } from "../src/sampling/registry.ts";

/** The samplers or families that an option is for; none where it is for all. */
export function takersOf(name: string, { families }: Pick<Option<unknown>, "families">): readonly string[] {
  return families ?? samplers.filter(({ tuning }) => tuning.some((own) => own === name)).map((sampler) => sampler.name);
}
