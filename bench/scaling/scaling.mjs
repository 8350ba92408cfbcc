// Time and memory of `ornstein fit` against the number of rows, columns, groups and threads, with what the machine allows.
import { readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { cacheFolder, root } from "../harness/cases.mjs";
import { otherWork } from "../harness/machine.mjs";
import { runProcess } from "../harness/processes.mjs";
import { number } from "../render/words.mjs";
import { measureLimits } from "./limits.mjs";
import { generate, kindOf } from "./rows.mjs";

/** Bytes of a row in the kernels' matrix: floats of the columns with the intercept and the target, in whole vectors of eight. */
export const bytesOfRow = (numColumns) => 4 * 8 * Math.ceil((numColumns + 2) / 8);

/** One fit in a process of its own. */
async function fitOnce({ kind, numRows, threads, limit }) {
  const path = join(cacheFolder, "generated", `${kind}-${numRows}.parquet`);
  await generate(kind, numRows, path);
  const scratch = join(tmpdir(), `ornstein-scaling-${process.pid}.json`);
  const given = [
    "bin/ornstein.mjs",
    "fit",
    path,
    "--formula",
    kindOf(kind).formula,
    "--family",
    "bernoulli",
    "--quiet",
    "--json",
    scratch,
  ];
  const args = [...given, ...(threads ? ["--threads", String(threads)] : [])];
  const { status, reason, wall, peakMiB, processor } = await runProcess({
    command: process.execPath,
    args,
    cwd: root,
    limit,
    accepts: [0, 1],
  });
  if (status !== "done") return { stopped: reason };
  const { timing, settings } = JSON.parse(readFileSync(scratch, "utf8"));
  rmSync(scratch, { force: true });
  return { wall, peakMiB, processor, timing, sampler: settings.sampler };
}

const parts = {
  rows: { title: "Rows", kinds: (sizes) => sizes.map((numRows) => ({ size: numRows, kind: "ten", numRows })) },
  columns: {
    title: "Columns",
    kinds: (sizes) => sizes.map((count) => ({ size: count, kind: `numbers-${count}`, numRows: 100_000 })),
  },
  groups: {
    title: "Groups",
    kinds: (sizes) => sizes.map((count) => ({ size: count, kind: "groups", numRows: 10 * count })),
  },
  threads: {
    title: "Threads",
    kinds: (sizes) => sizes.map((threads) => ({ size: threads, kind: "ten", numRows: 3_000_000, threads })),
  },
};

/** Powers of ten from 10⁴ up, and of two up to the cores. */
function sizesOf({ quick, maxRows }) {
  const powers = (first, last, by) => {
    const sizes = [];
    for (let size = first; size <= last; size *= by) sizes.push(size);
    return sizes;
  };
  const threads = [...new Set([...powers(1, availableParallelism(), 2), availableParallelism()])];
  return quick
    ? { rows: [1e4], columns: [4], groups: [100], threads: [availableParallelism()] }
    : {
        rows: powers(1e4, maxRows, 10),
        columns: powers(4, 256, 4),
        groups: powers(100, Math.min(1e6, maxRows / 10), 10),
        threads,
      };
}

const seconds = (runs, of, series) =>
  runs.map((run) => ({ size: run.size, value: of(run), series })).filter(({ value }) => value > 0);

function tableOf(label, runs) {
  const heads = [
    label,
    "whole command, s",
    "reading, s",
    "estimating, s",
    "sampling, s",
    "peak memory, MiB",
    "sampler",
  ];
  const rows = runs.map(({ size, stopped, wall, peakMiB, timing, sampler }) =>
    stopped
      ? [number(size), stopped, "", "", "", "", ""]
      : [size, wall, timing.load, timing.estimate, timing.sample, peakMiB].map(number).concat(sampler),
  );
  return [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const stages = (runs) => [
  ...seconds(runs, ({ wall }) => wall, "whole command"),
  ...seconds(runs, ({ timing }) => timing.load, "reading"),
  ...seconds(runs, ({ timing }) => timing.estimate, "estimating"),
  ...seconds(runs, ({ timing }) => timing.sample, "sampling"),
];

const axes = (label) => ({ x: { key: "size", label }, y: { key: "value", label: "seconds" } });

/** What the parts say and draw, from their runs and the machine's limits. */
function describe(runs, machine) {
  const done = (name) => runs[name].filter(({ stopped }) => !stopped);
  const perPass = ({ size }) => (size * bytesOfRow(10)) / (1e9 * machine.bandwidthAllGBs);
  const curvature = ({ size }) => (1e5 * size * (size + 1)) / (1e9 * machine.gigaflops * availableParallelism());
  const oneThread = done("threads").find(({ size }) => size === 1);
  const ideal = oneThread
    ? done("threads").map(({ size }) => ({ size, value: oneThread.wall / size, series: "all of it divided" }))
    : [];
  const memory = [...seconds(done("rows"), ({ peakMiB }) => peakMiB, "peak memory")];
  const matrix = done("rows").map(({ size }) => ({
    size,
    value: (size * bytesOfRow(10)) / 2 ** 20,
    series: "the matrix alone",
  }));
  const part = (name, what, more) => ({
    name: `scaling-${name}`,
    title: parts[name].title,
    what,
    table: tableOf(name, runs[name]),
    points: stages(done(name)),
    ...axes(name),
    ...more,
  });
  return [
    part(
      "rows",
      "Ten columns, bernoulli, from the Parquet file. Dashed: one pass over the rows at the machine's bandwidth.",
      {
        limits: done("rows").map((run) => ({ size: run.size, value: perPass(run), series: "one pass" })),
      },
    ),
    {
      ...part("rows", "The same fits. Rows that memory is too small for are encoded into blocks on disk."),
      name: "scaling-memory",
      title: "Memory against rows",
      table: "",
      points: memory,
      limits: matrix,
      y: { key: "value", label: "MiB" },
    },
    part(
      "columns",
      "100,000 rows. Dashed: the N D² operations of one curvature matrix at the machine's speed of arithmetic.",
      {
        limits: done("columns").map((run) => ({ size: run.size, value: curvature(run), series: "one curvature" })),
      },
    ),
    part("groups", "Ten rows in each group, `y ~ x + (1 | g)`, bernoulli."),
    part(
      "threads",
      "3,000,000 rows of ten columns. Dashed: the seconds of one thread divided by the number of threads.",
      { limits: ideal },
    ),
  ];
}

/**
 * @param {{ quick: boolean, maxRows: number, limit: number, say: (line: string) => void }} options
 * @returns the runs, and what the page shows of them; a size after one that was not done is not tried
 */
export async function scalingCases({ quick, maxRows, limit, say }) {
  say("Scaling: what the machine allows");
  const before = await otherWork();
  const machine = await measureLimits();
  const sizes = sizesOf({ quick, maxRows });
  const runs = {};
  for (const [name, { title, kinds }] of Object.entries(parts)) {
    runs[name] = [];
    for (const job of kinds(sizes[name])) {
      const run = {
        size: job.size,
        ...(await fitOnce({ ...job, numRows: quick ? Math.min(job.numRows, 1e4) : job.numRows, limit })),
      };
      runs[name].push(run);
      say(
        `  ${title}, ${number(job.size)}: ${run.stopped ?? `${run.wall.toFixed(1)} s, ${Math.round(run.peakMiB)} MiB`}`,
      );
      if (run.stopped) break;
    }
  }
  return { before, machine, runs, parts: describe(runs, machine) };
}
