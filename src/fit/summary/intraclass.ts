import { varianceNames } from "../../design/groups/variance-names.ts";
import { intervalEnds } from "../../diagnostics/statistics/interval-ends.ts";
import { drawsOf, type ModelRecipe, type NamedDraws } from "../../prediction/predictive-fit.ts";

/**
 * The intraclass correlation of a group term, τ²/(τ² + Σ of the other terms' τ² + residual variance): how much two rows of one level
 * have in common.
 */
export interface IntraclassCorrelation {
  readonly mean: number;
  readonly sd: number;
  readonly "hdi_3%": number;
  readonly "hdi_97%": number;
  /** What was taken for the residual variance: that of gaussian rows, or of the logistic law behind a bernoulli row. */
  readonly residual: "sigma^2" | "pi^2/3";
}

/**
 * One for each group term, from the kept draws. There are none where a slope varies, as the variance then depends on the row, and none
 * of families whose rows have no variance on the scale of the linear predictor.
 */
export function intraclassCorrelations(recipe: ModelRecipe, draws: NamedDraws): IntraclassCorrelation[] | undefined {
  const { groups } = recipe;
  const residual = residualOf(recipe, draws);
  if (!groups || !residual) return undefined;
  const terms = groups.factors.flatMap((factor) => factor.terms.map((term) => ({ factor: factor.name, ...term })));
  if (terms.some(({ effects }) => effects.length > 1 || effects[0].slope >= 0)) return undefined;
  const sds = terms.map(({ factor, effects }) => drawsOf({ draws }, varianceNames(factor, [effects[0].name])[0]));
  return sds.map((own) => {
    const shares = own.map((chain, c) =>
      chain.map((sd, s) => {
        const total = sds.reduce((sum, of) => sum + of[c][s] ** 2, residual.at(c, s));
        return sd ** 2 / total;
      }),
    );
    const ends = intervalEnds(shares);
    return { ...meanAndSd(shares), "hdi_3%": ends.low, "hdi_97%": ends.high, residual: residual.name };
  });
}

interface Residual {
  readonly name: IntraclassCorrelation["residual"];
  at(chain: number, draw: number): number;
}

function residualOf({ family, fixed }: ModelRecipe, draws: NamedDraws): Residual | undefined {
  if (family === "bernoulli" || family === "binomial") return { name: "pi^2/3", at: () => Math.PI ** 2 / 3 };
  if (family !== "gaussian") return undefined;
  const known = fixed.sigma;
  if (known !== undefined) return { name: "sigma^2", at: () => known ** 2 };
  const sigma = drawsOf({ draws }, "sigma");
  return { name: "sigma^2", at: (chain, draw) => sigma[chain][draw] ** 2 };
}

function meanAndSd(chains: readonly Float64Array[]): { readonly mean: number; readonly sd: number } {
  const count = chains.reduce((sum, { length }) => sum + length, 0);
  let total = 0;
  for (const chain of chains) for (const value of chain) total += value;
  const mean = total / count;
  let squares = 0;
  for (const chain of chains) for (const value of chain) squares += (value - mean) ** 2;
  return { mean, sd: Math.sqrt(squares / Math.max(1, count - 1)) };
}
