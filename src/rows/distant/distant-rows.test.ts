import { afterAll, describe, expect, it } from "vitest";
import { filesForBlocks, inBlocksOf } from "../../../test/conformance/blocks-of-rows.ts";
import { inPartsOf } from "../../../test/conformance/parts-of-rows.ts";
import { problemOf, type Target } from "../../../test/conformance/targets.ts";
import { viewRows } from "../../engine/bindings/row-view.ts";
import { createInlineEngine, type Engine } from "../../engine/engine.ts";
import type { Model } from "../../models/model.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { influencesOf } from "../block-pools.ts";
import { areClassified } from "../classified.ts";
import { rowsOf } from "../rows-of.ts";

const numRows = 3001;
const files = filesForBlocks();
const engines: Engine[] = [];
afterAll(async () => {
  await Promise.all(engines.map(({ executor }) => executor.close()));
  files.close();
});

async function problem(storage?: "sparse") {
  const random = createRandom(3, 0, 9);
  const x = Array.from({ length: numRows }, (_, n) => Float64Array.of(random.normal(), Number(n % 300 === 0)));
  const y = Float64Array.from(x, ([value]) => Number(random.uniform() < 1 / (1 + Math.exp(-value))));
  const offset = Float64Array.from(x, () => 0.3 * random.normal());
  const weights = Float64Array.from(x, (_, n) => 1 + (n % 3));
  const target: Target = {
    name: "events",
    x,
    y,
    family: "bernoulli",
    prior: { mean: 0, sd: 1 },
    offset,
    weights,
    ...(storage && { storage }),
  };
  const [here, there] = [await createInlineEngine(), await createInlineEngine()];
  engines.push(here, there);
  const { local } = await problemOf(here, target);
  const { workspace, model, mode, laplaceFactor, laplaceCovariance } = local;
  return {
    ...{ workspace, model, mode, law: { factor: laplaceFactor, covariance: laplaceCovariance } },
    blocks: await inBlocksOf(files, model, 256),
    parts: await inPartsOf(files, there, model, { rowsOfBlock: 256, blocksOfPart: 3 }),
  };
}
const made = problem();
const madeSparse = problem("sparse");

describe("rows in parts elsewhere", () => {
  it.each([
    ["dense", made],
    ["sparse", madeSparse],
  ])("are drawn as those in blocks here are, be it for a pool or for a coreset: %s", async (_, making) => {
    const { workspace, blocks, parts, mode, law } = await making;
    const drawn = [];
    for (const model of [blocks, parts]) {
      const mark = model.memory.mark();
      const pool = await rowsOf(workspace, model).byInfluence!(mode, law, 0.1, { size: 500, seed: 4 });
      const influences = await influencesOf(workspace, model, { center: mode, law });
      const coreset = await influences.draw({ factor: 300 / influences.total, offset: 0.01, most: 1 }, 9);
      drawn.push({
        total: influences.total,
        pool: numbersOf(pool),
        coreset: numbersOf(coreset),
        whole: pool.rows.wholeRows,
      });
      model.memory.release(mark);
    }
    const [here, there] = drawn;
    expect(there.pool.length).toBeGreaterThan(400 * 6);
    expect(there.coreset).toEqual(here.coreset);
    expect(there.whole).toBe(numRows);
    expect(Math.abs(there.total / here.total - 1)).toBeLessThan(1e-12);
    // Weights are multiples of Σ q, which is added up part by part.
    expect(there.pool.length).toBe(here.pool.length);
    there.pool.forEach((value, at) => {
      expect(Math.abs(value - here.pool[at])).toBeLessThanOrEqual(1e-6 * Math.abs(value));
    });
  });

  it("are looked at one by one for whether all are classified rightly", async () => {
    const { workspace, model, parts, mode } = await made;
    expect(await areClassified(workspace, parts, mode)).toBe(false);
    expect(await areClassified(workspace, parts, mode)).toBe(await areClassified(workspace, model, mode));
  });

  it("are counted at every pass", async () => {
    const { workspace, parts, mode, law } = await made;
    const { store } = parts.blocks;
    const others = {
      ...store.distant!.parts,
      ask: async (question: object) => lessOne(await store.distant!.parts.ask(question)),
    };
    const distant = { ...store.distant!, parts: others };
    const lacking = { ...parts, blocks: { ...parts.blocks, store: { ...store, distant } } };
    await expect(rowsOf(workspace, lacking).pass(mode, { gram: "none" })).rejects.toThrow("A pass has read");
    await expect(influencesOf(workspace, lacking, { center: mode, law })).rejects.toThrow("A pass has read");
    await expect(areClassified(workspace, lacking, mode)).rejects.toThrow("A pass has read");
  });
});

/** Target, offset, weight and columns of all rows, one after the other. */
function numbersOf({ memory, rows }: Model): number[] {
  const view = viewRows(memory, rows);
  return Array.from({ length: rows.numRows }, (_, n) => {
    view.moveTo(n);
    const x = new Float64Array(rows.numColumns);
    view.addTo(x, 0, 1);
    return [view.target(), view.offset(), view.weight(), ...x];
  }).flat();
}

/** The same answers, of which the first tells of one row less. */
function lessOne<Answer extends { readonly data: Uint8Array<ArrayBuffer> }>([first, ...rest]: readonly Answer[]) {
  const numbers = new Float64Array(first.data.slice().buffer);
  numbers[0]--;
  return [{ ...first, data: new Uint8Array(numbers.buffer) }, ...rest];
}
