import { Command } from "commander";
import { expect, it } from "vitest";
import { version } from "../package.json" with { type: "json" };
import { effectOptions } from "../src/options/effect-options.ts";
import type { OptionTable } from "../src/options/option.ts";
import { fitOptions } from "../src/options/options.ts";
import { predictOptions } from "../src/options/predict-options.ts";
import { updateOptions } from "../src/options/update-options.ts";
import { addEffectsCommand } from "./commands/effects.ts";
import { addFitCommand } from "./commands/fit.ts";
import { addPredictCommand } from "./commands/predict.ts";
import { addUpdateCommand } from "./commands/update.ts";

// The keywords of the Python package are the flags of the command: `npx vitest run cli/python-options.test.ts --update` writes them anew.

/**
 * What the package gives the command by itself, and what needs the command's own files: a checkpoint outlives their folder, and a
 * cluster's executors do not see it.
 */
const own = new Set([
  ...["formula", "json", "save", "drawsOut", "effects", "out", "color", "checkpoint"],
  ...["engine", "table", "python", "conf"],
]);

const tables: Readonly<Record<string, OptionTable>> = {
  fit: fitOptions,
  predict: predictOptions,
  effects: effectOptions,
  update: updateOptions,
};

/** `batchSize` as Python spells it. */
const keywordOf = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function keywordsOf(command: Command): object[] {
  return command.options
    .filter((flag) => !own.has(flag.attributeName()))
    .map((flag) => {
      const name = flag.attributeName();
      const values = tables[command.name()][name]?.reads === "texts" ? "values" : "value";
      return {
        name: keywordOf(name),
        flag: flag.long,
        takes: flag.required ? values : "truth",
        help: flag.description,
      };
    });
}

it("the Python package's keywords are the command's flags", async () => {
  const program = new Command();
  addFitCommand(program, version);
  addPredictCommand(program, version);
  addEffectsCommand(program, version);
  addUpdateCommand(program, version);
  const keywords = Object.fromEntries(program.commands.map((command) => [command.name(), keywordsOf(command)]));
  await expect(`${JSON.stringify({ version, keywords }, null, 2)}\n`).toMatchFileSnapshot(
    "../python/src/ornstein/options.json",
  );
});
