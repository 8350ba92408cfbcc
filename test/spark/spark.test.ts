import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildDesign } from "../../src/design/build-design.ts";
import type { Design } from "../../src/design/design-types.ts";
import { openTable } from "../../src/duckdb/source.ts";
import { createInlineEngine, type Engine } from "../../src/engine/engine.ts";
import { parseFormula } from "../../src/formula/formula.ts";
import { createModel, type Model, overBlocks, rowBlockOf } from "../../src/models/model.ts";
import type { RowSums } from "../../src/rows/rows.ts";
import { rowsOf } from "../../src/rows/rows-of.ts";
import { openSparkTable } from "../../src/spark/spark-table-node.ts";
import type { TableSource } from "../../src/table/table-source.ts";
import { type Cluster, descendants, kill, sparkPython, startCluster } from "./cluster.ts";
import { filesOf, numFiles, numRows, writeFile } from "./rows-in-files.ts";

const folder = mkdtempSync(join(tmpdir(), "ornstein-spark-test-"));
const formula = "late ~ C(hour) + kind * x + offset(x / 10)";
const weights = "w";
const engines: Engine[] = [];
const tables: TableSource[] = [];
let cluster: Cluster;

beforeAll(async () => {
  [cluster] = await Promise.all([startCluster(3), filesOf(folder)]);
});
afterAll(async () => {
  for (const table of tables) await table.close?.();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The rows on Spark, or of this machine. */
async function rowsOn(
  master?: string,
  conf: readonly string[] = [],
): Promise<{ design: Design; model: Model; pass(): Promise<RowSums> }> {
  const path = join(folder, "*.parquet");
  const settings = Object.fromEntries(conf.map((text) => text.split(/=(.*)/s).slice(0, 2)));
  const table = master
    ? await openSparkTable({ path }, { master, python: sparkPython(), conf: settings })
    : await openTable({ path });
  tables.push(table);
  const engine = await createInlineEngine();
  engines.push(engine);
  let address = 0;
  const memory = {
    allocateRows(count: number, stride: number) {
      address = engine.memory.allocate(4 * count * stride, 64);
      return engine.memory.f32(address, count * stride);
    },
  };
  const design = await buildDesign(table, parseFormula(formula), {
    family: "bernoulli",
    weights,
    memory,
    storage: master ? "auto" : "dense",
  });
  const flat = createModel(engine.memory, rowBlockOf(design, address), { family: "bernoulli" });
  const model = design.blocks ? overBlocks(flat, design.blocks) : flat;
  const workspace = { executor: engine.executor, counter: { rowsVisited: 0 } };
  const position = Float64Array.from({ length: model.dimension }, (_, j) => 0.1 * ((j % 5) - 2));
  return { design, model, pass: () => rowsOf(workspace, model).pass(position, { gram: "curvature" }) };
}

/** Waits until a condition holds. */
async function until(holds: () => boolean, what: string, seconds = 60): Promise<void> {
  for (const end = Date.now() + 1000 * seconds; !holds(); ) {
    if (Date.now() > end) throw new Error(`It has not come to ${what}.`);
    await pause(100);
  }
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("rows on two executors of a cluster", () => {
  let two: Awaited<ReturnType<typeof rowsOn>>;
  let first: RowSums;

  it("have the columns and the sums of this machine's", async () => {
    two = await rowsOn(cluster.master, [...cluster.conf, "spark.cores.max=2"]);
    const here = await rowsOn();
    first = await two.pass();
    const expected = await here.pass();
    const { numRows: kept, droppedRows, zeroWeightRows, columns } = two.design;
    expect([kept + droppedRows + zeroWeightRows, cluster.executors().length]).toEqual([numRows, 2]);
    expect([kept, droppedRows, zeroWeightRows]).toEqual([
      here.design.numRows,
      here.design.droppedRows,
      here.design.zeroWeightRows,
    ]);
    expect(two.design.blocks!.distant!.rowsOfParts.length).toBe(numFiles);
    expect(columns.map(({ name }) => name)).toEqual(here.design.columns.map(({ name }) => name));
    // Means that differ in their last digits make a few numbers of f32 differ in theirs.
    expect(Math.abs(first.loss / expected.loss - 1)).toBeLessThan(1e-9);
    const scale = Math.max(...expected.gradient.map(Math.abs));
    expected.gradient.forEach((value, j) => {
      expect(Math.abs(first.gradient[j] - value)).toBeLessThan(1e-8 * scale);
    });
    expect(two.design.blocks!.sampleRows).toBeLessThan(kept);
  });

  it("have the same sums to the bit after an executor was killed, between passes and within one", async () => {
    kill(cluster.executors()[0]);
    expect(await two.pass()).toEqual(first);
    await until(() => cluster.executors().length === 2, "two executors again");
    const running = two.pass();
    await pause(200);
    kill(cluster.executors()[1]);
    expect(await running).toEqual(first);
  });

  it("encode again what was lost of their files, once", async () => {
    const files = cluster.files(/\.block$/);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) rmSync(file, { force: true });
    expect(await two.pass()).toEqual(first);
    expect(await two.pass()).toEqual(first);
  });

  it("try again where a worker was killed", async () => {
    const workers = () => cluster.executors().flatMap((pid) => descendants(pid, "ornstein-worker"));
    await until(() => workers().length > 0, "a worker");
    for (const pid of workers()) kill(pid);
    expect(await two.pass()).toEqual(first);
  });

  it("wait for a straggler", async () => {
    const [slow] = cluster.executors();
    kill(slow, "SIGSTOP");
    const running = two.pass();
    let isDone = false;
    running.then(() => {
      isDone = true;
    });
    await pause(3000);
    expect(isDone).toBe(false);
    kill(slow, "SIGCONT");
    expect(await running).toEqual(first);
  });

  it("have the same sums to the bit on one executor, and on three", async () => {
    for (const cores of [1, 3]) {
      const others = await rowsOn(cluster.master, [...cluster.conf, `spark.cores.max=${cores}`]);
      expect(await others.pass()).toEqual(first);
      await tables.pop()!.close!();
    }
  });

  it("are refused where others are there when they are read again", async () => {
    await writeFile(folder, numFiles - 1, { seed: 77 });
    for (const pid of cluster.executors()) kill(pid);
    await expect(two.pass()).rejects.toThrow(/its rows are not the same|Spark on .* fails/);
  });
});
