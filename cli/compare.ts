import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import type { CompareOptions } from "../src/posterior/compare.ts";
import { samplers } from "../src/samplers/registry.ts";
import { interruptible } from "./interruptible.ts";
import { addModelOptions, addRunOptions, type CommonFlags, number, optionGroups, requireRunnable } from "./options.ts";
import { commandLine, requireWritable, terminal, writeJson, writeWhole } from "./outputs.ts";
import { renderComparison } from "./render-comparison.ts";

interface CompareFlags extends CommonFlags, Pick<CompareOptions, "samplers" | "timeLimit"> {
  plot?: string;
}

export function addCompareCommand(program: Command, version: string): void {
  const command = program
    .command("compare")
    .description("run every sampler on a table and measure each against a reference posterior");
  addModelOptions(command)
    .optionsGroup(optionGroups.sampling)
    .option(
      "--samplers <names>",
      `samplers to compare, separated by commas (default: all, ${samplers.map(({ name }) => name).join(",")})`,
      (text) => text.split(",").map((name) => name.trim()),
    )
    .option("--time-limit <seconds>", "give a sampler up after so long (default 60)", number);
  addRunOptions(command)
    .option("--plot <file.svg>", "draw each sampler's accuracy against its time")
    .addHelpText("after", example)
    .action((data: string | undefined, flags: CompareFlags) => runCompare(data, flags, version));
}

const example = `
Example:
  ornstein compare wine.csv -f 'quality > 5 ~ .' --samplers control-variate,nuts,laplace --plot wine.svg`;

async function runCompare(data: string | undefined, flags: CompareFlags, version: string): Promise<void> {
  const { formula, sql, json, plot, threads, quiet, color, ...options } = flags;
  requireRunnable(data, flags);
  await Promise.all([requireWritable(json), requireWritable(plot)]);
  await interruptible(
    quiet,
    async (listening) => {
      // Loaded late, so that --help and refusals of options are instant.
      const { compare } = await import("../src/node-command.ts");
      return compare({ path: data, sql, formula }, { ...options, threads, ...listening });
    },
    async (comparison) => {
      if (plot !== undefined) {
        const { plotComparison } = await import("./plot-comparison.ts");
        await writeWhole(plot, (temporary) => writeFile(temporary, plotComparison(comparison)));
      }
      const { comparisonToJson } = await import("../src/posterior/contract-json.ts");
      await writeJson(json, comparisonToJson(comparison, { version, command: commandLine() }));
      if (json !== "-") process.stdout.write(renderComparison(comparison, terminal(color)));
    },
  );
}
