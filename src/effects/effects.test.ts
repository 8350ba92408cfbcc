import { describe, expect, it } from "vitest";
import { effects } from "../fit/ask-effects.ts";
import { fit } from "../fit/fit-inline.ts";
import type { Posterior } from "../fit/posterior.ts";
import { parameterNames } from "../prediction/predictive-fit.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { defaultCurve } from "./default-curve.ts";

const random = createRandom(5, 0, 9);
const numRows = 3000;
const numbers = Array.from({ length: numRows }, (_, n) => n);
const x = numbers.map(() => random.normal());
const z = numbers.map(() => 1 + 3 * random.uniform());
const city = numbers.map(() => ["Lima", "Oslo", "Rome"][Math.floor(3 * random.uniform())]);
const good = numbers.map(() => random.uniform() < 0.4);
const code = numbers.map((n) => [10, 20, 30, 40][n % 4]);
const day = numbers.map((n) => new Date(86_400_000 * (18_000 + (n % 300))));
const eta = x.map((own, n) => 0.8 * own - 0.5 * Math.log(z[n]) + (city[n] === "Rome" ? 0.7 - 0.5 * own : 0));
const late = eta.map((own) => random.uniform() < 1 / (1 + Math.exp(-own)));
const y = eta.map((own) => own + random.normal());
const data = { x, z, city, good, code, day, late, y };
const options = { sampler: "laplace", draws: 100 } as const;
const laterFit = (formula: string) => {
  let fitted: Promise<Posterior> | undefined;
  return () => {
    fitted ??= fit({ data, formula }, options);
    return fitted;
  };
};
const ofLate = laterFit("late ~ x * city + log(z) + good");
const ofY = laterFit("y ~ x + C(code) + day + I(z > 2) + offset(z)");
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

describe("effects", () => {
  it("are averages of what predict predicts, rows by rows that miss nothing", async () => {
    const posterior = await ofLate();
    const holes = {
      ...data,
      x: x.map((own, n) => (n % 50 === 3 ? null : own)),
      city: city.map((own, n) => (n === 7 ? null : own)),
    };
    const { effects: own, ...about } = await posterior.effects({ of: "good", kind: "predictions", rows: "all" }, holes);
    expect(about).toMatchObject({ rows: numRows - 61, sampledRows: numRows - 61, missingRows: 61, draws: 400 });
    expect(about.warnings).toEqual(['61 rows without a prediction: a value is missing, in "x" (60) and "city" (1).']);
    for (const [k, level] of [false, true].entries()) {
      const { columns } = await posterior.predict({ ...holes, good: good.map(() => level) }, { posteriorDraws: 400 });
      const all = (columns.probability as Float64Array).filter((value) => !Number.isNaN(value));
      expect(own[k].estimate).toBeCloseTo(mean(all), 12);
      expect(own[k].at).toEqual({ good: String(level) });
    }
  });

  it("without rows are of one row, at the means and most frequent levels of the fit, or at what is set", async () => {
    const posterior = await ofLate();
    const { effects: own, conditions } = await posterior.effects({
      of: "x",
      kind: "predictions",
      at: { x: 1, city: "Oslo" },
    });
    expect(conditions).toEqual([
      { column: "z", value: expect.closeTo(mean(z), 10), is: "mean" },
      { column: "good", value: "false", is: "mode" },
    ]);
    const { columns } = await posterior.predict(
      { x: [1], city: ["Oslo"], z: [mean(z)], good: [false] },
      { posteriorDraws: 400 },
    );
    expect(own[0].estimate).toBeCloseTo(Number(columns.probability[0]), 10);
    expect(own[0].at).toEqual({ city: "Oslo", x: 1 });
  });

  it("of numbers as levels, dates, booleans and offsets", async () => {
    const posterior = await ofY();
    const coefficient = (name: string) => mean(posterior.draws.get(name)!.flatMap((chain) => [...chain]));
    const estimates = async (asked: Parameters<Posterior["effects"]>[0]) =>
      (await posterior.effects({ kind: "comparisons", ...asked }, data)).effects.map(({ contrast, estimate }) => [
        contrast,
        estimate,
      ]);
    expect(await estimates({ of: "code", contrast: ["40 - 20", "(10 + 20)/2 - 30"] })).toEqual([
      ["40 - 20", expect.closeTo(coefficient("C(code)[40]") - coefficient("C(code)[20]"), 9)],
      ["(10 + 20)/2 - 30", expect.closeTo(coefficient("C(code)[20]") / 2 - coefficient("C(code)[30]"), 9)],
    ]);
    expect(await estimates({ of: "day", at: "day=2019-06-01,2019-06-11" })).toEqual([
      ["2019-06-11 - 2019-06-01", expect.closeTo(10 * coefficient("day"), 9)],
    ]);
    // The offset is part of a prediction, and what it is made of can be set.
    const [{ estimate: low }, { estimate: high }] = (
      await posterior.effects({ at: { z: [3, 4] }, kind: "predictions" }, data)
    ).effects;
    expect(high - low).toBeCloseTo(1, 9);
  });

  it("over the range of a column are at 50 values of it, from the least in the fit to the largest", async () => {
    const posterior = await ofY();
    const predictions = async (name: string) =>
      (await effects(posterior, { of: name, kind: "predictions", at: { [name]: "range" } })).effects;
    const ofX = await predictions("x");
    const values = ofX.map(({ at }) => Number(at.x));
    expect(values.length).toBe(50);
    expect([values[0], values[49]]).toEqual([Math.min(...x), Math.max(...x)]);
    const step = (values[49] - values[0]) / 49;
    values.slice(1).forEach((value, k) => {
      expect((value - values[k]) / step).toBeCloseTo(1, 3);
    });
    // The model is linear in x, and so are its predictions.
    const slope = posterior.coefficients.find(({ name }) => name === "x")!.mean;
    expect((ofX[49].estimate - ofX[0].estimate) / (values[49] - values[0])).toBeCloseTo(slope, 1);
    const days = (await predictions("day")).map(({ at }) => at.day);
    expect([days.length, days[0], days[49]]).toEqual([50, "2019-04-14", "2020-02-07"]);
    const { recipe } = posterior;
    const inputs = recipe.inputs.map((input) =>
      input.name === "x" ? { ...input, typical: { mean: 0, sd: 1 } } : input,
    );
    const old = { ...posterior, recipe: { ...recipe, inputs } };
    await expect(effects(old, { of: "x", at: "x=range" })).rejects.toThrow('does not keep the range of "x"');
    expect(defaultCurve(recipe, { of: ["x"] })).toEqual(["x=range"]);
    expect(defaultCurve(recipe, { of: ["x"], at: ["day=2020-01-01"] })).toEqual(["day=2020-01-01", "x=range"]);
    for (const asked of [{ of: ["code"] }, { of: ["x", "day"] }, { of: ["x"], at: ["x=1,2"] }, { of: ["none"] }, {}])
      expect(defaultCurve(recipe, asked)).toBeUndefined();
    expect(defaultCurve(old.recipe, { of: ["x"] })).toBeUndefined();
  });

  it("of all columns, where none is named, are comparisons", async () => {
    const { effects: own } = await (await ofLate()).effects({}, data);
    expect(own.map(({ term, contrast }) => `${term} ${contrast}`)).toEqual([
      "x +1",
      "city Oslo - Lima",
      "city Rome - Lima",
      "z +1",
      "good true - false",
    ]);
    const slopes = await (await ofY()).effects({ kind: "slopes" }, data);
    expect(slopes.effects.map(({ term }) => term)).toEqual(["x", "day"]);
  });

  it("by groups of rows are those of each group's rows alone", async () => {
    const posterior = await ofLate();
    const { effects: by } = await posterior.effects({ of: "x", kind: "slopes", by: ["good", "code"] }, data);
    expect(by.map((own) => own.by)).toEqual(
      ["false", "true"].flatMap((own) => [10, 20, 30, 40].map((k) => ({ good: own, code: k }))),
    );
    const kept = numbers.filter((n) => good[n] && code[n] === 30);
    const part = Object.fromEntries(Object.entries(data).map(([name, values]) => [name, kept.map((n) => values[n])]));
    const alone = await posterior.effects({ of: "x", kind: "slopes" }, part);
    expect(by[6]).toMatchObject({ rows: kept.length });
    expect(by[6].estimate).toBeCloseTo(alone.effects[0].estimate, 12);
    expect(by[6].sd).toBeCloseTo(alone.effects[0].sd, 12);
  });

  it("say how probable they are", async () => {
    const posterior = await ofLate();
    const draws = (name: string) => posterior.draws.get(name)!.flatMap((chain) => [...chain]);
    const [a, b] = [draws("x"), draws("log(z)")];
    const texts = ["x > -log(z)", "x + 2*log(z) <= 0.1", "`x` - 2*x = 0"];
    const { hypotheses, effects: none } = await posterior.effects({ hypothesis: texts });
    expect(none).toEqual([]);
    const share = (holds: (s: number) => boolean) => a.filter((_, s) => holds(s)).length / a.length;
    expect(hypotheses.map(({ probability, relation }) => [probability, relation])).toEqual([
      [share((s) => a[s] > -b[s]), "> 0"],
      [
        expect.closeTo(
          share((s) => a[s] + 2 * b[s] < 0.1),
          12,
        ),
        "< 0",
      ],
      [share((s) => -a[s] > 0), "> 0"],
    ]);
    expect(hypotheses[1].estimate).toBeCloseTo(mean(a.map((own, s) => own + 2 * b[s] - 0.1)), 12);
  });

  it("of values that no row of the fit has together say so", async () => {
    const few = { ...data, good: good.map((own, n) => (city[n] === "Rome" ? false : own)) };
    const posterior = await fit({ data: few, formula: "y ~ good * city" }, options);
    const { warnings } = await posterior.effects({ of: "good", kind: "comparisons" }, few);
    expect(warnings.join()).toMatch(/^[\d,]+ predictions .* that no row of the fit has together/);
  });
});

describe("a sample of the rows", () => {
  it("is off by as much as it says", async () => {
    const posterior = await ofLate();
    // With one draw, an estimate is that draw's average, of which the error is told.
    const ask = {
      of: "city",
      kind: "comparisons",
      comparison: "odds-ratio",
      contrast: "Rome - Oslo",
      posteriorDraws: 1,
      by: "good",
    } as const;
    const { effects: exact } = await posterior.effects({ ...ask, rows: "all" }, data);
    const scores: number[] = [];
    for (let seed = 1; seed <= 60; seed++) {
      const { effects: own, rows, sampledRows } = await posterior.effects({ ...ask, rows: 420, seed }, data);
      expect(rows).toBe(numRows);
      expect(sampledRows).toBeLessThan(450);
      own.forEach(({ estimate, rowError }, k) => {
        scores.push((estimate - exact[k].estimate) / rowError);
      });
    }
    // The mean square of 120 standard normal scores is 1 ± √(2/120); four of it.
    expect(exact.every(({ rowError }) => rowError === 0)).toBe(true);
    expect(Math.abs(mean(scores.map((score) => score ** 2)) - 1)).toBeLessThan(4 * Math.sqrt(2 / 120));
    expect(Math.abs(mean(scores))).toBeLessThan(4 / Math.sqrt(120));
  }, 60_000);

  it("hardly widens intervals, as all rows correct it", async () => {
    const posterior = await ofLate();
    const ask = { of: "x", kind: "predictions" } as const;
    const [{ sd, estimate }] = (await posterior.effects({ ...ask, rows: "all" }, data)).effects;
    const {
      effects: [own],
      warnings,
    } = await posterior.effects({ ...ask, rows: 300 }, data);
    expect(own.rowError).toBeLessThan(0.3 * sd);
    expect(Math.abs(own.estimate - estimate)).toBeLessThan(4 * own.rowError);
    expect(Math.abs(own.sd / sd - 1)).toBeLessThan((4 * own.rowError) / sd);
    const few = await posterior.effects({ of: "city", kind: "comparisons", rows: 20 }, data);
    expect([...warnings, ...few.warnings].join(" ")).toMatch(/of an sd: give more --rows, or --rows all/);
  });
});

describe("effects of multilevel models", () => {
  const g = numbers.map((n) => `g${n % 20}`);
  const groupOf = numbers.map((n) => Math.sin(3 * (n % 20)));
  const table = { x, z, g, y: x.map((own, n) => own + groupOf[n] + 0.3 * random.normal()) };
  const fitted = fit({ data: table, formula: "y ~ x + z + (1 | g)" }, { ...options, effects: true });

  /** The same with a normal law for each level in place of draws: b = mean + 0.5 ε. */
  async function withLaws(): Promise<Posterior> {
    const posterior = await fitted;
    const names = parameterNames(posterior.recipe);
    const groupEffects = posterior.groupEffects!.map((own) => ({
      ...own,
      known: {
        kind: "laws" as const,
        center: new Float64Array(names.length),
        scale: new Float64Array(names.length).fill(1),
        slopes: new Float64Array(own.numLevels * names.length),
        factors: new Float64Array(own.numLevels).fill(0.5),
      },
    }));
    return { ...posterior, groupEffects };
  }

  it.each(["known", "new", "population"] as const)(
    "compare a row with itself in the same group, of the same effects: %s",
    async (groups) => {
      for (const posterior of [await fitted, await withLaws()]) {
        const { effects: own, groups: said } = await effects(
          posterior,
          { of: "x", kind: "comparisons", groups },
          table,
        );
        const draws = posterior.draws.get("x")!.flatMap((chain) => [...chain]);
        expect(said).toBe(groups);
        expect(own[0].estimate).toBeCloseTo(mean(draws), 3);
        const sd = Math.sqrt(mean(draws.map((draw) => (draw - mean(draws)) ** 2)));
        // Noise of its own in each row would make it many times as large; known effects go with a part of the draws.
        expect(Math.abs(own[0].sd / sd - 1)).toBeLessThan(0.2);
      }
    },
  );

  it("are as uncertain for many rows of a group as for one", async () => {
    const posterior = await withLaws();
    const rows = (count: number) => ({ x: Array(count).fill(0), z: Array(count).fill(2), g: Array(count).fill("g3") });
    for (const groups of ["known", "new"] as const) {
      const [one, many] = [
        await effects(posterior, { groups }, rows(1)),
        await effects(posterior, { groups, kind: "predictions" }, rows(40)),
      ];
      const [{ sd, estimate }] = (await effects(posterior, { groups, kind: "predictions" }, rows(1))).effects;
      expect(one.groups).toBe(many.groups);
      expect(many.effects[0].estimate).toBeCloseTo(estimate, 10);
      expect(many.effects[0].sd).toBeCloseTo(sd, 10);
      expect(sd).toBeGreaterThan(0.4);
    }
  });

  it("are of the population without rows, and of a group where it is named", async () => {
    const posterior = await fitted;
    expect((await posterior.effects({ of: "x" })).groups).toBe("population");
    const { groups, effects: own } = await posterior.effects({ of: "g", contrast: "g1 - g0" });
    expect(groups).toBe("known");
    const { names, mean: means, level } = posterior.groupEffects![0];
    const at = (name: string) => means[[...Array(20).keys()].findIndex((k) => level(k) === name) * names.length];
    expect(Math.abs(own[0].estimate - (at("g1") - at("g0")))).toBeLessThan(0.3 * own[0].sd);
  });
});
