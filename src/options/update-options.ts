import type { OptionsOf } from "./option.ts";
import { fitOptions } from "./options.ts";

const { sampler, chains, draws, seed, tolerance } = fitOptions;

/** The options of an update, by their names in the library: how the draws are made. The model is the fit's. */
export const updateOptions = { sampler, chains, draws, seed, tolerance };

export type UpdateSettings = OptionsOf<typeof updateOptions>;
