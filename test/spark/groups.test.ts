import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTable } from "../../src/duckdb/source.ts";
import { createInlineEngine, type Engine } from "../../src/engine/engine.ts";
import { findMode } from "../../src/estimation/mode/mode.ts";
import { fitWithEngine } from "../../src/fit/fit.ts";
import { type LoadedModel, loadModel } from "../../src/fit/input/load-model.ts";
import { invertPositiveDefinite } from "../../src/linalg/cholesky.ts";
import { resolveOptions } from "../../src/options/resolve-options.ts";
import { predictStream } from "../../src/prediction/predict.ts";
import { rowsOf } from "../../src/rows/rows-of.ts";
import { predictOnSpark } from "../../src/spark/predict-on-spark-node.ts";
import { openSparkTable } from "../../src/spark/spark-table-node.ts";
import { type Cluster, kill, sparkPython, startCluster } from "./cluster.ts";
import { groupedFiles, numFiles, numPlaces, numRegions, numRows } from "./rows-in-groups.ts";
import { pause, until } from "./rows-on.ts";

const folder = mkdtempSync(join(tmpdir(), "ornstein-groups-test-"));
let cluster: Cluster;
const closing: (() => Promise<void> | undefined)[] = [];
beforeAll(async () => {
  [cluster] = await Promise.all([startCluster(3), groupedFiles(folder)]);
});
afterAll(async () => {
  await closeAll();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const confOf = (cores: number) =>
  Object.fromEntries([...cluster.conf, `spark.cores.max=${cores}`].map((text) => text.split(/=(.*)/s)));

/** The model over rows of this machine, or with cores of the cluster. */
async function loadOn(formula: string, weights: string | undefined, cores?: number): Promise<LoadedModel> {
  const path = join(folder, "*.parquet");
  const data = cores
    ? await openSparkTable({ path }, { master: cluster.master, python: sparkPython(), conf: confOf(cores) })
    : await openTable({ path });
  const engine: Engine = await createInlineEngine();
  closing.push(() => data.close?.());
  closing.push(() => engine.executor.close());
  return loadModel({ data, formula }, resolveOptions({ weights }), engine, {});
}

const pointOf = ({ model }: LoadedModel) =>
  Float64Array.from({ length: model.dimension }, (_, j) => 0.1 * ((j % 4) - 1));
const passOf = (loaded: LoadedModel) =>
  rowsOf(loaded.workspace, loaded.model).pass(pointOf(loaded), { gram: "curvature" });
const closeAll = async () => {
  for (const close of closing.splice(0)) await close();
};

/** Levels, sums and mode, but for rounding. */
async function expectAlike(there: LoadedModel, here: LoadedModel): Promise<void> {
  expect(there.names).toEqual(here.names);
  expect(there.design.recipe.groups).toEqual(here.design.recipe.groups);
  expect(there.design.blocks!.distant!.rowsOfParts.length).toBe(numFiles);
  const [found, expected] = [await passOf(there), await passOf(here)];
  expect(found.count).toBe(expected.count);
  expect(Math.abs(found.loss / expected.loss - 1)).toBeLessThan(1e-8);
  const scale = Math.max(...expected.gradient.map(Math.abs));
  expected.gradient.forEach((value, j) => {
    expect(Math.abs(found.gradient[j] - value)).toBeLessThan(1e-7 * scale);
  });
  const [modeHere, modeThere] = [
    await findMode(here.workspace, here.model),
    await findMode(there.workspace, there.model),
  ];
  const covariance = invertPositiveDefinite(modeHere.precision);
  modeHere.position.forEach((value, j) => {
    const sd = Math.sqrt(covariance.data[j * (covariance.rows + 1)]);
    expect(Math.abs(modeThere.position[j] - value)).toBeLessThan(1e-4 * sd);
  });
}

describe("groups of rows on two executors", () => {
  const formula = "late ~ kind + x + offset(shift) + (1 | place)";
  let two: LoadedModel;
  let first: Awaited<ReturnType<typeof passOf>>;

  it("have the levels, the sums and the mode of this machine's", async () => {
    two = await loadOn(formula, "w", 2);
    first = await passOf(two);
    expect(first.count).toBe(numPlaces);
    await expectAlike(two, await loadOn(formula, "w"));
  });

  it("have the same sums to the bit after an executor was killed, between passes and within one", async () => {
    kill(cluster.executors()[0]);
    expect(await passOf(two)).toEqual(first);
    await until(() => cluster.executors().length === 2, "two executors again", 600);
    const running = passOf(two);
    await pause(200);
    kill(cluster.executors()[1]);
    expect(await running).toEqual(first);
  });

  it.each(["shift ~ kind + (1 | place)", "shift ~ kind + (1 | region/shop)"])(
    "of the fit %s are predicted by the executors as here",
    async (formula) => {
      const path = join(folder, "*.parquet");
      const engine = await createInlineEngine();
      closing.push(() => engine.executor.close());
      const options = { sampler: "laplace", draws: 50, effects: true } as const;
      const fit = await fitWithEngine({ data: await openTable({ path }), formula }, options, engine);
      const place = { master: cluster.master, python: sparkPython(), conf: confOf(1) };
      const out = join(folder, `predicted by ${formula.length}`);
      const written = await predictOnSpark(fit, { source: { path }, place }, out, { draws: 2 });
      expect([written.rows, written.predicted]).toEqual([numRows, numRows]);
      // What was written has the table's own columns too: it is predicted here once more.
      const both = await openTable({ path: join(out, "*.parquet") });
      const [name] = written.columns;
      const [there, here]: [number[], number[]] = [[], []];
      for await (const { columns } of both.chunks([name])) {
        const column = columns.get(name);
        if (column?.kind === "number") there.push(...column.values);
      }
      for await (const { columns } of predictStream(fit, both, { draws: 2 }).chunks())
        for (const value of Object.values(columns)[0]) here.push(Number(value));
      expect(here.length).toBe(numRows);
      expect(there).toEqual(here);
    },
  );

  it("have the same sums to the bit on one executor, and on three", async () => {
    // The two executors are given back first, as the cluster has three cores.
    await closeAll();
    for (const cores of [1, 3]) {
      const others = await loadOn(formula, "w", cores);
      expect(await passOf(others)).toEqual(first);
      await until(() => cluster.executors().length === cores, `${cores} executors`);
      expect(await passOf(others)).toEqual(first);
      await closeAll();
    }
  }, 900_000);

  it("that are nested have those of this machine's, and the same sums to the bit after an executor was killed", async () => {
    const nested = "late ~ x + (1 | region/shop)";
    const there = await loadOn(nested, "w", 2);
    await expectAlike(there, await loadOn(nested, "w"));
    const before = await passOf(there);
    expect(before.count).toBe(numRegions);
    expect(there.model.groups!.numInner).toBe(numPlaces);
    kill(cluster.executors()[0]);
    expect(await passOf(there)).toEqual(before);
    await closeAll();
  }, 900_000);
});
