import { version } from "../../package.json" with { type: "json" };
import { looOf } from "../loo/loo.ts";
import { type GroupEffects, levelNameIn, type NamedGroupEffects } from "../prediction/group-effects.ts";
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
  const data = (groupEffects ? { ...given, groupEffects: named(groupEffects, recipe) } : given) as Data &
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

function named(effects: readonly GroupEffects[], { groups }: Posterior["recipe"]): NamedGroupEffects[] {
  return effects.map((own) => {
    const factor = groups?.factors.find(({ name }) => name === own.factor);
    return withHidden(own, { level: (level: number) => (factor ? levelNameIn(factor, level) : String(level)) });
  });
}

/** A copy of the object with additional properties that are not enumerable. */
export function withHidden<Data extends object, Hidden extends object>(data: Data, hidden: Hidden): Data & Hidden {
  const descriptors = Object.entries(hidden).map(([name, value]) => [
    name,
    { value, writable: true, configurable: true },
  ]);
  return Object.defineProperties({ ...data }, Object.fromEntries(descriptors)) as Data & Hidden;
}
