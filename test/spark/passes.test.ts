import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { blockFiles } from "../../src/blocks/block-files-node.ts";
import { descendants, startCluster } from "./cluster.ts";
import { filesOf, numRows } from "./rows-in-files.ts";
import { rowsOn } from "./rows-on.ts";

// Processor time of passes on two executors against that of one process over blocks on disk. Rows are so many times 300,000:
// ORNSTEIN_SPARK_TIMES=70 npm run test:spark -- passes
const times = Number(process.env.ORNSTEIN_SPARK_TIMES ?? 0);
const passes = 8;

/** Seconds that processes have computed. */
function processorSeconds(pids: readonly number[]): number {
  const ticks = pids.map((pid) => {
    const [, rest] = readFileSync(`/proc/${pid}/stat`, "latin1").split(/\) (?=[^)]*$)/);
    const fields = rest.split(" ");
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, own) => sum + own, 0) / 100;
}

it.skipIf(times === 0)(
  "a pass on two executors takes at most 2.5 times the processor time of one process",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "ornstein-passes-"));
    await filesOf(folder, times);
    const cluster = await startCluster(2);
    const blocks = blockFiles({ memoryBytes: 2 ** 28, cache: undefined });
    try {
      const there = await rowsOn(folder, cluster.master, [...cluster.conf, "spark.cores.max=2"]);
      const first = await there.pass();
      for (let k = 0; k < 2; k++) await there.pass();
      const executors = () => cluster.executors().flatMap((pid) => [pid, ...descendants(pid, "")]);
      const workers = () => cluster.executors().flatMap((pid) => descendants(pid, "ornstein-worker"));
      const drivers = () => descendants(process.pid, "").filter((pid) => !cluster.children().includes(pid));
      const now = () => [executors, workers, drivers].map((pids) => processorSeconds(pids()));
      const [before, started] = [now(), performance.now()];
      for (let k = 0; k < passes; k++) expect(await there.pass()).toEqual(first);
      const wall = (performance.now() - started) / 1000;
      const [onExecutors, inWorkers, inDriver] = now().map((seconds, k) => (seconds - before[k]) / passes);
      await there.close();

      const here = await rowsOn(folder, undefined, [], { blocks });
      await here.pass();
      const own = process.cpuUsage();
      const startedHere = performance.now();
      for (let k = 0; k < passes; k++) await here.pass();
      const { user, system } = process.cpuUsage(own);
      const alone = (user + system) / 1e6 / passes;
      const wallHere = (performance.now() - startedHere) / 1000;
      const of = (seconds: number) => seconds.toFixed(2);
      console.log(
        `${(times * numRows).toLocaleString("en")} rows, ${there.model.dimension} columns, ${there.design.blocks!.distant!.rowsOfParts.length} parts; processor seconds a pass: one process ${of(alone)}; executors ${of(onExecutors)}, of which workers ${of(inWorkers)}; driver ${of(inDriver)}; wall ${of(wall / passes)} against ${of(wallHere / passes)}`,
      );
      expect(onExecutors + inDriver).toBeLessThan(2.5 * alone);
    } finally {
      await cluster.stop();
      blocks.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
  1_800_000,
);
