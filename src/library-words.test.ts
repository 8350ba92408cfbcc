import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { inFlags, inOptions } from "./fit/options/option-words.ts";
import * as library from "./index.ts";
import * as node from "./node.ts";
import * as command from "./node-command.ts";

const folder = mkdtempSync(join(tmpdir(), "ornstein-words-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a sentence in flags and in options", () => {
  it.each([
    ["use --sampler auto.", 'use `sampler: "auto"`.'],
    ["raise --batch-size or lower --damping.", "raise `batchSize` or lower `damping`."],
    ["use --family poisson or negative-binomial", 'use `family: "poisson"` or negative-binomial'],
    [
      "With --damping 0.5, or --draws 4,000: 2",
      "With `damping: 0.5`, or `draws: 4000`: 2",
      "With --damping 0.5, or --draws 4000: 2",
    ],
    ["run more --draws 2000.", "run more `draws: 2000`."],
    ["make it missing, with --sql.", "make it missing, with `sql`."],
    [`by --sql 'select '\\''x'\\'' from data'`, "by `sql: \"select 'x' from data\"`"],
    [
      String.raw`by --sql "select \"a b\" from \$1"`,
      'by `sql: "select \\"a b\\" from $1"`',
      `by --sql 'select "a b" from $1'`,
    ],
    [`by --sql 'select "a b" from data'`, 'by `sql: "select \\"a b\\" from data"`'],
    [
      '(--sql "select … using sample 10%")',
      '(`sql: "select … using sample 10%"`)',
      "(--sql 'select … using sample 10%')",
    ],
    ["a file that ornstein fit --save wrote.", "a file that `saveFit` wrote."],
    ["a tighter --prior, or --standardize features", 'a tighter `prior`, or `standardize: "features"`'],
    ["--preconditioner sqrt-diagonal", '`preconditioner: "sqrt-diagonal"`'],
    ["y = a - -b, x --", "y = a - -b, x --"],
  ])("%s", (flags, options, back = flags) => {
    expect(inOptions(flags)).toBe(options);
    expect(inFlags(options)).toBe(back);
    expect(inOptions(options)).toBe(options);
  });

  it("every flag that a sentence of the sources names has words in the library", () => {
    const files = readdirSync(new URL(".", import.meta.url), { recursive: true, encoding: "utf8" });
    const named = files
      .filter((file) => file.endsWith(".ts") && !/\.(test|generated)\.ts$/.test(file))
      .flatMap((file) => readFileSync(new URL(file, import.meta.url), "utf8").match(/.*--[a-z].*/g) ?? []);
    expect(named.length).toBeGreaterThan(50);
    for (const line of named) expect(inOptions(line)).not.toMatch(/--[a-z]/);
  });
});

const numbers = Array.from({ length: 40 }, (_, n) => n);
const data = {
  x: numbers.map(Math.sin),
  y: numbers.map((n) => Math.cos(n * n)),
  count: numbers.map((n) => n % 4),
  word: numbers.map((n) => `w${n % 3}`),
  id: numbers.map((n) => `id ${n}`),
};

/** What a caller hears of the same mistakes and the same fits from either side. */
const mistakes: Record<string, (from: typeof node | typeof command) => Promise<unknown>> = {
  "no data": (from) => from.openTable({}),
  "a sampler that cannot be used": (from) =>
    from.fit({ data, formula: "y ~ x" }, { sampler: "conjugate", nu: 4, family: "student-t" }),
  "foreign tuning": (from) => from.fit({ data, formula: "y ~ x" }, { sampler: "nuts", damping: 0.5 }),
  "a family that the target does not fit": (from) => from.fit({ data, formula: "word ~ x" }, { family: "bernoulli" }),
  "an infinite value": (from) => from.fit({ data, formula: "y ~ log(count)" }),
  "counts that are none": (from) => from.fit({ data, formula: "y ~ x" }, { family: "poisson" }),
  "an infinite value of a query": (from) =>
    from.fit({ sql: "select range as y, range as x from range(9)", formula: "y ~ log(x)" }),
  "no fit": (from) => ("loadFit" in from ? from.loadFit("package.json") : Promise.reject()),
  "an unknown level": async (from) =>
    from.predict(await node.fit({ data, formula: "y ~ word" }, { sampler: "laplace" }), { word: ["other"] }),
  "a slope of levels": async (from) =>
    from.effects(await node.fit({ data, formula: "y ~ word" }, { sampler: "laplace" }), { of: "word", kind: "slopes" }),
  "an effect by groups without rows": async (from) =>
    (await from.fit({ data, formula: "y ~ word" }, { sampler: "laplace" })).effects({ by: "word" }),
  "an unknown level by the fit itself": async (from) =>
    (await from.fit({ data, formula: "y ~ word" }, { sampler: "laplace" })).predict({ word: ["other"] }),
};

describe("errors name", () => {
  it.each(Object.keys(mistakes))("options in the library and flags in the command: %s", async (name) => {
    const said = async (from: typeof node | typeof command) => {
      const error = await mistakes[name](from).catch((reason: Error) => reason);
      expect(error).toMatchObject({ name: "InputError" });
      return (error as Error).message;
    };
    const [ofLibrary, ofCommand] = [await said(node), await said(command)];
    expect(ofLibrary).not.toContain("--");
    expect(ofCommand).toMatch(/--[a-z]/);
    expect(ofLibrary).toBe(inOptions(ofCommand));
  });

  it("options in tables and streams, where chunks are read", async () => {
    const table = library.tableFromColumns({ id: Array.from({ length: 200_002 }, (_, n) => `level ${n}`) });
    const read = async () => {
      for await (const _ of table.chunks(["id"]));
    };
    await expect(read()).rejects.toMatchObject({ name: "InputError", message: expect.not.stringContaining("--") });
    const posterior = await library.fit({ data, formula: "y ~ word" }, { sampler: "laplace" });
    const stream = library.predictStream(posterior, library.tableFromColumns({ word: ["other"] }));
    const predicted = async () => {
      for await (const _ of stream.chunks());
    };
    await expect(predicted()).rejects.toMatchObject({ message: expect.stringMatching(/`unknownLevels: "reference"`/) });
  });
});

describe("results name", () => {
  const few = { draws: 20, chains: 2 };
  const fits: Record<string, (from: typeof node | typeof command) => Promise<library.Posterior>> = {
    "too few draws": (from) => from.fit({ data, formula: "y ~ x" }, { ...few, sampler: "constant-sgd", batchSize: 1 }),
    "a target like counts": (from) => from.fit({ data, formula: "count ~ x" }, few),
    "a mean field": (from) => from.fit({ data, formula: "y ~ x" }, { ...few, sampler: "mean-field" }),
  };

  it.each(Object.keys(fits))("options in the library and flags in the command: %s", async (name) => {
    const [ofLibrary, ofCommand] = [await fits[name](node), await fits[name](command)];
    const sentences = ({ certificate, warnings, settings }: library.Posterior) =>
      JSON.stringify([certificate, warnings, settings]);
    expect(sentences(ofCommand)).toMatch(/--[a-z]/);
    expect(sentences(ofLibrary)).not.toContain("--");
    expect(JSON.stringify(ofLibrary)).not.toMatch(/--[a-z]/);
    // Saved by either, it speaks to its reader.
    await node.saveFit(ofLibrary, join(folder, "library.nc"));
    await command.saveFit(ofCommand, join(folder, "command.nc"));
    for (const file of ["library.nc", "command.nc"]) {
      const path = join(folder, file);
      expect(sentences(await node.loadFit(path))).toBe(sentences(ofLibrary));
      expect(sentences(await command.loadFit(path))).toBe(sentences(ofCommand));
    }
    expect(sentences(library.importFit(library.exportFit(ofLibrary)))).toBe(sentences(ofLibrary));
    expect(sentences(library.importFit(library.exportFit(ofCommand)))).toBe(sentences(ofLibrary));
    expect((await ofLibrary.predict({ x: [1] })).rows).toBe(1);
  });

  it("options in a comparison and a custom model", async () => {
    const comparison = await library.compare({ data, formula: "y ~ x" }, { ...few, samplers: ["iasg"], timeLimit: 5 });
    expect(JSON.stringify(comparison)).not.toMatch(/--[a-z]/);
    const model = library.customModel({
      dimension: 1,
      numRows: 30,
      lossAndGradient: ([t]) => ({ loss: (t * t) / 2, gradient: [t] }),
    });
    const posterior = await library.sampleModel(model, { ...few, sampler: "nuts" });
    expect(JSON.stringify(posterior)).not.toMatch(/--[a-z]/);
    expect(JSON.parse(JSON.stringify(posterior)).draws["theta[1]"]).toHaveLength(2);
  });
});
