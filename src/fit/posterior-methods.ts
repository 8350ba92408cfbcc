import { version } from "../../package.json" with { type: "json" };
import { looOf } from "../loo/loo.ts";
import { withLevelNames } from "../prediction/group-effects.ts";
import { withHidden } from "../prediction/with-hidden.ts";
import { effects } from "./ask-effects.ts";
import type { Posterior, PosteriorData, PosteriorMethods } from "./posterior.ts";
import { predict, sourceOf } from "./predict.ts";
import { plainJson, posteriorToJson } from "./summary/to-json.ts";

/**
 * Makes a posterior from its data. Its methods are not enumerable, so that copies (`structuredClone`, messages to
 * workers, spreads) hold only data and do not fail; the function `predict` accepts such copies.
 */
export function posteriorOf<Data extends PosteriorData>(
  given: Data,
): Data & Pick<Posterior, "groupEffects"> & PosteriorMethods {
  const { groupEffects, recipe } = given;
  const data = (groupEffects ? { ...given, groupEffects: withLevelNames(groupEffects, recipe) } : given) as Data &
    Pick<Posterior, "groupEffects">;
  const own: Data & Pick<Posterior, "groupEffects"> & PosteriorMethods = withHidden<typeof data, PosteriorMethods>(
    data,
    {
      predict: (rows, options) => predict(data, rows, options),
      effects: (options, rows) => effects(data, options, rows),
      loo: async (rows, options) => looOf(data, sourceOf(data, rows), options),
      // Loaded when it is asked for: predictions need no samplers.
      update: async (rows, options) => {
        const { updateHere } = await import("./update/update-here.ts");
        return posteriorOf(await updateHere(own as PosteriorData, sourceOf(own, rows), options));
      },
      toJSON: () => {
        const { recipe, draws, hamiltonian, observed } = data;
        return {
          ...posteriorToJson(data, { version }),
          ...(plainJson({ recipe, draws, hamiltonian, observed }) as object),
        };
      },
    },
  );
  return own;
}
