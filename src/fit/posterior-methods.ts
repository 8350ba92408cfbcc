import { version } from "../../package.json" with { type: "json" };
import { looOf } from "../loo/loo.ts";
import { type GroupEffects, withLevelNames } from "../prediction/group-effects.ts";
import { withHidden } from "../prediction/with-hidden.ts";
import type { SamplerSettings } from "../sampling/plan.ts";
import type { Run } from "../sampling/run.ts";
import { effects } from "./ask-effects.ts";
import type { Posterior } from "./posterior.ts";
import { predict, sourceOf } from "./predict.ts";
import { plainJson, posteriorToJson } from "./summary/to-json.ts";

/** The settings as they are reported: with the theorem that they follow from, and why the sampler was taken. */
export function settingsOf({ plan: { settings } }: Run, rationale: string): SamplerSettings {
  return rationale === "" ? settings : { ...settings, because: `${settings.because} (${rationale})` };
}

type Methods = Pick<Posterior, "predict" | "effects" | "loo" | "toJSON">;
/** Everything of a posterior but its methods, the effects without the names of their levels. */
type PosteriorData = Omit<Posterior, keyof Methods | "groupEffects"> & {
  readonly groupEffects?: readonly GroupEffects[];
};

/**
 * Makes a posterior from its data. Its methods are not enumerable, so that copies (`structuredClone`, messages to
 * workers, spreads) hold only data and do not fail; the function `predict` accepts such copies.
 */
export function posteriorOf<Data extends PosteriorData>(given: Data): Data & Pick<Posterior, "groupEffects"> & Methods {
  const { groupEffects, recipe } = given;
  const data = (groupEffects ? { ...given, groupEffects: withLevelNames(groupEffects, recipe) } : given) as Data &
    Pick<Posterior, "groupEffects">;
  return withHidden<typeof data, Methods>(data, {
    predict: (rows, options) => predict(data, rows, options),
    effects: (options, rows) => effects(data, options, rows),
    loo: async (rows, options) => looOf(data, sourceOf(data, rows), options),
    toJSON: () => {
      const { recipe, draws, hamiltonian, observed } = data;
      return {
        ...posteriorToJson(data, { version }),
        ...(plainJson({ recipe, draws, hamiltonian, observed }) as object),
      };
    },
  });
}
