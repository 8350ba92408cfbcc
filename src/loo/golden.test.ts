import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ParetoSmoothing } from "../diagnostics/statistics/pareto-smoothing.ts";
import { fit } from "../fit/fit-inline.ts";
import { sourceOf } from "../fit/predict.ts";
import { coefficientNames } from "../prediction/predictive-fit.ts";
import { compareFits } from "./compare-fits.ts";
import { type FittedModel, type Loo, looOf } from "./loo.ts";

// What ArviZ computes with the same draws (test/golden/loo.py).
interface GoldenFit {
  readonly family: string;
  readonly formula: string;
  readonly draws: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly loo: Readonly<Record<"elpd_loo" | "se" | "p_loo" | "n_samples" | "n_data_points" | "good_k", number>> & {
    readonly warning: boolean;
    readonly loo_i: readonly number[];
    readonly pareto_k: readonly number[];
  };
  readonly compare: Readonly<Record<"rank" | "elpd_loo" | "p_loo" | "elpd_diff" | "weight" | "se" | "dse", number>>;
}
const golden: {
  data: Record<string, number[]>;
  fits: GoldenFit[];
  smoothing: { log_densities: number[]; r_eff: number; k: number | null; log_density: number }[];
} = JSON.parse(readFileSync(new URL("../../test/golden/loo.json", import.meta.url), "utf8"));

/** A fit whose draws are those that ArviZ had. */
async function fitOf({ family, formula, draws }: GoldenFit): Promise<FittedModel> {
  const fitted = await fit(
    { data: golden.data, formula },
    { family: family as "gaussian", sampler: "laplace", draws: 4, ...(family === "student-t" && { nu: "learned" }) },
  );
  const own = new Map(
    coefficientNames(fitted.recipe).map((name) => [name, draws[name].map((c) => Float64Array.from(c))]),
  );
  return { recipe: fitted.recipe, data: fitted.data, settings: { sampler: "nuts" }, draws: own };
}

const near = (value: number) => expect.closeTo(value, 7);

describe.each(["gaussian", "student-t", "bernoulli", "binomial", "poisson"])("a %s fit", (family) => {
  const own = golden.fits.filter((fit) => fit.family === family);

  it("has the numbers of az.loo and az.compare", async () => {
    const results: Record<string, Loo> = {};
    for (const one of own) {
      const model = await fitOf(one);
      const found = await looOf(model, sourceOf(model, golden.data));
      results[one.formula] = found;
      const { loo_i, pareto_k, warning, ...numbers } = one.loo;
      for (const [name, value] of Object.entries(numbers))
        expect(found[name as keyof typeof numbers]).toEqual(near(value));
      expect(found.warning).toBe(warning);
      expect([...found.loo_i]).toEqual(loo_i.map(near));
      expect([...found.pareto_k]).toEqual(pareto_k.map(near));
    }
    for (const found of compareFits(results).fits) {
      const { weight, ...numbers } = own.find(({ formula }) => formula === found.name)!.compare;
      for (const [name, value] of Object.entries(numbers))
        expect(found[name as keyof typeof numbers]).toEqual(near(value));
      // ArviZ's search for the weights stops early; how good the weights are, stacking.test.ts tells.
      expect(Math.abs(found.weight - weight)).toBeLessThan(2e-3);
    }
  });
});

it.each(golden.smoothing.map((own, n) => [n, own] as const))("smooths weights as az.psislw does: %i", (_, own) => {
  const found = new ParetoSmoothing(own.log_densities.length, own.r_eff).smooth(Float64Array.from(own.log_densities));
  expect(found.logDensity).toEqual(near(own.log_density));
  expect(found.k).toEqual(own.k === null ? Number.POSITIVE_INFINITY : near(own.k));
});
