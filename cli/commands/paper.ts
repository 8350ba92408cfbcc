import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import type { FinishedPart } from "../../paper/run-part.ts";
import { InputError } from "../../src/errors.ts";
import { fitOptions } from "../../src/options/options.ts";
import { helpOf, number, quietHelp, threadsHelp } from "../options.ts";
import { writeText } from "../outputs/outputs.ts";
import { reportFailure } from "../process/failure.ts";
import { type CommandRun, runCommand } from "../process/run-command.ts";

interface PaperFlags {
  data?: string;
  out?: string;
  only?: string;
  list?: boolean;
  seed?: number;
  effort?: number;
  threads?: number;
  quiet?: boolean;
}

export function addPaperCommand(program: Command): void {
  program
    .command("paper")
    .description(
      'reproduce the tables and figures of Mandt, Hoffman & Blei (2017), "Stochastic gradient descent as approximate Bayesian inference", with the samplers of ornstein',
    )
    .option(
      "--data <folder>",
      "folder with the data sets that the paper uses, each in its own: wine/, skin/, casp/ and so on",
    )
    .option("--out <folder>", "folder to write each part's numbers (JSON) and figures (SVG) to")
    .option("--only <parts>", "tables and figures to make, by name, such as table-1,figure-1 (default: all)")
    .option("--list", "list the names of the parts and what each shows, and stop")
    .option("--seed <number>", helpOf("seed", fitOptions.seed), number)
    .option(
      "--effort <share>",
      "fraction of the full number of draws to make, such as 0.1 for a quick look (default: 1)",
      number,
    )
    .option("--threads <count>", threadsHelp, number)
    .option("--quiet", quietHelp)
    .addHelpText("after", "\nExample:\n  ornstein paper --data data --out paper-figures --only table-1,figure-1")
    .action(runPaper);
}

async function runPaper(flags: PaperFlags): Promise<void> {
  // Loaded late, so that --help and refusals of options are instant.
  const { parts } = await import("../../paper/parts.ts");
  if (flags.list) {
    const longest = Math.max(...parts.map(({ name }) => name.length));
    for (const { name, summary } of parts) process.stdout.write(`${name.padEnd(longest)}  ${summary}\n`);
    return;
  }
  const { data, out, only, effort = 1, threads = availableParallelism() } = flags;
  if (data === undefined || out === undefined) throw new InputError("Name the folders of --data and --out.");
  if (!(effort > 0)) throw new InputError(`--effort ${effort} is out of range: it takes a number above 0.`);
  const wanted = only === undefined ? parts.map(({ name }) => name) : only.split(",").map((name) => name.trim());
  const unknown = wanted.find((name) => !parts.some((part) => part.name === name));
  if (unknown !== undefined) {
    throw new InputError(`There is no part "${unknown}"; choose from ${parts.map(({ name }) => name).join(", ")}.`);
  }
  await makeFolder(out);
  await runCommand(flags.quiet, (command) => runAll(wanted, { data, out, effort, threads, seed: flags.seed }, command));
}

interface Run {
  readonly data: string;
  readonly out: string;
  readonly effort: number;
  readonly threads: number;
  readonly seed?: number;
}

/** A part that lacks a file is passed over with a sentence. */
async function runAll(wanted: readonly string[], run: Run, command: CommandRun): Promise<void> {
  const { parts } = await import("../../paper/parts.ts");
  const { runPart } = await import("../../paper/run-part.ts");
  const { createNodeEngine } = await import("../../src/engine/node-engine.ts");
  const engine = await createNodeEngine(run.threads);
  try {
    for (const part of parts.filter(({ name }) => wanted.includes(name))) {
      try {
        const { seed, effort } = run;
        const { onProgress } = command;
        await writeFiles(
          run.out,
          await runPart(part, { dataFolder: run.data, engine, seed, effort, onProgress }),
          command,
        );
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        process.exitCode = reportFailure(error);
      }
    }
  } finally {
    await engine.executor.close();
  }
}

async function writeFiles(folder: string, { part, result, seconds }: FinishedPart, command: CommandRun): Promise<void> {
  const { plotSvg } = await import("../../src/plots/svg.ts");
  const texts = new Map([[`${part.name}.json`, `${JSON.stringify(result.data, null, 2)}\n`]]);
  for (const [suffix, plot] of Object.entries(result.plots))
    texts.set(`${part.name}${suffix}.svg`, await plotSvg(plot));
  if (result.markdown) texts.set(`${part.name}.md`, `${result.markdown}\n`);
  for (const [name, text] of texts) {
    const path = join(folder, name);
    await command.write(path, () => writeText(path, text));
  }
  await command.print(`${part.name} (${seconds.toFixed(0)} s): ${[...texts.keys()].join(", ")}\n`);
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw new InputError(`"${folder}" cannot be made: ${(error as Error).message}.`);
  }
}
