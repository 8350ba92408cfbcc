import type { Command } from "commander";
import { InputError } from "../../src/errors.ts";
import type { FitComparison } from "../../src/loo/compare-fits.ts";
import type { KFold } from "../../src/loo/k-fold-result.ts";
import type { Loo } from "../../src/loo/loo.ts";
import { type KFoldSettings, kFoldOptions, type LooSettings, looOptions } from "../../src/options/loo-options.ts";
import type { SavedFit } from "../../src/persistence/restored-fit.ts";
import {
  addOptions,
  dataArgument,
  headings,
  jsonHelp,
  number,
  plainHelp,
  quietHelp,
  sqlHelp,
  threadsHelp,
} from "../options.ts";
import { commandLine, terminal, writeJson } from "../outputs/outputs.ts";
import { requireOutputs } from "../outputs/require-outputs.ts";
import { type CommandRun, runCommand } from "../process/run-command.ts";
import { certificateWarnings } from "../render/certificate-warning.ts";

interface LooFlags extends Omit<LooSettings, "seed">, KFoldSettings {
  readonly against?: readonly string[];
  readonly out?: string;
  readonly sql?: string;
  readonly json?: string;
  readonly threads?: number;
  readonly quiet?: boolean;
  readonly color: boolean;
}

export function addLooCommand(program: Command, version: string): void {
  const command = program
    .command("loo")
    .description(
      "how well a saved fit predicts rows that it was not made of, alone or against other fits of the same rows",
    )
    .argument("<fit>", "a file that ornstein fit --save wrote")
    .argument("[data]", `the rows that it was made of: ${dataArgument}`)
    .optionsGroup(headings.data)
    .option("--sql <query>", sqlHelp)
    .optionsGroup("Leave-one-out:")
    .option("--against <fit>", "another saved fit of the same rows to compare with; may be given again", again);
  const { rows, ...shared } = looOptions;
  addOptions(command, { rows, ...shared }).optionsGroup("K-fold:");
  const { posteriorDraws: _, seed: __, kFold, ...ofFolds } = kFoldOptions;
  const { default: ___, ...withoutDefault } = kFold;
  addOptions(command, { kFold: { ...withoutDefault, otherwise: "leave rows out one by one" }, ...ofFolds })
    .option("--threads <count>", threadsHelp, number)
    .optionsGroup(headings.output)
    .option(
      "--out <file>",
      "write a row for each row that was left out, with its log density and Pareto k, or its fold: .csv, .parquet or .jsonl; - is CSV on standard output",
    )
    .option("--json <file>", jsonHelp)
    .option("--quiet", quietHelp)
    .option("--no-color", plainHelp)
    .addHelpText("after", example)
    .action((fit: string, data: string | undefined, flags: LooFlags) => runLoo(fit, data, flags, version));
}

const again = (text: string, others: readonly string[] = []) => [...others, text];

const example = `
Example:
  ornstein loo fit.nc flights.parquet
  ornstein loo distance.nc flights.parquet --against hour.nc --against both.nc
  ornstein loo fit.nc flights.parquet --k-fold 10 --fold-by carrier`;

async function runLoo(path: string, data: string | undefined, flags: LooFlags, version: string): Promise<void> {
  const { against = [], out, sql, json, quiet, color } = flags;
  const paths = [path, ...against];
  requireLoo(paths, data, flags);
  const outputs = { "--out": out, "--json": json };
  let onStandardOutput = false;
  for (const fit of paths) ({ onStandardOutput } = await requireOutputs(outputs, { fit, path: data, sql }));
  await runCommand(quiet, async (run) => {
    // Loaded late, so that --help and refusals of options are instant.
    const { compareFits, loadFit, looToJson } = await import("../../src/node-command.ts");
    const { openPredictions } = await import("../outputs/write-predictions.ts");
    const writer = await openPredictions(out);
    try {
      const fits: SavedFit[] = [];
      for (const own of paths) fits.push(await loadFit(own));
      const results: Record<string, Loo | KFold> = {};
      for (const [k, fit] of fits.entries())
        results[paths[k]] = await leaveOut(
          fit,
          { path: data, sql },
          flags,
          run,
          paths.length > 1 ? paths[k] : undefined,
        );
      const comparison: FitComparison | FitComparison<"kfold"> | undefined =
        paths.length > 1 ? compareFits(results as Record<string, Loo>) : undefined;
      const ofFits = fits.flatMap((fit, k) => certificateWarnings(fit, "numbers", paths[k]));
      const result = comparison ?? results[path];
      const answer = { ...result, warnings: [...ofFits, ...result.warnings] };
      if (out !== undefined) {
        const { tableOfLoo } = await import("../outputs/table-of-loo.ts");
        await run.write(out, async () => {
          await writer.add(tableOfLoo(results));
          await writer.finish();
        });
      }
      if (json !== undefined) {
        const about = { version, command: commandLine() };
        const own = (k: number) => ({ formula: fits[k].formula, family: fits[k].family });
        const ofEach = paths.map((name, k) => [name, { ...own(k), ...looToJson(results[name], about) }]);
        const record = comparison
          ? { ...looToJson(answer, about), results: Object.fromEntries(ofEach) }
          : { ...own(0), ...looToJson(answer, about) };
        await run.write(json, () => writeJson(json, record));
      }
      if (onStandardOutput) return;
      const { renderComparedFits, renderLoo } = await import("../render/render-loo.ts");
      const options = { ...terminal(color), out };
      await run.print(
        "fits" in answer ? renderComparedFits(answer, results, options) : renderLoo(fits[0], answer, options),
      );
    } finally {
      writer.close();
    }
  });
}

/** By importance sampling, or by folds. @param name of the fit, where there are several */
async function leaveOut(
  fit: SavedFit,
  rows: { readonly path?: string; readonly sql?: string },
  flags: LooFlags,
  { onProgress: listener }: CommandRun,
  name: string | undefined,
): Promise<Loo | KFold> {
  const { rows: numRows, posteriorDraws, seed, kFold: count, foldBy, stratify, unknownLevels, threads } = flags;
  const onProgress: typeof listener = (stage, fraction, event) =>
    listener(name === undefined ? stage : `${name}: ${stage}`, fraction, event);
  const { kFold, loo } = await import("../../src/node-command.ts");
  const shared = { posteriorDraws, seed, onProgress };
  return count === undefined
    ? loo(fit, rows, { ...shared, rows: numRows })
    : kFold(fit, rows, { ...shared, kFold: count, foldBy, stratify, unknownLevels, threads });
}

/** @throws InputError where there is nothing to read, a fit is named twice, or a flag is of the other way of leaving rows out */
function requireLoo(paths: readonly string[], data: string | undefined, flags: LooFlags): void {
  if (data === undefined && flags.sql === undefined)
    throw new InputError("The rows that the fit was made of are needed: name their file, or give them by --sql.");
  if (data === "-" && paths.length > 1)
    throw new InputError("Standard input is read once, and every fit reads the rows: give a file, or one fit.");
  const twice = paths.find((path, k) => paths.indexOf(path) < k);
  if (twice !== undefined) throw new InputError(`"${twice}" is named twice: leave one out.`);
  if (flags.kFold !== undefined && flags.rows !== undefined)
    throw new InputError(
      "--rows is for leaving rows out one by one, and --k-fold leaves out all of them: give one of them.",
    );
  const ofFolds = (["foldBy", "stratify", "unknownLevels", "threads"] as const).find((own) => flags[own] !== undefined);
  if (flags.kFold === undefined && ofFolds !== undefined) {
    const flag = `--${ofFolds.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new InputError(`${flag} is for folds: give --k-fold too, or leave it out.`);
  }
}
