import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import type { Effects } from "../effects/effects.ts";
import { InputError } from "../errors.ts";
import type { Posterior } from "../fit/posterior.ts";
import type { Coefficient } from "../fit/summary/coefficients.ts";
import {
  plotCalibration,
  plotCoefficients,
  plotEffects,
  plotGroupEffects,
  plotPredictiveChecks,
  plotRanks,
  plotSds,
  plotTraces,
} from "../plots.ts";
import { createRandom } from "../rng/xoshiro.ts";

// Golden pictures: `npx vitest run src/plots --update` draws them anew; look at them before they are kept.
const golden = (name: string) => new URL(`../../test/golden/plots/${name}.svg`, import.meta.url).pathname;

/** A fit of independent normal draws, of which the k-th coefficient has mean k/4 and sd 0.1 (1 + k mod 3). */
function fitOf(names: readonly string[]): Posterior {
  const random = createRandom(5, 0, 9);
  const draws = new Map<string, readonly Float64Array[]>();
  const coefficients = names.map((name, k): Coefficient => {
    const [mean, sd] = [k / 4, 0.1 * (1 + (k % 3))];
    const chains = [0, 1, 2, 3].map(() => Float64Array.from({ length: 200 }, () => mean + sd * random.normal()));
    draws.set(name, chains);
    const mcse = { mcse_mean: null, mcse_sd: null, "mcse_hdi_3%": null, "mcse_hdi_97%": null };
    const standardized = { mean, sd, predictedSd: sd * (1 + 0.02 * (k % 5)), laplaceMean: mean, laplaceSd: sd };
    const hdi = { "hdi_3%": mean - 1.88 * sd, "hdi_97%": mean + 1.88 * sd };
    return { name, mean, sd, ...hdi, ...mcse, ess_bulk: 800, ess_tail: 800, r_hat: 1 + k / 1e4, standardized };
  });
  const columns = names.filter((name) => name !== "sigma").length;
  return { coefficients, draws, formula: "y ~ x", family: "gaussian", data: { columns } } as unknown as Posterior;
}

const textsOf = (svg: string) =>
  [...parseHTML(svg).document.querySelectorAll("text")].map((text) => text.textContent ?? "");

const few = fitOf([
  "x",
  "city[Oslo & <Bergen>]",
  "a name that is far too long to stand beside its interval in full",
  "Intercept",
  "sigma",
]);

describe("coefficients", () => {
  it("are drawn with their intervals, intercept and sigma left out and said so", async () => {
    const svg = await plotCoefficients(few);
    expect(textsOf(svg).join(" ")).toContain("Intercept, sigma are left out.");
    expect(textsOf(svg)).toContain("city[Oslo & <Bergen>]");
    expect(textsOf(svg).filter((text) => text === "Intercept")).toHaveLength(0);
    await expect(svg).toMatchFileSnapshot(golden("coefficients"));
  });

  it("have the intercept too where it is all there is, or is asked for", async () => {
    expect(textsOf(await plotCoefficients(few, { all: true }))).toContain("Intercept");
    expect(textsOf(await plotCoefficients(fitOf(["Intercept"])))).toContain("Intercept");
  });

  it("of which there are 500 are the hundred furthest from 0, on lines that can be read", async () => {
    const svg = await plotCoefficients(fitOf(Array.from({ length: 500 }, (_, k) => `level ${k}`)));
    const texts = textsOf(svg);
    expect(texts.join(" ")).toContain("Of 500 the 100 that are furthest from 0, in their sds.");
    expect(texts).toContain("level 499");
    expect(texts).not.toContain("level 1");
    const { document } = parseHTML(svg);
    const height = Number(document.querySelector("svg")!.getAttribute("height"));
    expect(height / 100).toBeGreaterThan(14);
    expect(svg.length).toBeLessThan(100_000);
  });

  it("stand under their class, and group terms under the term", async () => {
    const fit = fitOf(["kind[b]:x", "kind[b]:Intercept", "kind[c]:x", "kind[c]:Intercept"]);
    const { coefficients, draws } = fitOf(["Intercept", "Days", "cor"]);
    const [a, b, c] = coefficients;
    const groups = [
      {
        term: "(1 + Days | Subject)",
        factor: "Subject",
        levels: 18,
        sds: [a, b],
        correlations: [{ ...c, names: ["Intercept", "Days"] }],
      },
    ];
    draws.forEach((own, name) => {
      (fit.draws as Map<string, readonly Float64Array[]>).set(`sd(Subject)[${name}]`, own);
    });
    const data = { columns: 2, target: "kind", classes: ["a", "b", "c"] };
    const svg = await plotCoefficients({ ...fit, data, groups } as unknown as Posterior);
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining([
        "kind[b]",
        "kind[c]",
        "(1 + Days | Subject)",
        "sd Intercept",
        "sd Days",
        "cor Intercept, Days",
      ]),
    );
    await expect(svg).toMatchFileSnapshot(golden("coefficients-of-classes"));
  });
});

describe("chains", () => {
  it("have traces and ranks", async () => {
    await expect(await plotTraces(few, { parameters: ["x", "sigma"] })).toMatchFileSnapshot(golden("traces"));
    await expect(await plotRanks(few, { parameters: ["x", "sigma"] })).toMatchFileSnapshot(golden("ranks"));
  });

  it("of many parameters are those that agree least", async () => {
    const texts = textsOf(await plotTraces(fitOf(Array.from({ length: 40 }, (_, k) => `p${k}`))));
    expect(texts.join(" ")).toContain("Of 40 parameters the 12 whose chains agree least.");
    expect(texts).toContain("p39");
    expect(texts).not.toContain("p27");
  });

  it("of a parameter that there is none of are refused by a sentence", async () => {
    await expect(plotRanks(few, { parameters: ["X"] })).rejects.toThrow(InputError);
  });

  it("that never move are drawn too", async () => {
    const still = { ...few, draws: new Map([["x", [new Float64Array(50), new Float64Array(50)]]]) };
    expect(await plotTraces(still)).not.toMatch(/NaN|Infinity/);
  });
});

it("predicted sds are drawn against those measured", async () => {
  await expect(await plotSds(few)).toMatchFileSnapshot(golden("sds"));
});

describe("the effects of groups", () => {
  const numLevels = 120;
  const mean = Float64Array.from({ length: numLevels }, (_, level) => (level - 40) / 20);
  const own = {
    factor: "school",
    names: ["Intercept"],
    numLevels,
    mean,
    sd: mean.map(() => 0.3),
    level: (k: number) => `s${k}`,
  };
  const fit = { groupEffects: [own], formula: "y ~ x + (1 | school)" } as unknown as Posterior;

  it("are in the order of their size, the largest of many", async () => {
    const svg = await plotGroupEffects(fit, { most: 20 });
    const texts = textsOf(svg).filter((text) => /^s\d+$/.test(text));
    expect(texts).toEqual(Array.from({ length: 20 }, (_, k) => `s${119 - k}`));
    await expect(svg).toMatchFileSnapshot(golden("groups"));
  });

  it("are refused where there are none, or none of that name", async () => {
    await expect(plotGroupEffects(few)).rejects.toThrow(/kept no effects of groups/);
    await expect(plotGroupEffects(fit, { factor: "class" })).rejects.toThrow(/no groups by "class"; it has school/);
    await expect(plotGroupEffects(fit, { effect: "x" })).rejects.toThrow(/have no effect "x"; they have Intercept/);
  });
});

describe("effects", () => {
  const effect = {
    term: "x",
    at: {},
    by: {},
    sd: 1,
    low: 0.2,
    high: 0.8,
    mcse: 0,
    rows: 10,
    rowError: 0,
    estimate: 0.5,
  };
  const found = (effects: readonly object[]) =>
    ({
      scale: "response",
      interval: 0.9,
      draws: 4000,
      rows: 10,
      hypotheses: [],
      warnings: [],
      effects,
    }) as unknown as Effects;

  it("are intervals, a section for each class", async () => {
    const comparison = { ...effect, kind: "comparison", comparison: "difference", contrast: "+1" };
    const svg = await plotEffects(found([comparison, { ...comparison, class: "b", estimate: 0.3 }]));
    expect(textsOf(svg)).toEqual(expect.arrayContaining(["+1", "x, class b"]));
    await expect(svg).toMatchFileSnapshot(golden("effects"));
  });

  it("are curves along a column of numbers", async () => {
    const points = [1, 2, 3, 4].flatMap((x) =>
      ["a", "b"].map((city, k) => {
        const estimate = 0.2 * x + 0.3 * k;
        return {
          ...effect,
          kind: "prediction",
          at: { x },
          by: { city },
          estimate,
          low: estimate - 0.1,
          high: estimate + 0.1,
        };
      }),
    );
    const svg = await plotEffects(found(points));
    expect(textsOf(svg)).toEqual(expect.arrayContaining(["city = a", "city = b", "x"]));
    await expect(svg).toMatchFileSnapshot(golden("effects-along"));
  });

  it("are curves without dots along many values, dates too, with names that do not meet", async () => {
    const days = Array.from({ length: 20 }, (_, k) => `2024-01-${String(k + 1).padStart(2, "0")}`);
    const point = { ...effect, kind: "prediction", estimate: 0.5, low: 0.4, high: 0.6 };
    const svg = await plotEffects(
      found(days.flatMap((day) => ["a", "b"].map((city) => ({ ...point, at: { day }, by: { city } })))),
    );
    expect(svg).not.toContain("<circle");
    expect(textsOf(svg)).toEqual(expect.arrayContaining(["city = a", "city = b", "day"]));
    const heights = [...svg.matchAll(/translate\(([\d.]+),([\d.]+)\)[^>]*>city = /g)].map(([, , y]) => Number(y));
    expect(Math.abs(heights[0] - heights[1])).toBeGreaterThan(10);
  });

  it("that are ratios are about 1, on a logarithmic scale", async () => {
    const ratio = {
      ...effect,
      kind: "comparison",
      comparison: "ratio",
      contrast: "b / a",
      low: 0.5,
      high: 2,
      estimate: 1,
    };
    const svg = await plotEffects(found([ratio]));
    expect(svg).not.toMatch(/NaN|Infinity/);
    expect(textsOf(svg).join(" ")).toContain("ratio, on the scale of the response");
  });

  it("that there are none of are refused", async () => {
    await expect(plotEffects(found([]))).rejects.toThrow(/no effects to draw/);
    const slope = { ...effect, kind: "slope" };
    await expect(plotEffects(found([slope]), { kind: "comparison" })).rejects.toThrow(/no comparisons to draw/);
  });
});

describe("scores", () => {
  const bins = Array.from({ length: 10 }, (_, k) => ({
    low: k / 10,
    high: (k + 1) / 10,
    count: k === 3 ? 0 : 20 * (k + 1),
    predicted: k === 3 ? null : (k + 0.5) / 10,
    observed: k === 3 ? null : (k + 0.3) / 10,
  }));
  const checks = [
    { statistic: "mean", observed: 3, replicated: 3.1, low: 2.9, high: 3.4, pValue: 0.6 },
    { statistic: "zeros", observed: 12, replicated: 3, low: 1, high: 6, pValue: 0.001 },
  ];
  const scored = { scores: { reliability: bins, checks } } as unknown as Parameters<typeof plotCalibration>[0];

  it("are drawn as checks and as calibration", async () => {
    await expect(await plotPredictiveChecks(scored)).toMatchFileSnapshot(golden("checks"));
    await expect(await plotCalibration(scored)).toMatchFileSnapshot(golden("calibration"));
  });

  it("are refused of rows without targets, and calibration of numbers", async () => {
    await expect(plotPredictiveChecks({})).rejects.toThrow(/need rows whose target is known/);
    await expect(plotCalibration({ scores: { checks } } as never)).rejects.toThrow(/is of events and classes/);
  });
});
