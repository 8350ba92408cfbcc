import { beforeAll, describe, expect, it } from "vitest";
import { effects } from "../fit/ask-effects.ts";
import { fit } from "../fit/fit-inline.ts";
import type { Posterior } from "../fit/posterior.ts";
import type { EffectOptions } from "./effects.ts";

const numbers = Array.from({ length: 120 }, (_, n) => n);
const data = {
  y: numbers.map((n) => Math.sin(n * n)),
  x: numbers.map((n) => Math.cos(n)),
  step: numbers.map((n) => n % 7),
  city: numbers.map((n) => ["Lima", "Oslo", "Rome"][n % 3]),
  code: numbers.map((n) => (n % 4) + 1),
  same: numbers.map(() => 2),
  exposure: numbers.map((n) => 1 + (n % 5)),
  w: numbers.map(() => 1),
  day: numbers.map((n) => new Date(86_400_000 * n)),
  g: numbers.map((n) => `g${n % 6}`),
  review: numbers.map((n) => (n % 2 ? "good thing" : "bad thing")),
};
let plain: Posterior;
let grouped: Posterior;
let classes: Posterior;
beforeAll(async () => {
  const options = { sampler: "laplace", draws: 20 } as const;
  const formula = "y ~ x + I(step > 3) + city + C(code) + same + offset(exposure) + day + words(review)";
  plain = await fit({ data, formula }, { ...options, weights: "w" });
  grouped = await fit({ data, formula: "y ~ x + (1 | g)" }, { ...options, effects: true });
  classes = await fit({ data, formula: "city ~ x" }, options);
});

const cases: readonly [EffectOptions, "rows" | "none", RegExp | string][] = [
  [{ of: "xx" }, "rows", /^The formula reads no column "xx" .*; did you mean x/],
  [{ of: "w" }, "rows", /no column "w" \(one that weights alone read has no effect\)/],
  [{ of: "y" }, "rows", /^"y" is the target, which has no effect on itself/],
  [{ of: "exposure" }, "rows", /^"exposure" is in the offset, whose coefficient is 1/],
  [{ of: "same" }, "rows", /^"same" had the same value in every row of the fit/],
  [{ of: ["x", "x"] }, "rows", 'The option of names "x" twice; leave one out.'],
  [{ of: "city", kind: "slopes" }, "rows", /^"city" holds levels, and no numbers, so it has no slope/],
  [{ of: "step", kind: "slopes" }, "rows", /^"step" stands in I\(step > 3\), which goes by steps/],
  [{ of: "x", at: "x=high" }, "rows", 'The column "x" holds numbers, and "high" is none; correct --at.'],
  [{ of: "x", at: "x=NaN" }, "rows", /"NaN" is none/],
  [{ of: "x", at: "x=Infinity" }, "rows", /"Infinity" is none/],
  [{ of: "x", at: { x: true } }, "rows", /"true" is none/],
  [{ of: "x", at: "x=1,,2" }, "rows", /^--at has a comma too many in "1,,2"/],
  [{ of: "x", at: "x=1,2,1" }, "rows", /^--at has the value 1 of "x" twice/],
  [{ of: "x", at: "x=" }, "rows", /^--at sets "x" to nothing/],
  [{ of: "x", at: "x" }, "rows", /and "x" has no "="/],
  [{ of: "x", at: ["x=1", "x=2"] }, "rows", /^"x" is set by two --at/],
  [{ of: "x", at: "city=Paris" }, "rows", '"city" has no level "Paris" in the fit; its levels are Lima, Oslo, Rome.'],
  [{ of: "x", at: "city=rome" }, "rows", '"city" has no level "rome" in the fit; did you mean Rome?'],
  [{ of: "x", at: "code=5" }, "rows", /^"code" has no level "5" in the fit; .*1/],
  [{ of: "x", at: "day=soon" }, "rows", /holds dates such as 2026-11-27, and "soon" is none/],
  [{ of: "x", at: "y=1" }, "rows", /^"y" is the target/],
  [{ of: "x", at: "other=1" }, "rows", /no column "other"/],
  [{ of: ["x", "city"], at: "x=1" }, "rows", /^--at sets "x", whose effect is asked for beside others/],
  [
    { of: "city", contrast: "Rome - Paris" },
    "rows",
    /^The contrast "Rome - Paris" names Paris, which is no level of "city"/,
  ],
  [{ of: "city", contrast: "Rome + Oslo" }, "rows", /is no contrast: the weights of its levels have to sum to 0/],
  [{ of: "city", contrast: "Rome - Rome" }, "rows", /is no contrast/],
  [{ of: "city", contrast: "Rome -" }, "rows", /^The contrast "Rome -" is not finished/],
  [{ of: "city", contrast: "Rome * Oslo" }, "rows", /is no linear combination/],
  [
    { of: "city", contrast: "(Rome + Lima)/2 - Oslo", comparison: "ratio" },
    "rows",
    /there is a difference and no ratio/,
  ],
  [{ of: "x", contrast: "Rome - Oslo" }, "rows", /^"Rome - Oslo" is no contrast of "x", which holds numbers/],
  [{ of: "x", contrast: "3 - 3" }, "rows", /is no contrast of "x"/],
  [{ contrast: "Rome - Oslo" }, "rows", /^--contrast compares values of a column: name it by --of/],
  [{ of: "city", contrast: "Rome - Oslo", kind: "predictions" }, "rows", /leave one out/],
  [
    { of: "city", comparison: "odds-ratio" },
    "rows",
    /^Odds are of probabilities, and the gaussian family predicts numbers/,
  ],
  [{ of: "city", comparison: "ratio", scale: "link" }, "rows", /there are differences, and no ratios/],
  [{ of: "x", groups: "new" }, "rows", /this one has none: leave --groups out/],
  [{ of: "x", by: "city" }, "none", /^--by averages over the rows of each group, so it needs the data/],
  [{ of: "x", by: "citi" }, "rows", 'The data have no column "citi"; did you mean city?'],
  [{ of: "x", rows: 2.5 }, "rows", /^The option rows cannot be 2.5/],
  [{ of: "x", kind: "odds" as "slopes" }, "rows", /^The option kind cannot be "odds"/],
  [{ of: "x", at: new Map() as never }, "rows", /^The option at cannot be/],
  [
    { of: "x" },
    "none",
    /^The fit does not keep what "review" typically is: give the data, or values by --at 'review=…'/,
  ],
  [{ of: "review" }, "rows", /^"review" holds texts: set the ones to compare by --at/],
  [{ hypothesis: "x > z" }, "none", /^The hypothesis "x > z" names z, which is no coefficient of the fit/],
  [{ hypothesis: "x * day > 0" }, "none", /is no linear combination/],
  [{ hypothesis: "x = x" }, "none", /says nothing of a coefficient/],
  [{ hypothesis: "1 > 0" }, "none", /says nothing of a coefficient/],
  [{ hypothesis: "x / 0 > 1" }, "none", /divides by 0/],
  [{ hypothesis: "x > 0 > 1" }, "none", /stops making sense at ">"/],
  [{ hypothesis: "" }, "none", /is not finished/],
];

describe("effects refuse in one sentence", () => {
  it.each(cases.map(([options, rows, message]) => [JSON.stringify(options), rows, options, message] as const))(
    "%s %s",
    async (_, rows, options, message) => {
      const asked = effects(plain, options, rows === "rows" ? data : undefined);
      await expect(asked).rejects.toMatchObject({
        name: "InputError",
        message: typeof message === "string" ? message : expect.stringMatching(message),
      });
    },
  );

  it("groups whose effects are left out, and that are not kept", async () => {
    const of = (options: EffectOptions, own = grouped, rows?: object) => effects(own, options, rows);
    await expect(of({ of: "g", groups: "population" }, grouped, data)).rejects.toThrow(
      /^"g" groups the rows, and --groups population leaves the effects of its levels out: give --groups known\.$/,
    );
    await expect(of({ at: "g=g9" })).rejects.toThrow(/"g" has no level "g9" in the fit; .* give --groups new\.$/);
    const { groupEffects: _, ...bare } = grouped;
    await expect(of({ of: "x" }, bare as Posterior, data)).rejects.toThrow(
      /^The fit has kept no effects of its groups/,
    );
    await expect(of({ of: "x", groups: "known" })).rejects.toThrow(/does not keep what "g" typically is/);
  });

  it("rows that all miss a value, no rows, and fits that do not keep where their columns lie", async () => {
    const none = { ...data, x: numbers.map(() => null) };
    await expect(effects(plain, { of: "city" }, none)).rejects.toThrow(
      /^Every row of the table misses a value that the effects need, most often in "x"/,
    );
    await expect(
      effects(plain, { of: "city" }, { ...Object.fromEntries(Object.keys(data).map((k) => [k, []])) }),
    ).rejects.toThrow(/^There are no rows in the table/);
    const inputs = classes.recipe.inputs.map(({ typical: _, ...input }) => input);
    const old = { ...classes, recipe: { ...classes.recipe, inputs } };
    await expect(effects(old, { of: "x" })).rejects.toThrow(/does not keep what "x" typically is/);
    await expect(effects(old, { of: "x", kind: "slopes" }, data)).rejects.toThrow(
      /does not keep how far the values of "x" spread/,
    );
    const { effects: own, warnings } = await effects(old, { of: "x" }, data);
    expect(own.map(({ kind }) => kind)).not.toContain("slope");
    expect(warnings).toHaveLength(1);
  });

  it("slopes of what differs too little for its size", async () => {
    const far = { y: data.y, x: data.x.map((own) => 1e7 + own) };
    const posterior = await fit({ data: far, formula: "y ~ x" }, { sampler: "laplace", draws: 20 });
    await expect(effects(posterior, { of: "x", kind: "slopes" }, far)).rejects.toThrow(/a slope is lost in rounding/);
  });

  it("linear predictors of classes without a reference, which are known up to a constant alone", async () => {
    const recipe = { ...classes.recipe, hasReference: false };
    const names = ["Lima", "Oslo", "Rome"].flatMap((level) =>
      ["x", "Intercept"].map((name) => `city[${level}]:${name}`),
    );
    const draws = new Map(names.map((name, k) => [name, [Float64Array.of(k, k + 1, 2)]]));
    await expect(effects({ recipe, draws }, { of: "x", scale: "link" }, data)).rejects.toThrow(
      /known up to a constant alone/,
    );
    const { effects: own } = await effects({ recipe, draws }, { kind: "predictions" }, data);
    expect(own.map(({ class: level }) => level)).toEqual(["Lima", "Oslo", "Rome"]);
    expect(own.reduce((sum, { estimate }) => sum + estimate, 0)).toBeCloseTo(1, 12);
  });
});

describe("effects warn of", () => {
  it("ratios of what may be 0, and of slopes that say nothing", async () => {
    const { warnings, effects: own } = await effects(
      plain,
      { of: "city", comparison: "ratio", at: "exposure=0" },
      data,
    );
    expect(own.length).toBeGreaterThan(0);
    expect(warnings.join()).toMatch(/divides by what is 0 or less at some draws/);
    expect((await effects(plain, { of: "step" }, data)).warnings.join()).toMatch(/goes by steps/);
  });

  it("nothing where texts, levels with signs and names with signs are meant as they stand", async () => {
    const words = await effects(
      plain,
      { of: "review", at: "review=good thing,'bad, bad thing'", kind: "comparisons" },
      data,
    );
    expect(words.effects[0].contrast).toBe("bad, bad thing - good thing");
    const odd = {
      y: data.y,
      "a b=c": data.city.map((own) => (own === "Lima" ? "<1 - 2" : own === "Oslo" ? ">2, 3" : "x/y")),
    };
    const posterior = await fit({ data: odd, formula: "y ~ `a b=c`" }, { sampler: "laplace", draws: 20 });
    const contrast = [">2, 3 - <1 - 2", "'x/y' / '>2, 3'"];
    const { effects: own } = await effects(posterior, { of: "a b=c", contrast, kind: "comparisons" }, odd);
    expect(own.map((effect) => [effect.contrast, effect.comparison])).toEqual([
      [">2, 3 - <1 - 2", "difference"],
      ["x/y / >2, 3", "ratio"],
    ]);
    const set = await effects(posterior, { at: "a b=c=>2, 3" });
    expect(set.effects[0].at).toEqual({ "a b=c": ">2, 3" });
  });
});
