import { Worker } from "node:worker_threads";
import { crc32 as crcOfZlib } from "node:zlib";
import { describe, expect, it } from "vitest";
import { InputError } from "../errors.ts";
import { fit } from "../fit/fit-inline.ts";
import type { Posterior } from "../fit/posterior.ts";
import { predict } from "../fit/predict.ts";
import { crc32 } from "./crc-32.ts";
import { exportFit, importFit } from "./portable-fit.ts";

const numbers = (f: (n: number) => number) => Array.from({ length: 60 }, (_, n) => f(n));
const data = {
  y: numbers((n) => Math.sin(n * n) + 0.2 * Math.cos(n)),
  x: numbers((n) => Math.cos(n)),
  kind: numbers((n) => n % 3).map((k) => ["a b", "c:d", "ü/é"][k]),
  late: numbers((n) => n % 2).map((k) => k === 1),
  count: numbers((n) => (n * 7) % 5),
};
const rows = { x: [0.3, -2, 1e-3], kind: ["ü/é", "a b", "c:d"], late: [true, false, true], y: [0, 1, 2] };
const short = { draws: 50, chains: 2 };

const fits: Record<string, () => Promise<Posterior>> = {
  gaussian: () => fit({ data, formula: "y ~ x*kind" }, { ...short, sampler: "laplace" }),
  "of NUTS": () => fit({ data, formula: "y ~ x" }, { ...short, sampler: "nuts" }),
  "of classes with a learned prior": () =>
    fit({ data, formula: "kind ~ x + late" }, { ...short, sampler: "laplace", prior: "learned" }),
  "that kept its target": () => fit({ data, formula: "late ~ x" }, { ...short, sampler: "laplace", keepTarget: true }),
  "of counts": () => fit({ data, formula: "count ~ x" }, { ...short, family: "negative-binomial", sampler: "laplace" }),
  "to arrays": () =>
    fit({ x: data.x.map((x) => [x, x * x]), y: data.y }, { ...short, family: "student-t", sampler: "laplace" }),
};
const rowsOf = (posterior: Posterior) =>
  posterior.recipe.inputs.some(({ name }) => name === "x1") ? [[0.3, 1]] : rows;

describe("exportFit and importFit", () => {
  it.each(Object.keys(fits))("give back a fit %s, with the same bits in draws and predictions", async (name) => {
    const posterior = await fits[name]();
    const bytes = exportFit(posterior, { command: "ornstein fit …" });
    const { origin, ...imported } = importFit(bytes);
    expect(origin).toEqual({ version: expect.stringMatching(/^\d+\.\d+/), command: "ornstein fit …" });
    const { hamiltonian, observed, draws, recipe, carried } = posterior;
    const parts = { hamiltonian, observed, draws, recipe, carried };
    expect(imported).toEqual({ ...JSON.parse(JSON.stringify({ ...posterior })), ...parts });
    const [before, after] = [
      await posterior.predict(rowsOf(posterior), { draws: 3 }),
      await importFit(bytes).predict(rowsOf(posterior), { draws: 3 }),
    ];
    expect(after).toEqual(before);
    expect(exportFit(importFit(bytes), origin)).toEqual(bytes);
  });

  it("takes 8 bytes a draw and little more, an ArrayBuffer, a Buffer and bytes amid others", async () => {
    const posterior = await fits.gaussian();
    const bytes = exportFit(posterior);
    const numbers = 8 * posterior.coefficients.length * 100;
    expect(bytes.length - numbers).toBeLessThan(12_000);
    const amid = new Uint8Array(bytes.length + 5);
    amid.set(bytes, 3);
    const forms = [bytes.slice().buffer, Buffer.from(bytes), amid.subarray(3, 3 + bytes.length)];
    for (const form of forms) expect(importFit(form).draws).toEqual(posterior.draws);
  });

  it("refuse damaged bytes in a sentence, wherever one of them is changed", async () => {
    const bytes = exportFit(await fits["of NUTS"]());
    const sentence = /^(The fit (is damaged|has format)|These bytes are no fit)/;
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = bytes.slice();
      changed[at] ^= 1 << (at % 8);
      expect(() => importFit(changed), String(at)).toThrow(sentence);
    }
    for (const length of [0, 1, 16, 19, 20, 500, bytes.length - 1])
      expect(() => importFit(bytes.subarray(0, length)), String(length)).toThrow(sentence);
    expect(() => importFit(Buffer.concat([bytes, Buffer.alloc(8)]))).toThrow(/checksum differs/);
  });

  /** Bytes with another header, the checksum being right. */
  function withHeader(bytes: Uint8Array, edit: (header: Record<string, unknown>) => void, lengthOfHeader?: number) {
    const length = new DataView(bytes.buffer).getUint32(12, true);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(16, 16 + length)));
    edit(header);
    const text = Buffer.from(JSON.stringify(header));
    const padded = Buffer.concat([text, Buffer.alloc((8 - (text.length % 8)) % 8, 0x20)]);
    const body = Buffer.concat([bytes.subarray(0, 16), padded, bytes.subarray(16 + length, -4)]);
    body.writeUInt32LE(lengthOfHeader ?? padded.length, 12);
    const end = Buffer.alloc(4);
    end.writeUInt32LE(crc32(body));
    return Buffer.concat([body, end]);
  }

  const inRecipe = (edit: (recipe: Record<string, unknown>) => void) => (header: Record<string, unknown>) => {
    const recipe = JSON.parse(header.recipe as string);
    edit(recipe);
    header.recipe = JSON.stringify(recipe);
  };

  it.each<[string, (header: Record<string, unknown>) => void]>([
    ["more draws than bytes", (header) => Object.assign(header, { draws: 2 ** 50, chains: 2 ** 50 })],
    ["as many draws in fewer chains", (header) => Object.assign(header, { draws: 100, chains: 1 })],
    ["a negative number of draws", (header) => Object.assign(header, { draws: -1 })],
    ["more observed rows than bytes", (header) => Object.assign(header, { observed: 1e15 })],
    ["names twice", (header) => Object.assign(header, { names: Array(3).fill("x") })],
    ["other names", (header) => Object.assign(header, { names: ["a", "b", "c"] })],
    ["no result", (header) => delete header.result],
    ["a result that is a number", (header) => Object.assign(header, { result: "5" })],
    ["a result that is no JSON", (header) => Object.assign(header, { result: "{" })],
    ["a recipe that is null", (header) => Object.assign(header, { recipe: "null" })],
    ["an unknown family", inRecipe((recipe) => Object.assign(recipe, { family: "toString" }))],
    ["a formula that cannot be read", inRecipe((recipe) => Object.assign(recipe, { terms: "y ~ (" }))],
    ["a formula of very many terms", inRecipe((recipe) => Object.assign(recipe, { terms: "y ~ (x+y)^1000000" }))],
    ["a formula of columns that it has not", inRecipe((recipe) => Object.assign(recipe, { terms: "y ~ z" }))],
    [
      "a block of a column that it has not",
      inRecipe((recipe) =>
        Object.assign((recipe.blocks as { columns: object[] }[])[0], { columns: [{ levels: [], column: 7 }] }),
      ),
    ],
    ["a coefficient without a column", inRecipe((recipe) => Object.assign(recipe, { columns: [] }))],
    [
      "a polynomial without coefficients",
      inRecipe((recipe) => Object.assign(recipe, { polynomials: { p: { low: 0, high: 1 } } })),
    ],
    ["levels that are numbers", inRecipe((recipe) => Object.assign(recipe, { levels: { kind: [1] } }))],
    ["no levels of a binary target", inRecipe((recipe) => Object.assign(recipe.target as object, { kind: "binary" }))],
  ])("refuse what has a right checksum and %s", async (_, edit) => {
    const bytes = exportFit(await fits["of NUTS"]());
    expect(importFit(withHeader(bytes, () => {})).draws.size).toBe(3);
    const error = (() => {
      try {
        importFit(withHeader(bytes, edit));
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(/^The fit is damaged and cannot be read \([^\n]+\): export it again/);
  });

  it("refuse a header that is longer than the bytes", async () => {
    const bytes = exportFit(await fits["of NUTS"]());
    expect(() => importFit(withHeader(bytes, () => {}, 2 ** 32 - 8))).toThrow(/shorter than its header/);
  });

  it("refuse to export what is no whole fit", async () => {
    const posterior = await fits.gaussian();
    for (const wrong of [
      { ...posterior, draws: new Map() },
      { ...posterior, recipe: {} },
      { ...posterior, draws: new Map([...posterior.draws].map(([name, [chain]], j) => [name, [chain.subarray(j)]])) },
    ])
      expect(() => exportFit(wrong as never)).toThrow(/^The fit cannot be exported \(/);
  });
});

it("crc32 is zlib's", () => {
  for (const text of ["", "a", "123456789", "ü".repeat(1000)])
    expect(crc32(Buffer.from(text))).toBe(crcOfZlib?.(text) ?? crc32(Buffer.from(text)));
  expect(crc32(Buffer.from("123456789"))).toBe(0xcbf43926);
});

describe("copies of a posterior", () => {
  it("structuredClone and messages to a worker carry all data, and predict takes them", async () => {
    const posterior = await fits["of NUTS"]();
    const before = await posterior.predict(rows);
    const clone = structuredClone(posterior) as Posterior;
    expect(clone).toEqual({ ...posterior });
    expect(await predict(clone, rows)).toEqual(before);
    const echo = new Worker(
      'require("node:worker_threads").parentPort.once("message", function (m) { this.postMessage(m) })',
      {
        eval: true,
      },
    );
    const back = await new Promise<Posterior>((resolve, reject) => {
      echo.once("message", resolve);
      echo.once("error", reject);
      echo.postMessage(posterior);
    });
    expect(await predict(back, rows)).toEqual(before);
  });

  it("JSON has the contract's parts, every draw, and the recipe; predict says how to carry a fit instead", async () => {
    const posterior = await fits["of NUTS"]();
    const json = JSON.parse(JSON.stringify(posterior));
    expect(json.draws.x).toEqual(posterior.draws.get("x")!.map((chain) => [...chain]));
    expect(json.hamiltonian[1].treeDepth).toEqual([...posterior.hamiltonian![1].treeDepth]);
    expect(json.coefficients).toEqual(posterior.coefficients);
    expect(json.recipe).toEqual(posterior.recipe);
    expect(JSON.stringify(json)).not.toContain("undefined");
    await expect(predict(json, rows)).rejects.toThrow(/draws of the fit are an object.* exportFit and importFit/);
  });

  it("predict keeps working by itself", async () => {
    const { predict: alone } = await fits.gaussian();
    expect((await alone(rows)).rows).toBe(3);
  });
});
