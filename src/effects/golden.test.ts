import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { effects } from "../fit/ask-effects.ts";
import { fit } from "../fit/fit-inline.ts";
import { coefficientNames, type PredictiveFit } from "../prediction/predictive-fit.ts";
import type { EffectOptions, Effects } from "./effects.ts";
import type { EffectEstimate } from "./estimates.ts";

// What marginaleffects for Python computes with the same coefficients, draw by draw (test/golden/effects.py).
interface GoldenFit {
  readonly formula: string;
  readonly names: readonly string[];
  /** By draw and class. */
  readonly draws: readonly (readonly (readonly number[])[])[];
  readonly cases: readonly {
    readonly options: EffectOptions;
    readonly hasRows: boolean;
    readonly estimates: readonly (Readonly<Record<string, string | number>> & { readonly draws: never })[];
  }[];
}
const golden: { data: Record<string, (string | number)[]>; fits: Record<string, GoldenFit> } = JSON.parse(
  readFileSync(new URL("../../test/golden/effects.json", import.meta.url), "utf8"),
);

/** The coefficients' names here by those of statsmodels. */
const ownName = (name: string) =>
  name
    .replaceAll("[T.", "[")
    .replace("np.log(", "log(")
    .replace(/I\((\w) \*\* 2\)/, "I($1^2)");
const ownFormula = (formula: string) => formula.replace("np.log", "log").replaceAll("**", "^");

/** A fit whose draws are those of the other program. */
async function fitOf(family: string): Promise<PredictiveFit> {
  const { formula, names, draws } = golden.fits[family];
  const { recipe } = await fit(
    { data: golden.data, formula: ownFormula(formula) },
    { family: family as "gaussian", sampler: "laplace", draws: 4 },
  );
  const classes = recipe.target.kind === "classes" ? recipe.target.levels.slice(1) : [undefined];
  const own = classes.flatMap((level, k) =>
    names.map((name, j) => {
      const prefix = level === undefined ? "" : `kind[${level}]:`;
      return [`${prefix}${ownName(name)}`, [Float64Array.from(draws, (draw) => draw[k][j])]] as const;
    }),
  );
  const all = new Map([...own, ["sigma", [new Float64Array(draws.length).fill(1)]]]);
  for (const name of coefficientNames(recipe)) expect([...all.keys()]).toContain(name);
  return { recipe, draws: all };
}

/** Whether an estimate is the one that marginaleffects names like this; what it holds columns at stands there too. */
function isNamed(own: EffectEstimate, { group, contrast, ...columns }: Readonly<Record<string, string | number>>) {
  const written = String(contrast)
    .replace(/^ln\((.*)\)$/, "$1")
    .replaceAll(".0", "");
  const isSame = contrast === undefined || written === "custom" || own.contrast === written;
  const values = { ...own.at, ...own.by };
  return (
    isSame && (own.class ?? group) === group && Object.entries(values).every(([name, value]) => columns[name] === value)
  );
}

/** The quantile of R's and numpy's default. */
function quantile(values: readonly number[], probability: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * probability;
  const low = Math.floor(place);
  return sorted[low] + (place - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

function expectClose(own: EffectEstimate, draws: readonly number[]): void {
  const mean = draws.reduce((sum, value) => sum + value, 0) / draws.length;
  const sd = Math.sqrt(draws.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (draws.length - 1));
  // Slopes of marginaleffects are central differences of width 1e-4, with an error below 1e-8.
  expect(Math.abs(own.estimate - mean)).toBeLessThan(1e-7);
  expect(Math.abs(own.sd - sd)).toBeLessThan(1e-7);
  expect(Math.abs(own.low - quantile(draws, 0.05))).toBeLessThan(1e-7);
  expect(Math.abs(own.high - quantile(draws, 0.95))).toBeLessThan(1e-7);
  if (own.kind === "prediction") return;
  const none = own.comparison === "ratio" || own.comparison === "odds-ratio" ? 1 : 0;
  expect(own.probability).toBe(draws.filter((draw) => draw > none).length / draws.length);
}

describe.each(Object.keys(golden.fits))("effects of a %s fit are those of marginaleffects", (family) => {
  const { cases } = golden.fits[family];

  it.each(
    cases.map((own) => [`${JSON.stringify(own.options)} ${own.hasRows ? "over rows" : "at the mean"}`, own] as const),
  )("%s", async (_, { options, hasRows, estimates }) => {
    const found: Effects = await effects(await fitOf(family), options, hasRows ? golden.data : undefined);
    expect(found.effects).toHaveLength(estimates.length);
    for (const { draws, ...names } of estimates) {
      const own = found.effects.filter((effect) => isNamed(effect, names));
      expect(own).toHaveLength(1);
      expectClose(own[0], draws);
    }
    if (hasRows) expect(found).toMatchObject({ rows: golden.data.x.length, sampledRows: golden.data.x.length });
  });
});
