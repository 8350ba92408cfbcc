import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fit } from "../fit/fit-inline.ts";
import type { Posterior } from "../fit/posterior.ts";
import { exportFit, importFit } from "./portable-fit.ts";
import { loadFit, saveFit } from "./saved-fit-node.ts";

const folder = mkdtempSync(join(tmpdir(), "ornstein-saved-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

const numbers = (f: (n: number) => number) => Array.from({ length: 60 }, (_, n) => f(n));
const data = {
  y: numbers((n) => Math.sin(n * n) + 0.2 * Math.cos(n)),
  "x/2": numbers((n) => Math.cos(n)),
  draw: numbers((n) => Math.sin(3 * n)),
  kind: numbers((n) => n % 3).map((k) => ["a b", "c:d", "ü/é"][k]),
  late: numbers((n) => n % 2).map((k) => k === 1),
};
const short = { draws: 50, chains: 2 };

const fits: Record<string, () => Promise<Posterior>> = {
  "a gaussian fit with names that are hard to keep": () =>
    fit({ data, formula: "y ~ `x/2` + draw + kind" }, { ...short, sampler: "laplace" }),
  "a fit of NUTS": () => fit({ data, formula: "y ~ draw" }, { ...short, sampler: "nuts" }),
  "a fit of classes with a learned prior": () =>
    fit({ data, formula: "kind ~ draw + `x/2`" }, { ...short, sampler: "laplace", prior: "learned" }),
  "a fit that kept its target": () =>
    fit({ data, formula: "late ~ draw" }, { ...short, sampler: "laplace", keepTarget: true }),
  "a fit of very many coefficients": () => {
    const x = numbers((n) => n).map((n) => Float64Array.from({ length: 210 }, (_, j) => Math.sin((n + 1) * (j + 2))));
    return fit({ x, y: data.y }, { draws: 20, chains: 3, sampler: "conjugate" });
  },
};

/** Numbers that are not finite are null in the file. */
const asWritten = <T>(value: T): T => JSON.parse(JSON.stringify(value));

describe("saveFit and loadFit", () => {
  it.each(Object.keys(fits))("give back %s", async (name) => {
    const posterior = await fits[name]();
    await saveFit(posterior, at("fit.nc"), { command: "ornstein fit …" });
    const { origin, ...saved } = await loadFit(at("fit.nc"));
    expect(asWritten(saved)).toEqual(asWritten({ ...posterior }));
    expect([...saved.draws]).toEqual([...posterior.draws]);
    expect(saved.hamiltonian).toEqual(posterior.hamiltonian);
    expect(saved.observed).toEqual(posterior.observed);
    expect(origin.command).toBe("ornstein fit …");
    expect(origin.version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it("predict as before", async () => {
    const posterior = await fits["a gaussian fit with names that are hard to keep"]();
    await saveFit(posterior, at("fit.nc"));
    const rows = { "x/2": [0.3, -2], draw: [0, 1], kind: ["ü/é", "a b"] };
    const [before, after] = [await posterior.predict(rows), await (await loadFit(at("fit.nc"))).predict(rows)];
    expect(after).toEqual(before);
  });

  it("keep levels by their numbers, and numbers to 32 bits", async () => {
    const late = await fits["a fit that kept its target"]();
    expect(late.observed).toEqual(Float64Array.from(data.late, Number));
    const { observed } = await fit({ data, formula: "y ~ draw" }, { ...short, sampler: "laplace", keepTarget: true });
    observed!.forEach((value, n) => {
      expect(Math.abs(value - data.y[n])).toBeLessThan(2 ** -24 * 4);
    });
  });

  it("read the bytes of an exported fit, too", async () => {
    const bytes = exportFit(await fits["a fit of NUTS"]());
    writeFileSync(at("fit.ornstein"), bytes);
    expect(await loadFit(at("fit.ornstein"))).toEqual(importFit(bytes));
    writeFileSync(at("cut.ornstein"), bytes.subarray(0, bytes.length - 9));
    await expect(loadFit(at("cut.ornstein"))).rejects.toThrow(/^The fit is damaged/);
  });

  it("leave nothing where the file cannot be written", async () => {
    const posterior = await fits["a fit of NUTS"]();
    await expect(saveFit(posterior, at("absent/fit.nc"))).rejects.toThrow(/absent.fit\.nc" cannot be written/);
    const before = readdirSync(folder);
    const broken = { ...posterior, draws: new Map() };
    await expect(saveFit(broken, at("broken.nc"))).rejects.toThrow(/broken\.nc" could not be written/);
    expect(readdirSync(folder)).toEqual(before);
  });

  it("refuse what is not a whole file of this format, each in its own sentence", async () => {
    await saveFit(await fits["a fit of NUTS"](), at("good.nc"));
    const bytes = readFileSync(at("good.nc"));
    const sentences: [string, Uint8Array | undefined, RegExp][] = [
      ["absent.nc", undefined, /^There is no file "[^"]*absent\.nc"\.$/],
      ["empty.nc", new Uint8Array(0), /empty\.nc" is no netCDF-4 file, and no exported fit: give a file that/],
      ["text.nc", Buffer.from("y,x\n1,2\n"), /text\.nc" is no netCDF-4 file/],
      ["cut.nc", bytes.subarray(0, bytes.length - 500), /cut\.nc" is damaged and cannot be read \(File has been trunc/],
      ["stub.nc", bytes.subarray(0, 100), /stub\.nc" is damaged/],
      ["other.nc", await emptyFile(), /other\.nc" is no fit of ornstein's/],
      [
        "newer.nc",
        await editedFile(bytes, "ornstein_format", 3),
        /newer\.nc" has format 3 of ornstein .* reads format 2/,
      ],
      ["edited.nc", await editedFile(bytes, "ornstein_result", "{}"), /edited\.nc" is damaged .*checksum differs/],
    ];
    for (const [name, content, sentence] of sentences) {
      if (content) writeFileSync(at(name), content);
      const error = await loadFit(at(name)).catch((reason: Error) => reason);
      expect(error).toMatchObject({ name: "InputError", message: expect.stringMatching(sentence) });
    }
    await expect(loadFit(folder)).rejects.toThrow(/is a folder/);
  });

  it("see a changed draw wherever it stands", async () => {
    const posterior = await fits["a fit of NUTS"]();
    await saveFit(posterior, at("good.nc"));
    const bytes = readFileSync(at("good.nc"));
    const value = new Uint8Array(Float64Array.of(posterior.draws.get("draw")![1][17]).buffer);
    const place = bytes.indexOf(value);
    expect(place).toBeGreaterThan(0);
    bytes[place] ^= 1;
    writeFileSync(at("changed.nc"), bytes);
    await expect(loadFit(at("changed.nc"))).rejects.toThrow(/changed\.nc" is damaged/);
  });
});

async function emptyFile(): Promise<Uint8Array> {
  const { File, ready } = await import("h5wasm/node");
  await ready;
  const file = new File(at("empty-file.nc"), "w");
  file.create_group("posterior");
  file.close();
  return readFileSync(at("empty-file.nc"));
}

async function editedFile(bytes: Uint8Array, attribute: string, value: number | string): Promise<Uint8Array> {
  const { File, ready } = await import("h5wasm/node");
  await ready;
  writeFileSync(at("edit.nc"), bytes);
  const file = new File(at("edit.nc"), "a");
  file.delete_attribute(attribute);
  file.create_attribute(attribute, value, [], typeof value === "number" ? "<i" : undefined);
  file.close();
  return readFileSync(at("edit.nc"));
}
