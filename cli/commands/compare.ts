import type { Command } from "commander";
import type { CompareOptions } from "../../src/fit/comparison/compare.ts";
import { samplers } from "../../src/sampling/registry.ts";
import { addModelOptions, addRunOptions, type CommonFlags, number, requireRunnable } from "../options.ts";
import { commandLine, terminal, writeJson, writeText } from "../outputs/outputs.ts";
import { requireOutputs } from "../outputs/require-outputs.ts";
import { runCommand } from "../process/run-command.ts";
import { renderComparison } from "../render/render-comparison.ts";

interface CompareFlags extends CommonFlags, Pick<CompareOptions, "samplers" | "timeLimit"> {
  plot?: string;
}

export function addCompareCommand(program: Command, version: string): void {
  const command = program
    .command("compare")
    .description(
      "run every sampler on one model, and measure the error of each against a reference posterior, and its time",
    );
  addModelOptions(command)
    .option(
      "--samplers <names>",
      `samplers to compare, separated by commas (default: all of ${samplers.map(({ name }) => name).join(",")})`,
      (text) => text.split(",").map((name) => name.trim()),
    )
    .option(
      "--time-limit <seconds>",
      "give up a sampler that takes longer than this; it is then listed with the reason (default: 60)",
      number,
    );
  addRunOptions(command)
    .option("--plot <file.svg>", "draw a chart of each sampler's error against its time")
    .addHelpText("after", example)
    .action((data: string | undefined, flags: CompareFlags) => runCompare(data, flags, version));
}

const example = `
Example:
  ornstein compare wine.csv -f 'quality > 5 ~ .' \\
    --samplers control-variate,nuts,laplace --plot wine.svg`;

async function runCompare(data: string | undefined, flags: CompareFlags, version: string): Promise<void> {
  const { formula, sql, json, plot, threads, quiet, color, ...options } = flags;
  requireRunnable(data, flags);
  const { onStandardOutput } = await requireOutputs({ "--plot": plot, "--json": json }, { path: data, sql });
  await runCommand(quiet, async ({ onProgress, write, print }) => {
    // Loaded late, so that --help and refusals of options are instant.
    const { compare } = await import("../../src/node-command.ts");
    const comparison = await compare({ path: data, sql, formula }, { ...options, threads, onProgress });
    if (plot !== undefined) {
      await write(plot, async () => {
        const { plotComparison } = await import("../render/plot-comparison.ts");
        await writeText(plot, await plotComparison(comparison));
      });
    }
    if (json !== undefined) {
      const { comparisonToJson } = await import("../../src/fit/summary/to-json.ts");
      const record = comparisonToJson(comparison, { version, command: commandLine() });
      await write(json, () => writeJson(json, record));
    }
    if (!onStandardOutput) await print(renderComparison(comparison, terminal(color)));
  });
}
