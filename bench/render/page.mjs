// docs/performance.md and its pictures, from a record.
import { mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { cacheFolder, root } from "../harness/cases.mjs";
import { tolerance } from "../harness/errors.mjs";
import { idleShare } from "../harness/machine.mjs";
import { scalingChart, speedChart, timeChart } from "./charts.mjs";
import { remarks, speedTable, speedVerdict, timeTable, verdict } from "./tables.mjs";
import { number } from "./words.mjs";

const opening = `# Performance

How fast \`ornstein\` is beside other packages, on one machine, in one run. This page and its pictures are made by

    npm run bench

([how to run it](../CONTRIBUTING.md#benchmarks)) from the record that it writes; no number here is typed by hand.`;

function conditions({ content, path }) {
  const { hardware, date, ornstein, cases, quick } = content;
  const { processor, cores, memoryGiB, caches, system, node } = hardware;
  const measured = Object.values(cases).filter(({ before }) => before);
  const busy = measured.filter(({ before }) => !before.idle);
  const shares = busy.map(({ before }) => before.busyShare);
  const warning =
    busy.length === 0
      ? `Before every case no more than ${100 * idleShare}% of the cores' time was taken by other programs.`
      : `**The machine was not idle**: before ${busy.length} of ${measured.length} cases other programs took ${Math.round(100 * Math.min(...shares))}% to ${Math.round(100 * Math.max(...shares))}% of the cores' time. Compare ratios, not seconds.`;
  return [
    quick ? "**Short runs, to see that everything works: the numbers mean nothing.**\n" : "",
    `${processor}, ${cores} cores, ${memoryGiB} GiB (${caches ?? "caches unknown"}), ${system}, Node ${node}; ornstein ${ornstein}; ${date}. Record: \`bench/results/${basename(path)}\`.`,
    "",
    warning,
  ].join("\n");
}

const method = `## How it is measured

* Contestants take turns, in rounds that each begin with another one. A cell is the median of the rounds, with the smallest and the largest in
  brackets; ratios are medians of the ratios within a round. Processes are pinned: to one core for steps a second, to all for the rest.
* **seconds** are for \`ornstein\` those of the whole command: starting, reading the file, the fit, the certificate, writing the result. For
  peers they are those of sampling alone, from arrays in memory, without importing, reading and compiling. "ornstein is" compares these two, in the
  peers' favour; the whole process stands beside it.
* **reached** says whether every mean is within ${tolerance.mean} posterior sds of the reference's and every sd within ${100 * tolerance.sd}%, in the
  worst round; the columns before it are the largest errors. The references are German credit's published one, and for other tables long
  importance-weighted samples by a script that shares nothing with any contestant (\`bench/peers/references.py\`).
* All make four chains of 1,000 draws (SVI 4,000 draws of its guide), with each package's defaults for the warm-up, and NUTS as its
  documentation has it. A process that takes longer than the limit is ended: "not done after" that time, compilation included.
* **peak memory** is that of the process and its children.
* Peers are installed as \`bench/peers/environments/\` pins them; one that could not be is named with the reason.`;

function speedSection(one) {
  return [
    `## ${one.title}`,
    one.what,
    speedVerdict(one),
    "![Steps of SGLD a second](performance/sgld.svg)",
    speedTable(one),
  ].join("\n\n");
}

function timeSection(one) {
  if (one.skipped) return [`### ${one.title}`, one.what, `Not run: ${one.skipped}.`].join("\n\n");
  const limit = `Limit: ${one.limit} s a process.`;
  return [`### ${one.title}`, `${one.what} ${limit}`, verdict(one), timeTable(one), remarks(one)]
    .filter(Boolean)
    .join("\n\n");
}

/** Every case in a line, those that a peer wins among them. */
function summary(cases) {
  const lines = cases.map((one) => {
    if (one.skipped) return `* ${one.title}: not run.`;
    return `* ${one.title}: ${one.measure === "steps a second" ? speedVerdict(one) : verdict(one)}`;
  });
  return `## In short\n\n${lines.join("\n")}`;
}

const isPosterior = ({ measure }) => measure === "seconds to the posterior";
const legend = "Full: reached. Hollow: done, but not within the tolerance. Triangle: not done at the limit.";

function pictures(cases) {
  const run = cases.filter(({ results }) => results);
  const posteriors = run.filter(isPosterior);
  const multilevel = run.filter(({ measure }) => measure === "seconds");
  const time = { measure: "run", label: "seconds →" };
  const memory = { measure: "peakMiB", label: "peak memory, MiB →" };
  const of = (group, options) => (group.length === 0 ? undefined : timeChart(group, options));
  return {
    "posteriors.svg": of(posteriors, { ...time, ariaLabel: "Seconds to the posterior" }),
    "multilevel.svg": of(multilevel, { ...time, ariaLabel: "Seconds of multilevel models" }),
    "memory.svg": of(
      run.filter(({ measure }) => measure !== "steps a second"),
      { ...memory, ariaLabel: "Peak memory" },
    ),
  };
}

function scalingSection({ parts, machine }) {
  const told = `Measured in the same run: the machine reads ${number(machine.bandwidthGBs)} GB/s on one core and ${number(machine.bandwidthAllGBs)} GB/s on all, and makes ${number(machine.gigaflops)} GFLOP/s of double precision on one core in V8. Dashed: what these allow.`;
  const sections = parts.map(
    ({ name, title, what, table }) => `### ${title}\n\n${what}\n\n![${title}](performance/${name}.svg)\n\n${table}`,
  );
  return ["## Scaling", told, ...sections].join("\n\n");
}

/** @returns {Promise<string>} where it was written */
export async function renderPage(record) {
  const { content } = record;
  const folder = content.quick ? cacheFolder : join(root, "docs");
  const images = join(folder, "performance");
  mkdirSync(images, { recursive: true });
  const cases = Object.values(content.cases);
  const keep = (name, text) => text && writeFileSync(join(images, name), text);
  const speed = cases.find(({ measure, results }) => results && measure === "steps a second");
  if (speed) keep("sgld.svg", speedChart(speed));
  const drawn = pictures(cases);
  for (const [name, text] of Object.entries(drawn)) keep(name, text);
  for (const part of content.scaling?.parts ?? []) keep(`${part.name}.svg`, scalingChart(part));
  const multilevel = cases.filter(({ measure }) => measure === "seconds");
  const posteriors = cases.filter(isPosterior);
  const sections = [
    opening,
    conditions(record),
    cases.length > 0 && summary(cases),
    method,
    speed && speedSection(speed),
    posteriors.length > 0 &&
      `## Time to the posterior\n\n${legend}\n\n![Seconds to the posterior](performance/posteriors.svg)`,
    ...posteriors.map(timeSection),
    multilevel.length > 0 &&
      `## Multilevel models\n\nMost peers maximise a likelihood, which is less than a posterior: what they say of a table is what is compared.\n\n${legend}\n\n![Seconds of multilevel models](performance/multilevel.svg)`,
    ...multilevel.map(timeSection),
    drawn["memory.svg"] && "## Memory\n\n![Peak memory](performance/memory.svg)",
    content.scaling && scalingSection(content.scaling),
  ];
  const path = join(folder, "performance.md");
  writeFileSync(path, `${sections.filter(Boolean).join("\n\n")}\n`);
  return path.replace(root, "");
}
