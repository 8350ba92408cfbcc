import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { PartPlan } from "../design/distant/part-plan.ts";
import type { PartStatistics } from "../design/row-statistics.ts";
import type { DistantColumn } from "../engine/distant-parts.ts";
import { encodeFrame, type Frame, framesOf } from "./frames.ts";
import { digestOf, type PartQuestion, type PartReply, PartWorker, type PlacedPart } from "./part-worker-node.ts";
import { sparkOf } from "./spark-options.ts";

const folder = mkdtempSync(join(tmpdir(), "ornstein-part-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const columns: readonly DistantColumn[] = [
  { name: "y", as: "number" },
  { name: "g", as: "levels", levels: ["a", "b"] },
];
const plan: PartPlan = {
  formula: "y ~ g",
  options: { family: "gaussian", standardize: "none" },
  columns: [
    { name: "y", type: "number" },
    { name: "g", type: "string" },
  ],
  dates: [],
  polynomials: {},
  levels: { g: ["a", "b"] },
};

/** Frames of rows of y and g, as bytes that arrive in pieces of so many. */
async function* bytes(y: readonly number[], g: readonly number[], piece: number): AsyncGenerator<Uint8Array> {
  const data = new Uint8Array(12 * y.length);
  data.set(new Uint8Array(Float64Array.from(y).buffer));
  data.set(new Uint8Array(Int32Array.from(g).buffer), 8 * y.length);
  const parts = [...encodeFrame({ numRows: y.length, texts: {} }, data), ...encodeFrame("end")];
  const all = Uint8Array.from(parts.flatMap((part) => [...part]));
  for (let at = 0; at < all.length; at += piece) yield all.subarray(at, at + piece);
}

async function ask(asked: PartQuestion, y: readonly number[] = [], g: readonly number[] = []): Promise<PartReply> {
  const worker = await PartWorker.create();
  const frames: AsyncIterator<Frame> = framesOf(bytes(y, g, 7));
  for await (const reply of worker.replies(asked, frames)) return reply;
  throw new Error("There was no answer.");
}

const [y, g] = [
  [1, 2, 3, 4, Number.NaN, 6],
  [0, 1, 0, 1, 1, -1],
];
const statistics = () => ask({ part: 0, columns, question: { kind: "statistics", plan } }, y, g);
async function encoded(): Promise<PlacedPart> {
  const merged = (await statistics()).content as PartStatistics;
  const question = {
    ...{ kind: "encode" as const, plan, merged, rowsOfParts: [4], rowsOfBlock: 64 },
    expected: { isSparse: false, columns: [[0, 1], [0, 1]], stride: 8 }, // biome-ignore format: one line
  };
  const { content } = await ask({ part: 0, columns, folder, question }, y, g);
  return (content as { place: PlacedPart }).place;
}
const model = {
  family: "gaussian",
  ...{ numPredictors: 1, hasReference: false, dimension: 2, learned: [], fixedTau: [0, 0] as const },
  rows: { numColumns: 2, paddedColumns: 8, stride: 8, hasOffset: false, hasWeights: false },
};
const sums = { kind: "sums" as const, model, position: [0, 0], gram: "none" as const };

describe("the worker of a part", () => {
  it("counts, encodes and sums up rows that come in frames", async () => {
    expect((await statistics()).content).toMatchObject({ counts: { rowsRead: 6, droppedRows: 2 } });
    const place = await encoded();
    const digests = [digestOf(place.checksums)];
    const { data } = await ask({ part: 0, place, question: { ...sums, digests } });
    // Σ −(y − 0) x over g = b, and over all; the loss is Σ y²/2, without its constant.
    const [count, loss, ofB, ofAll] = data as Float64Array;
    expect([count, ofB, ofAll]).toEqual([4, -6, -10]);
    expect(loss).toBe(15);
  });

  it("tells of blocks that are not there, and refuses those of other rows", async () => {
    const place = await encoded();
    const others = await ask({ part: 0, place, question: { ...sums, digests: [1] } });
    expect(others.refusal).toMatch(/its rows are not the same/);
    await ask({ part: 0, place, question: { kind: "remove" } });
    expect((await ask({ part: 0, place, question: sums })).lost).toContain("is not there");
  });

  it("refuses what cannot be used, and reads on to the end", async () => {
    const question = { kind: "statistics" as const, plan: { ...plan, formula: "log(y - 2) ~ g" } };
    expect((await ask({ part: 0, columns, question }, y, g)).refusal).toMatch(/log\(y - 2\) is/);
  });
});

describe("what an engine is given", () => {
  it("is a master, a source and settings", () => {
    const found = sparkOf({ engine: "local[2]", path: "a.parquet", conf: ["spark.a=b=c"] });
    expect(found).toEqual({
      place: { master: "local[2]", python: undefined, conf: { "spark.a": "b=c" } },
      source: { path: "a.parquet", sql: undefined, table: undefined },
    });
    expect(sparkOf({ path: "a.parquet" })).toBeUndefined();
  });

  it.each([
    [{ engine: "http://host" }, "it takes a master of Spark"],
    [{ engine: "local", table: "t", sql: "select 1" }, "give one of them"],
    [{ engine: "local", path: "-" }, "standard input"],
    [{ engine: "local", conf: ["x"] }, "--conf cannot be"],
    [{ conf: ["a=b"] }, "give --engine too"],
  ])("%j is refused", (given, sentence) => expect(() => sparkOf(given)).toThrow(sentence));
});
