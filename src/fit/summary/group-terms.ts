import type { RecipeGroups } from "../../design/groups/recipe-types.ts";
import { coefficientNames, type ModelRecipe, type NamedDraws } from "../../prediction/predictive-fit.ts";
import type { Coefficient } from "./coefficients.ts";
import { type IntraclassCorrelation, intraclassCorrelations } from "./intraclass.ts";

/** What is reported of a group term, such as `(1 + Days | Subject)`. */
export interface GroupTermSummary {
  readonly term: string;
  /** `Subject`; of `(1 | a/b)` there are two terms, of `a` and of `a:b`. */
  readonly factor: string;
  /** Number of the factor's levels. */
  readonly levels: number;
  /** The sds of the effects over the levels, by the name of the effect: `Intercept`, `Days`. */
  readonly sds: readonly Coefficient[];
  /** The effects' correlations; none where there is one effect. */
  readonly correlations: readonly GroupCorrelation[];
  /** The share of the term in the variance of a row; left out where there is none. */
  readonly icc?: IntraclassCorrelation;
}

/** A correlation of two effects over a factor's levels. */
export interface GroupCorrelation extends Omit<Coefficient, "name"> {
  readonly names: readonly [string, string];
}

/** What a run has found of each of a model's parameters, apart for coefficients and group terms. */
export interface ParameterSummaries {
  readonly coefficients: readonly Coefficient[];
  readonly groups?: readonly GroupTermSummary[];
}

/** @param parameters of each of `parameterNames`, in their order */
export function byTerm(recipe: ModelRecipe, parameters: readonly Coefficient[], draws: NamedDraws): ParameterSummaries {
  if (!recipe.groups) return { coefficients: parameters };
  const count = coefficientNames(recipe).length;
  const iccs = intraclassCorrelations(recipe, draws);
  return {
    coefficients: parameters.slice(0, count),
    groups: groupTerms(recipe.groups, parameters.slice(count)).map((summary, t) =>
      iccs ? { ...summary, icc: iccs[t] } : summary,
    ),
  };
}

function groupTerms({ factors }: RecipeGroups, parameters: readonly Coefficient[]): GroupTermSummary[] {
  let at = 0;
  return factors.flatMap(({ name: factor, numLevels: levels, terms }) =>
    terms.map(({ text: term, effects }) => {
      const names = effects.map(({ name }) => name);
      const sds = names.map((name) => ({ ...parameters[at++], name }));
      const correlations = names.flatMap((second, i) =>
        names.slice(0, i).map((first): GroupCorrelation => {
          const { name: _, ...numbers } = parameters[at++];
          return { names: [first, second], ...numbers };
        }),
      );
      return { term, factor, levels, sds, correlations };
    }),
  );
}
