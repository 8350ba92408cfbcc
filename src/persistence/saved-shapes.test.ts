import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyOf, type FitParts, fileOf, partsOf, type Variable } from "../../test/fuzz/rebuilt-fit.ts";
import { InputError } from "../errors.ts";
import { fit } from "../fit/fit-inline.ts";
import { loadFit, saveFit } from "./saved-fit-node.ts";

const folder = mkdtempSync(join(tmpdir(), "ornstein-shapes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, "fit.nc");
const shape = { chains: 2, draws: 50 };
const rows = { x: [0.1, 2] };
let made: Record<"nuts" | "levels", FitParts>;

beforeAll(async () => {
  const numbers = (f: (n: number) => number) => Array.from({ length: 60 }, (_, n) => f(n));
  const data = { y: numbers((n) => Math.sin(n * n)), x: numbers((n) => Math.cos(n)), late: numbers((n) => n % 2) };
  const save = async (formula: string, sampler: "nuts" | "laplace") => {
    await saveFit(await fit({ data, formula }, { ...shape, sampler, keepTarget: true }), path);
    return partsOf(path);
  };
  made = { nuts: await save("y ~ x", "nuts"), levels: await save("late ~ x", "laplace") };
});

// biome-ignore lint/suspicious/noExplicitAny: a value of JSON, in which anything is put anywhere
type Spoiled = any;
const floats = (count: number, value = 0.5) => new Float64Array(count).fill(value);
const variable = (parts: FitParts, place: string): Variable => {
  const [group, name] = place.split("/");
  return parts.variables[group][name];
};
const put = (place: string, to: Partial<Variable>) => (parts: FitParts) => {
  Object.assign(variable(parts, place), to);
};
const inText = (name: "ornstein_result" | "ornstein_recipe", edit: (value: Spoiled) => void) => (parts: FitParts) => {
  const value = JSON.parse(parts.attributes[""][name] as string);
  edit(value);
  parts.attributes[""][name] = JSON.stringify(value);
};
const inUpdate = (edit: (value: Spoiled) => void) => (parts: FitParts) => {
  const own = parts.attributes.ornstein_update;
  const value = JSON.parse(own.ornstein_header as string);
  edit(value);
  own.ornstein_header = JSON.stringify(value);
};
const inResult = (edit: (value: Spoiled) => void) => inText("ornstein_result", edit);
const inRecipe = (edit: (value: Spoiled) => void) => inText("ornstein_recipe", edit);
const deeper = (name: string) => (parts: FitParts) => {
  const own = parts.attributes[""];
  own[name] = `{"extra":${"[".repeat(20_000)}${"]".repeat(20_000)},${(own[name] as string).slice(1)}`;
};

describe("a saved fit that is rebuilt", () => {
  it("is read where nothing is changed", async () => {
    for (const parts of Object.values(made)) {
      await fileOf(parts, path);
      const { columns } = await (await loadFit(path)).predict(rows);
      const values = Object.values(columns).flatMap((column) => [...(column as Float64Array)]);
      expect(values.length).toBeGreaterThan(0);
      expect(values.every((value) => typeof value !== "number" || Number.isFinite(value))).toBe(true);
    }
  });

  it.each<[string, (parts: FitParts) => void, RegExp]>([
    [
      "numbers of an update's law that are none",
      put("ornstein_update/numbers", { data: floats(4, Number.NaN), shape: [4] }),
      /updates/,
    ],
    [
      "less of an update's law than it says",
      put("ornstein_update/numbers", { data: floats(1), shape: [1] }),
      /not as much/,
    ],
    [
      "an update's law of other parameters",
      inUpdate((own) => {
        own.parameters = 499;
      }),
      /updates/,
    ],
    [
      "an update's columns without a scale",
      inUpdate((own) => {
        own.columns[0].scale = 0;
      }),
      /header/,
    ],
    [
      "draws of fewer chains",
      put("posterior/x", { data: floats(50), shape: [1, 50] }),
      /not 2 chains of 50 draws of x/,
    ],
    ["fewer draws", put("posterior/sigma", { data: floats(98), shape: [2, 49] }), /not 2 chains of 50 draws of sigma/],
    ["draws the other way round", put("posterior/x", { data: floats(100), shape: [50, 2] }), /2 chains of 50 draws/],
    ["draws in one row", put("posterior/x", { data: floats(100), shape: [100] }), /x has not the dimensions/],
    ["draws of three dimensions", put("posterior/x", { data: floats(100), shape: [2, 50, 1] }), /not the dimensions/],
    [
      "draws in single precision",
      put("posterior/x", { data: new Float32Array(100), shape: [2, 50] }),
      /x holds other values/,
    ],
    [
      "whole numbers for draws",
      put("posterior/x", { data: new Int32Array(100), shape: [2, 50] }),
      /x holds other values/,
    ],
    ["texts for draws", put("posterior/x", { data: Array(100).fill("a"), shape: [2, 50] }), /x holds other values/],
    [
      "draws that are no numbers",
      put("posterior/x", { data: floats(100, Number.NaN) }),
      /draws of x are not all numbers/,
    ],
    ["draws that are infinite", put("posterior/x", { data: floats(100, Infinity) }), /draws of x are not all numbers/],
    ["no draws of a coefficient", (parts) => void delete parts.variables.posterior.x, /no variable x/],
    ["no draws at all", (parts) => void delete parts.variables.posterior, /no variable/],
    [
      "far more draws than there are bytes",
      put("posterior/x", { data: floats(2000), shape: [2, 1000], grown: [2, 60_000_000] }),
      /x has more values than the file has room for/,
    ],
    [
      "far more observed rows than there are bytes",
      put("observed_data/y", { data: floats(1000), shape: [1000], grown: [120_000_000] }),
      /y has more values than the file has room for/,
    ],
    [
      "zeros, compressed",
      put("posterior/x", { data: floats(2_000_000, 0), shape: [2, 1_000_000], compression: 9 }),
      /x has more values than the file has room for/,
    ],
    [
      "statistics of fewer chains",
      put("sample_stats/energy", { data: floats(50), shape: [1, 50] }),
      /chains each|as many/,
    ],
    [
      "depths of more draws",
      put("sample_stats/tree_depth", { data: new Uint8Array(120), shape: [2, 60] }),
      /iterations/,
    ],
    [
      "depths with a fraction",
      put("sample_stats/tree_depth", { data: floats(100), shape: [2, 50] }),
      /holds other values/,
    ],
    [
      "no numbers of gradients",
      (parts) => void delete parts.attributes.sample_stats.gradients,
      /no numbers of gradients/,
    ],
    [
      "a target of fewer rows",
      put("observed_data/y", { data: floats(59), shape: [59] }),
      /values of the target as rows/,
    ],
    ["a target that is no number", put("observed_data/y", { data: floats(60, Number.NaN) }), /values of the target/],
    ["no result", (parts) => void delete parts.attributes[""].ornstein_result, /no result or no recipe/],
    [
      "a number for the recipe",
      (parts) => void Object.assign(parts.attributes[""], { ornstein_recipe: 5 }),
      /no recipe/,
    ],
    ["a result that nests deeply", deeper("ornstein_result"), /nested too deeply/],
    ["a recipe that nests deeply", deeper("ornstein_recipe"), /nested too deeply/],
    ["other numbers of draws in the result", inResult(({ settings }) => (settings.draws = 5)), /2 chains of 5 draws/],
    ["very many chains in the result", inResult(({ settings }) => (settings.chains = 1e15)), /chains of 50 draws/],
    ["fewer coefficients in the table", inResult(({ coefficients }) => coefficients.pop()), /table has not the coef/],
    ["a coefficient without an sd", inResult(({ coefficients }) => delete coefficients[0].sd), /no proper coef.*sd/],
    ["a mean that is a text", inResult(({ coefficients }) => (coefficients[0].mean = "a")), /no proper coef.*mean/],
    ["a certificate without a verdict", inResult(({ certificate }) => (certificate.verdict = "fine")), /verdict/],
    ["a check without a sentence", inResult(({ certificate }) => delete certificate.checks[0].message), /message/],
    ["no errors of sds", inResult(({ certificate }) => delete certificate.maxSdError), /maxSdError/],
    ["a time that is a text", inResult(({ timing }) => (timing.load = "1")), /timing.load/],
    ["classes that are numbers", inResult(({ data }) => (data.classes = [1])), /data.classes/],
    ["another family in the result", inResult((result) => (result.family = "poisson")), /different families/],
    [
      "another family in the recipe",
      inRecipe((recipe) => (recipe.family = "bernoulli")),
      /family bernoulli does not have/,
    ],
    ["a column twice", inRecipe(({ columns }) => columns.push(columns[0])), /names a column twice/],
    ["a column that nothing makes", inRecipe(({ columns }) => columns.push({ name: "z", term: "z" })), /no term of it/],
    ["a scale of 0", inRecipe(({ target }) => (target.scale = 0)), /target.scale/],
    ["a negative fixed scale", inRecipe(({ fixed }) => (fixed.sigma = -1)), /fixed.sigma/],
    ["a fixed parameter of another family", inRecipe(({ fixed }) => (fixed.nu = 4)), /fixes nu/],
    [
      "levels of another block",
      inRecipe(({ blocks }) => (blocks[0].columns[0].levels = ["a"])),
      /levels that it does not/,
    ],
    [
      "a factor without levels",
      inRecipe(({ blocks }) => (blocks[0].coding = [["k", "full"]])),
      /factor without levels/,
    ],
    ["an input of an unknown type", inRecipe(({ inputs }) => (inputs[0].type = "blob")), /inputs.0.type/],
    ["a formula of another column", inRecipe((recipe) => (recipe.terms = "y ~ 1 + z")), /no column "z"|no term/],
  ])("is refused with %s", async (_, edit, sentence) => {
    const parts = copyOf(made.nuts);
    edit(parts);
    await fileOf(parts, path);
    expect(statSync(path).size).toBeLessThan(2_000_000);
    const before = process.memoryUsage().rss;
    const error = await loadFit(path).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).toMatch(
      /^"[^"]+fit\.nc" is damaged and cannot be read \([^\n]+\): fit again, or take another copy\.$/,
    );
    expect(error.message).toMatch(sentence);
    expect(process.memoryUsage().rss - before).toBeLessThan(2e8);
  });

  it("is refused where its target has levels that there are not", async () => {
    for (const value of [2, -1, 0.5]) {
      const parts = copyOf(made.levels);
      const variables = Object.values(parts.variables.observed_data);
      Object.assign(variables.find(({ data }) => data instanceof Float64Array)!, { data: floats(60, value) });
      await fileOf(parts, path);
      await expect(loadFit(path)).rejects.toThrow(/values of the target are not all such as it may have/);
    }
  });
});
