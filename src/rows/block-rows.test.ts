import { copyFileSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { filesForBlocks, inBlocksOf } from "../../test/conformance/blocks-of-rows.ts";
import { problemOf, type Target } from "../../test/conformance/targets.ts";
import { createInlineEngine, type Engine } from "../engine/engine.ts";
import type { DenseApproximation } from "../estimation/local-approximation.ts";
import { createRandom } from "../rng/xoshiro.ts";
import { visitAllRows } from "./block-ring.ts";
import { BlockRows } from "./block-rows.ts";
import { KernelRows } from "./kernel-rows.ts";
import type { PassRequest } from "./rows.ts";
import { rowsOf } from "./rows-of.ts";
import { visitRows } from "./visit-rows.ts";

const numRows = 3001;
const rowsOfBlock = 256;
const files = filesForBlocks();
const engines: Engine[] = [];
afterAll(async () => {
  await Promise.all(engines.map(({ executor }) => executor.close()));
  files.close();
});

/** Counts with offsets and weights, and a level of few rows. */
function counts(): Target {
  const random = createRandom(3, 0, 9);
  const x = Array.from({ length: numRows }, (_, n) => Float64Array.of(random.normal(), Number(n % 300 === 0)));
  const y = Float64Array.from(x, ([value]) => Math.floor(3 * random.uniform() * Math.exp(0.3 * value)));
  const offset = Float64Array.from(x, () => 0.3 * random.normal());
  const weights = Float64Array.from(x, (_, n) => 1 + (n % 3));
  return { name: "counts", x, y, family: "poisson", prior: { mean: 0, sd: 1 }, offset, weights };
}

async function problem(): Promise<DenseApproximation> {
  const engine = await createInlineEngine();
  engines.push(engine);
  return (await problemOf(engine, counts())).local;
}
const made = problem();
const lawOf = ({ laplaceFactor, laplaceCovariance }: DenseApproximation) => ({
  factor: laplaceFactor,
  covariance: laplaceCovariance,
});

describe("rows in blocks", () => {
  it("have the sums of rows in memory that are cut where blocks end, to the bit", async () => {
    const { workspace, model, mode } = await made;
    const blocks = await inBlocksOf(files, model, rowsOfBlock);
    const cut = (visited: number) =>
      Array.from({ length: Math.ceil(visited / rowsOfBlock) }, (_, k) => ({
        from: k * rowsOfBlock,
        to: Math.min(visited, (k + 1) * rowsOfBlock),
      }));
    const requests: readonly PassRequest[] = [
      { gram: "none" },
      { gram: "curvature" },
      { gram: "squared-gradient", isDiagonal: true },
      { gram: "squared-residual", center: mode },
    ];
    const position = mode.map((value, j) => value + 0.1 * (j - 1));
    for (const request of requests) {
      const inBlocks = await rowsOf(workspace, blocks).pass(position, request);
      expect(inBlocks).toEqual(await new KernelRows(workspace, model, cut).pass(position, request));
    }
  });

  it("make the same pool however many blocks are in memory at once", async () => {
    const local = await made;
    const blocks = await inBlocksOf(files, local.model, rowsOfBlock);
    const { store } = blocks.blocks;
    const pools: Float32Array[] = [];
    for (const memoryBytes of [2 ** 16, 2 ** 26]) {
      const narrow = Object.create(store, { memoryBytes: { value: memoryBytes } }) as typeof store;
      const rows = new BlockRows(
        local.workspace,
        { ...blocks, blocks: { ...blocks.blocks, store: narrow } },
        blocks.blocks,
      );
      const mark = local.model.memory.mark();
      const { memory, rows: stored } = await rows.byInfluence(local.mode, lawOf(local), 0.1, { size: 500, seed: 4 });
      pools.push(memory.f32(stored.address, stored.numRows * stored.stride).slice());
      local.model.memory.release(mark);
    }
    expect(pools[0].length).toBeGreaterThan(0);
    expect(pools[1]).toEqual(pools[0]);
  });

  it("make a pool whose mean residual is that of all rows, to its standard error", async () => {
    const local = await made;
    const { workspace, model, mode } = local;
    const blocks = await inBlocksOf(files, model, rowsOfBlock);
    const position = mode.map((value, j) => value + 3 * Math.sqrt(local.laplaceCovariance.data[j * (mode.length + 1)]));
    const request = { gram: "squared-residual", center: mode } as const;
    const whole = await rowsOf(workspace, model).pass(position, request);
    const pools = 40;
    const means: Float64Array[] = [];
    for (let seed = 0; seed < pools; seed++) {
      const mark = model.memory.mark();
      const pool = await rowsOf(workspace, blocks).byInfluence!(mode, lawOf(local), 0.1, { size: 300, seed });
      expect(Math.abs(pool.rows.numRows - 300)).toBeLessThan(blocks.blocks.store.numBlocks + 1);
      const sums = await rowsOf(workspace, pool).pass(position, request);
      means.push(sums.gradient.map((value) => (numRows * value) / sums.count));
      model.memory.release(mark);
    }
    whole.gradient.forEach((expected, j) => {
      const values = means.map((mean) => mean[j]);
      const average = values.reduce((sum, value) => sum + value / pools, 0);
      const variance = values.reduce((sum, value) => sum + (value - average) ** 2 / (pools - 1), 0);
      // By chance once in 15,000 for each of three parameters.
      expect(Math.abs(average - expected)).toBeLessThan(4 * Math.sqrt(variance / pools));
    });
  });

  it("are visited one by one as rows in memory are", async () => {
    const { workspace, model, mode } = await made;
    const seen = { memory: [] as number[], blocks: [] as number[] };
    visitRows(model, mode, ({ eta, y, weight }) => seen.memory.push(eta[0], y, weight));
    const blocks = await inBlocksOf(files, model, rowsOfBlock);
    await visitAllRows(workspace, blocks, mode, ({ eta, y, weight }) => seen.blocks.push(eta[0], y, weight));
    expect(seen.blocks).toEqual(seen.memory);
  });

  it("are not taken for rows in memory", async () => {
    const { workspace, model, mode } = await made;
    const blocks = await inBlocksOf(files, model, rowsOfBlock);
    expect(() => new KernelRows(workspace, blocks)).toThrow("BlockRows");
    expect(() => visitRows(blocks, mode, () => {})).toThrow("not in memory");
  });

  it("are refused in a sentence where a block is lost, cut short or another one, and the memory is given back", async () => {
    const { workspace, model, mode } = await made;
    const faults: readonly (readonly [string, (folder: string, names: string[]) => void])[] = [
      ["no longer there", (folder, names) => rmSync(join(folder, names[5]))],
      ["cut short", (folder, names) => truncateSync(join(folder, names[5]), 1000)],
      ["not the block", (folder, names) => copyFileSync(join(folder, names[4]), join(folder, names[5]))],
    ];
    for (const [message, spoil] of faults) {
      const blocks = await inBlocksOf(files, model, rowsOfBlock);
      const { folder } = blocks.blocks.store;
      spoil(folder, readdirSync(folder).sort());
      const mark = model.memory.mark();
      await expect(rowsOf(workspace, blocks).pass(mode, { gram: "none" })).rejects.toThrow(message);
      expect(model.memory.mark()).toBe(mark);
    }
  });
});
