// Ours and the peers on the same cases, in turns, with a record and a page: `npm run build`, then
//
//   npm run bench -- [--only CASE ...] [--skip CASE ...] [--rounds 3] [--time-limit 300] [--quick] [--no-scaling] [--shared FOLDER]
//   npm run bench -- --list | --prepare | --render
//
// Peers are installed into bench/.venv, tables and references are made in bench/.cache and bench/peers/references, each when it is first
// needed: --prepare does all of that before, so that nothing but the contestants runs later. Each process is pinned, and ended after --time-limit
// seconds; another round is left out where all of a contestant's together would take longer than that. The record is bench/results/DATE-MACHINE.json, written
// after every case: with --only the other cases of the day stay as they are. docs/performance.md is rendered from it, as --render does
// by itself from the newest record. --quick makes short runs, to see that everything works, and writes to bench/.cache in place
// of the results.
import { existsSync, mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cacheFolder, root } from "./harness/cases.mjs";
import { environment } from "./harness/environments.mjs";
import { otherWork } from "./harness/machine.mjs";
import { openRecord } from "./harness/record.mjs";
import { runRounds } from "./harness/rounds.mjs";
import { logisticCases } from "./peers/cases/logistic-designs.mjs";
import { multilevelCases } from "./peers/cases/multilevel.mjs";
import { sgld } from "./peers/cases/sgld.mjs";
import { renderPage } from "./render/page.mjs";
import { scalingCases } from "./scaling/scaling.mjs";

const cases = [sgld, ...logisticCases, ...multilevelCases];
const say = (line) => process.stderr.write(`${line}\n`);

const { values: options } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    skip: { type: "string", multiple: true, default: [] },
    rounds: { type: "string", default: "3" },
    "time-limit": { type: "string", default: "300" },
    "max-rows": { type: "string", default: "1e7" },
    quick: { type: "boolean", default: false },
    shared: { type: "string", default: join(root, "../shared") },
    "no-scaling": { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    prepare: { type: "boolean", default: false },
    render: { type: "boolean", default: false },
  },
});

/** What each contestant is run with, or why it cannot be. */
async function equipped(contestants) {
  const found = [];
  for (const contestant of contestants) {
    const place =
      contestant.environment === "node"
        ? { command: process.execPath }
        : await environment(contestant.environment, say);
    found.push({ contestant, ...place });
  }
  return found;
}

/** The data of a case and its contestants, or why it is skipped. */
async function prepareCase(one, { shared, quick }) {
  say(`${one.title}: ${one.what}`);
  try {
    const needed = one.needs ? await environment(one.needs, say) : {};
    if (needed.missing) return { skipped: needed.missing };
    const prepared = await one.prepare({ shared, python: needed.command, say });
    return { prepared, contestants: await equipped(one.contestants({ quick })) };
  } catch (error) {
    return { skipped: error.message };
  }
}

async function runCase(one, settings) {
  const { title, what, measure } = one;
  const { skipped, prepared, contestants } = await prepareCase(one, settings);
  if (skipped) {
    say(`  not run: ${skipped}`);
    return { title, what, measure, skipped };
  }
  const all = Array.from({ length: availableParallelism() }, (_, core) => core);
  const cores = one.cores === "one" ? all.slice(-1) : all;
  const before = await otherWork();
  const { rounds, limit } = settings;
  const results = await runRounds({ contestants, prepared, cores, rounds, limit, say });
  return { title, what, measure, cores: cores.length, at: new Date().toISOString(), limit, before, results };
}

async function main() {
  const names = [...cases.map(({ name }) => name), "scaling"];
  if (options.list) return console.log(names.join("\n"));
  if (options.render) return say(await renderPage(openRecord({ quick: options.quick, newest: true })));
  const unknown = [...(options.only ?? []), ...options.skip].find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`There is no case ${unknown}; the cases are ${names.join(", ")}.`);
  if (!existsSync(join(root, "dist/node.mjs"))) throw new Error("There is no dist/: run `npm run build` first.");
  mkdirSync(cacheFolder, { recursive: true });
  const settings = {
    shared: options.shared,
    quick: options.quick,
    rounds: options.quick ? 1 : Number(options.rounds),
    limit: Number(options["time-limit"]),
  };
  const asked = (name) => !options.skip.includes(name) && (options.only?.includes(name) ?? true);
  const chosen = cases.filter(({ name }) => asked(name));
  if (options.prepare) {
    for (const one of chosen) await prepareCase(one, settings);
    return;
  }
  const record = openRecord({ quick: options.quick, newest: false });
  for (const one of chosen) {
    record.keep(one.name, await runCase(one, settings));
    await renderPage(record);
  }
  if (asked("scaling") && !options["no-scaling"]) {
    record.keepScaling(
      await scalingCases({ quick: options.quick, maxRows: Number(options["max-rows"]), limit: settings.limit, say }),
    );
  }
  say(await renderPage(record));
}

await main();
