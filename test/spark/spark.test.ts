import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RowSums } from "../../src/rows/rows.ts";
import { type Cluster, descendants, kill, startCluster } from "./cluster.ts";
import { filesOf, numFiles, numRows, writeFile } from "./rows-in-files.ts";
import { pause, type RowsOn, rowsOn, until } from "./rows-on.ts";

const folder = mkdtempSync(join(tmpdir(), "ornstein-spark-test-"));
const opened: RowsOn[] = [];
let cluster: Cluster;

beforeAll(async () => {
  [cluster] = await Promise.all([startCluster(3), filesOf(folder)]);
});
afterAll(async () => {
  for (const rows of opened) await rows.close();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("rows on two executors of a cluster", () => {
  let two: RowsOn;
  let first: RowSums;

  it("have the columns and the sums of this machine's", async () => {
    two = await rowsOn(folder, cluster.master, [...cluster.conf, "spark.cores.max=2"]);
    const here = await rowsOn(folder);
    opened.push(two, here);
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
      const others = await rowsOn(folder, cluster.master, [...cluster.conf, `spark.cores.max=${cores}`]);
      expect(await others.pass()).toEqual(first);
      await others.close();
    }
  });

  it("have the same sums to the bit where a query has shuffled them, and an executor was killed", async () => {
    const shuffled = [...cluster.conf, "spark.cores.max=2", "spark.sql.shuffle.partitions=5"];
    const sql = "select late, hour, kind, x, w from data distribute by kind, hour";
    const query = await rowsOn(folder, cluster.master, shuffled, { sql });
    const whole = await query.pass();
    expect([whole.count, query.design.blocks!.distant!.rowsOfParts.length]).toEqual([first.count, 5]);
    expect(Math.abs(whole.loss / first.loss - 1)).toBeLessThan(1e-9);
    const [, , killed] = cluster.executors();
    kill(killed);
    expect(await query.pass()).toEqual(whole);
    await query.close();
  });

  it("may be sparse, with the sums of this machine's, and the same to the bit after an executor was killed", async () => {
    const conf = [...cluster.conf, "spark.cores.max=2"];
    const there = await rowsOn(folder, cluster.master, conf, { storage: "sparse" });
    const here = await rowsOn(folder, undefined, [], { storage: "sparse" });
    const sums = await there.pass();
    const expected = await here.pass();
    // A head of four words, and two for each of hour, kind, x and their product.
    expect([there.design.stride, there.design.sparse?.nonZeros]).toEqual([12, here.design.sparse?.nonZeros]);
    expect(Math.abs(sums.loss / expected.loss - 1)).toBeLessThan(1e-9);
    const scale = Math.max(...expected.gradient.map(Math.abs));
    expected.gradient.forEach((value, j) => {
      expect(Math.abs(sums.gradient[j] - value)).toBeLessThan(1e-8 * scale);
    });
    const executors = cluster.executors();
    kill(executors[executors.length - 1]);
    expect(await there.pass()).toEqual(sums);
    await there.close();
    await here.close();
  });

  it("are refused where others are there when they are read again", async () => {
    await writeFile(folder, numFiles - 1, { seed: 77 });
    for (const pid of cluster.executors()) kill(pid);
    await expect(two.pass()).rejects.toThrow(/its rows are not the same|Spark on .* fails/);
  });
});
