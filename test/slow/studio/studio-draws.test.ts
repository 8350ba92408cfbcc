import { expect, it } from "vitest";
import { fit } from "../../../src/fit/fit-inline.ts";
import type { FitOptions } from "../../../src/options/options.ts";
import { createRandom } from "../../../src/rng/xoshiro.ts";
import { describeInStudio, staticStudio } from "../../e2e/pages/studio-host.ts";

describeInStudio("the studio in Chromium", staticStudio, (studio) => {
  it.each([
    ["late ~ x", { sampler: "nuts" }],
    ["y ~ x + log(w) + (1 + x | g)", {}],
    ["late ~ x + (1 | g) + (1 | h)", {}],
    ["late ~ poly(w, 2)", { sampler: "iasg" }],
    ["late ~ x", { sampler: "mean-field" }],
    ["y ~ x", { family: "student-t" }],
    ["late ~ x", { prior: "learned" }],
  ])("has Node's draws to the last bit: %s %j", async (formula, options) => {
    const random = createRandom(9, 0, 1);
    const x = Array.from({ length: 300 }, () => random.normal());
    const y = x.map((value, n) => value + (n % 7) / 7 + random.normal());
    const data = {
      ...{ x, y, w: x.map((value) => Math.abs(value) + 0.1), late: y.map((value) => value + random.normal() > 1) },
      ...{ g: x.map((_, n) => `g${n % 7}`), h: x.map((_, n) => `h${(5 * n) % 11}`) },
    };
    const given = { data, formula, options: { ...options, draws: 25 } };
    const page = await studio.browser.newPage();
    await page.goto(studio.address);
    const draws = await page.evaluate(async (given) => {
      const worker = new Worker("worker.js");
      const posterior = await new Promise<{ draws: Map<string, Float64Array[]> }>((resolve, reject) => {
        worker.onmessage = ({ data }) =>
          "result" in data ? resolve(data.result) : "problem" in data && reject(new Error(data.problem));
        worker.postMessage({ id: 0, call: "fitColumns", given });
      });
      return [...posterior.draws].map(([name, chains]) => [name, chains.map((chain) => [...chain])]);
    }, given);
    const { draws: expected } = await fit({ data, formula }, given.options as FitOptions);
    expect(draws).toEqual([...expected].map(([name, chains]) => [name, chains.map((chain) => [...chain])]));
    await page.close();
  });
});
