import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { recordAt, recordsOf } from "../../../test/conformance/records-of-design.ts";
import { blockFiles } from "../../blocks/block-files-node.ts";
import { type BlockFiles, type BlockStore, rowsIn } from "../../engine/block-store.ts";
import { parseFormula } from "../../formula/formula.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { tableFromColumns } from "../../table/table.ts";
import type { TableChunk, TableSource } from "../../table/table-source.ts";
import { buildDesign } from "../build-design.ts";
import type { Design, DesignOptions } from "../design-types.ts";
import { chooseRows } from "./block-encoder.ts";
import { ContentHash } from "./content-hash.ts";

const numRows = 60_000;
const folder = mkdtempSync(join(tmpdir(), "ornstein-blocks-test-"));
const opened: BlockFiles[] = [];
afterAll(() => {
  for (const files of opened) files.close();
  rmSync(folder, { recursive: true, force: true });
});

function filesFor(cache?: string): BlockFiles {
  const files = blockFiles({ memoryBytes: 2 ** 20, cache });
  opened.push(files);
  return files;
}

const random = createRandom(8, 0, 9);
const columns = {
  y: Float64Array.from({ length: numRows }, () => Number(random.uniform() < 0.3)),
  x: Float64Array.from({ length: numRows }, (_, n) => (n % 1000 === 7 ? Number.NaN : random.normal())),
  g: Array.from({ length: numRows }, (_, n) => "abcd"[n % 4]),
  n: Float64Array.from({ length: numRows }, (_, n) => n % 3),
};
const twin = Float64Array.from(columns.x);

/** The same rows, in chunks of another size. */
function inChunks(source: TableSource, size: number): TableSource {
  async function* chunks(...args: Parameters<TableSource["chunks"]>): AsyncGenerator<TableChunk> {
    for await (const chunk of source.chunks(...args))
      for (let from = 0; from < chunk.numRows; from += size) {
        const to = Math.min(chunk.numRows, from + size);
        const part = [...chunk.columns].map(
          ([name, column]) =>
            [
              name,
              column.kind === "number"
                ? { ...column, values: column.values.slice(from, to) }
                : { ...column, codes: column.codes.slice(from, to) },
            ] as const,
        );
        yield { numRows: to - from, columns: new Map(part) };
      }
  }
  return { ...source, columns: source.columns, chunks };
}

const design = (data: Parameters<typeof tableFromColumns>[0], options: DesignOptions, formula = "y ~ x + g") =>
  buildDesign(tableFromColumns(data), parseFormula(formula), { family: "bernoulli", ...options });

async function rowsOf(store: BlockStore): Promise<Float32Array> {
  const all = new Float32Array(store.numRows * store.stride);
  for (let block = 0; block < store.numBlocks; block++) {
    const first = 4 * block * store.rowsOfBlock * store.stride;
    await store.read(block, new Uint8Array(all.buffer, first, 4 * rowsIn(store, block) * store.stride));
  }
  return all;
}

describe("a design that memory is too small for", () => {
  it("has in its blocks the rows that it would have in memory, their weights, a sample, and its warnings", async () => {
    const data = { ...columns, z: twin };
    const inMemory = await design(data, { weights: "n" }, "y ~ x + g + z");
    const inBlocks = await design(data, { weights: "n", blocks: filesFor() }, "y ~ x + g + z");
    const store = inBlocks.blocks!;
    expect(inMemory.blocks).toBeUndefined();
    expect(store.numBlocks).toBeGreaterThan(1);
    expect(await rowsOf(store)).toEqual(inMemory.rows);
    const weights = inMemory.rows.filter((_, at) => at % store.stride === store.stride - 3);
    expect(store.summary.weights.sum).toBe(weights.reduce((sum, weight) => sum + weight, 0));
    expect(store.summary.weights.squares).toBe(weights.reduce((sum, weight) => sum + weight ** 2, 0));
    expect(inBlocks.rows.length).toBe(store.sampleRows * store.stride);
    const { rows: ofMemory, ...others } = inMemory;
    const { rows: sample, blocks, ...same } = inBlocks;
    expect(same).toEqual(others);
    expect(same.warnings.join()).toContain("z is the same as x");
  });

  it("is sparse in its blocks where it would be in memory, each record in a place that the longest fits into", async () => {
    const words = ["late", "late again", "never", "not once more or less", ""];
    const data = {
      ...columns,
      z: twin,
      day: Array.from(columns.y, (_, n) => `d${(n * n) % 211}`),
      text: Array.from(columns.y, (_, n) => words[n % 5]),
    };
    const formula = "y ~ x + z + day + n:day + words(text) + offset(n / 7)";
    const inMemory = await design(data, { weights: "n" }, formula);
    const inBlocks = await design(data, { weights: "n", blocks: filesFor() }, formula);
    const store = inBlocks.blocks!;
    const all = await rowsOf(store);
    const expected = recordsOf(inMemory);
    expect(Array.from({ length: store.numRows }, (_, n) => recordAt(all, n * store.stride))).toEqual(expected);
    // Five words, and an entry of each of the other four terms.
    expect(store.stride).toBe(4 + 2 * (4 + 5));
    const sample = recordsOf(inBlocks);
    const numbers = chooseRows(store.numRows, store.sampleRows);
    expect(sample).toEqual(Array.from(numbers, (n) => expected[n]));
    expect(store.summary.weights.sum).toBe(expected.reduce((sum, { weight }) => sum + weight, 0));
    const { rows: _, stride, ...others } = inMemory;
    const { rows, blocks, stride: ofPlace, ...same } = inBlocks;
    expect(same).toEqual(others);
    expect(ofPlace).toBe(store.stride);
    expect(same.warnings.join()).toContain("z is the same as x");
  });

  it("is dense in its blocks where places for the longest record would take about as much", async () => {
    const words = Array.from({ length: 40 }, (_, k) => `w${k}`);
    const text = Array.from(columns.y, (_, n) => (n === 7 ? words.slice(20).join(" ") : words[n % 40]));
    const formula = "y ~ words(text, 1)";
    expect((await design({ ...columns, text }, {}, formula)).sparse).toBeDefined();
    const { blocks, sparse } = await design({ ...columns, text }, { blocks: filesFor() }, formula);
    expect([blocks?.stride, sparse]).toEqual([48, undefined]);
  });

  it("has a uniform sample of them, in their order", async () => {
    const { rows, blocks } = await design(
      { ...columns, i: Float64Array.from(columns.y, (_, n) => n) },
      {
        blocks: filesFor(),
        standardize: "none",
      },
      "y ~ i + C(g)",
    );
    const stride = blocks!.stride;
    const numbers = Array.from({ length: blocks!.sampleRows }, (_, k) => rows[k * stride]);
    expect(numbers.every((number, k) => k === 0 || number > numbers[k - 1])).toBe(true);
  });

  it("stays in memory where it fits", async () => {
    const few = { y: columns.y.slice(0, 500), x: columns.x.slice(0, 500), g: columns.g.slice(0, 500) };
    expect((await design(few, { blocks: filesFor() })).blocks).toBeUndefined();
    // Of a folder that is not there nothing is asked before rows need it.
    vi.stubEnv("TMPDIR", join(folder, "missing"));
    const missing = filesFor();
    vi.unstubAllEnvs();
    expect((await design(few, { blocks: missing })).blocks).toBeUndefined();
    await expect(design(columns, { blocks: missing })).rejects.toThrow(
      /beyond which rows go to blocks on disk if the folder .*missing has more room than memory/,
    );
  });

  it("is refused where it takes more than the disk has, or has too many parameters, or has group terms", async () => {
    const files = filesFor();
    const full = { ...files, freeDiskBytes: () => 2 ** 20 };
    await expect(design(columns, { blocks: full, storage: "sparse" })).rejects.toThrow(
      /takes 0.00156 GiB in blocks on disk, where .* has 0.000977 GiB left/,
    );
    const many = { ...columns, level: Array.from(columns.y, (_, n) => `l${n % 3000}`) };
    await expect(design(many, { blocks: files }, "y ~ level")).rejects.toThrow(
      "beyond which rows go to blocks on disk up to 2,000 parameters",
    );
    await expect(design(columns, { blocks: files }, "y ~ x + (1 | g)")).rejects.toThrow("group terms");
    await expect(
      files.create({ numRows: 1e12, stride: 8, rowsOfBlock: 32_768, sampleRows: 10 }, undefined),
    ).rejects.toThrow(/The rows do not fit into memory, and take 29.7 TiB in blocks on disk, where .* left/);
  });
});

describe("blocks that are kept", () => {
  const cache = join(folder, "cache");
  const kept = () => readdirSync(cache).sort();
  const make = (data: Parameters<typeof tableFromColumns>[0], options: DesignOptions = {}, formula?: string) =>
    design(data, { blocks: filesFor(cache), ...options }, formula);
  /** A design whose source can be read once only: blocks that are found are not made again. */
  async function passesOver(data: TableSource, options: DesignOptions = {}): Promise<{ passes: number; made: Design }> {
    let passes = 0;
    const counted: TableSource = {
      ...data,
      columns: data.columns,
      chunks: (...args) => {
        passes++;
        return data.chunks(...args);
      },
    };
    const made = await buildDesign(counted, parseFormula("y ~ x + g"), {
      family: "bernoulli",
      blocks: filesFor(cache),
      ...options,
    });
    return { passes, made };
  }

  it("are found by the same content and recipe, under whatever name", async () => {
    const first = await passesOver(tableFromColumns(columns));
    const rows = await rowsOf(first.made.blocks!);
    expect([first.passes, kept().length]).toEqual([2, 1]);
    const same = await passesOver({ ...tableFromColumns(columns), label: "another name" });
    expect(same.passes).toBe(1);
    expect(await rowsOf(same.made.blocks!)).toEqual(rows);
  });

  it("are told by their content in whatever chunks it comes", async () => {
    const digests: string[] = [];
    const texts = new Set(["g"]);
    for (const size of [numRows, 999, 64]) {
      const hash = new ContentHash(() => createHash("sha256"), texts);
      for await (const chunk of inChunks(tableFromColumns(columns), size).chunks(["y", "x", "g"], texts))
        hash.add(chunk);
      digests.push(hash.digest());
    }
    expect(new Set(digests).size).toBe(1);
  });

  it("are not found for other values, weights or formulas", async () => {
    const before = kept().length;
    const one = await make({ ...columns, y: columns.y.map((value, n) => (n === 30_001 ? 1 - value : value)) });
    const { checksums } = (await passesOver(tableFromColumns(columns))).made.blocks!;
    expect(checksums.length).toBe(one.blocks!.numBlocks);
    expect(one.blocks!.checksums).not.toEqual(checksums);
    await make(columns, { weights: "n + 1" });
    await make(columns, { weights: "2 * n + 1" });
    await make({ ...columns, g: columns.g.map((level, n) => (n === 4 ? "b" : level)) });
    await make(columns, {}, "y ~ x + I(x^2) + g");
    await make(columns, { standardize: "none" });
    expect(kept().length).toBe(before + 6);
  });

  it("are made again where one was cut short, and refused where one was changed", async () => {
    const { made } = await passesOver(tableFromColumns(columns));
    const store = made.blocks!;
    const [block] = readdirSync(store.folder).filter((name) => name.endsWith(".block"));
    writeFileSync(join(store.folder, block), "short");
    const again = await passesOver(tableFromColumns(columns));
    expect(again.passes).toBe(2);
    const bytes = new Uint8Array(64 + 4 * rowsIn(store, 0) * store.stride);

    bytes.set(readFileSync(join(store.folder, block)));
    bytes[500] ^= 1;
    writeFileSync(join(store.folder, block), bytes);
    const spoiled = await passesOver(tableFromColumns(columns));
    expect(spoiled.passes).toBe(1);
    await expect(rowsOf(spoiled.made.blocks!)).rejects.toThrow(
      "not the block that was written there; remove that folder",
    );
  });
});
