import { type Command, Option as Flag, InvalidArgumentError } from "commander";
import { InputError } from "../src/errors.ts";
import { defaultText, flagOf, type Option, type OptionTable } from "../src/options/option.ts";
import { type FitOptions, optionGroups } from "../src/options/options.ts";
import { samplers } from "../src/sampling/registry.ts";
import { takersOf } from "./option-takers.ts";

/** What every command that fits takes: the data, the model, and how the run goes. */
export interface CommonFlags extends FitOptions {
  formula: string;
  sql?: string;
  engine?: string;
  table?: string;
  python?: string;
  conf?: readonly string[];
  json?: string;
  threads?: number;
  quiet?: boolean;
  color: boolean;
}

/** Headings of the help. */
export const headings = {
  data: "Data:",
  model: "Model:",
  priors: "Priors:",
  sampling: "Sampling:",
  output: "Output:",
} as const;

export const dataArgument =
  "CSV, TSV, JSON lines or Parquet file, or a glob of them, such as 'flights-*.parquet'; - is standard input";
export const sqlHelp =
  "read the rows of a SQL query (DuckDB's) over any file it reads; within it DATA, if given, is the view `data`";

/** A flag for each option of a table, as its entry says. */
export function addOptions(command: Command, options: OptionTable): Command {
  for (const [name, option] of Object.entries(options)) command.addOption(flagFor(name, option));
  return command;
}

function flagFor(name: string, option: Option<unknown>): Flag {
  const { argument, reads, words } = option;
  const flag = new Flag(`${flagOf(name)} ${argument}`, helpOf(name, option));
  if (name === "sampler") return flag.choices(["auto", ...samplers.map((sampler) => sampler.name)]);
  if (reads === "texts") return flag.argParser((text, others: string[] = []) => [...others, text]);
  if (reads === "number") return flag.argParser((text) => (words?.includes(text) ? text : number(text)));
  return words ? flag.choices(words) : flag;
}

/** What an option does, and in brackets what it is for and what it is where it is left out. */
export function helpOf(name: string, option: Option<unknown>): string {
  const takers = takersOf(name, option);
  const remarks = [...(takers.length > 0 ? [`for ${takers.join(", ")}`] : []), `default: ${defaultText(option)}`];
  return `${option.help} (${remarks.join("; ")})`;
}

export function addModelOptions(command: Command): Command {
  command.argument("[data]", dataArgument).optionsGroup(headings.data).option("--sql <query>", sqlHelp);
  addOptions(command, optionGroups.data)
    .optionsGroup(headings.model)
    .requiredOption(
      "-f, --formula <formula>",
      "the target and what explains it, as in R: 'y ~ x1 + log(x2) + C(code)', 'delay > 15 ~ .' or 'good ~ words(text)'",
    );
  addOptions(command, optionGroups.model).optionsGroup(headings.priors);
  return addOptions(command, optionGroups.priors).optionsGroup(headings.sampling);
}

/** Where the rows are read, if not here. */
export function addEngineOptions(command: Command): Command {
  return command
    .optionsGroup("Engine:")
    .option(
      "--engine <master>",
      "read the rows on the executors of Spark, and leave them there: spark://host:7077, local[4], yarn, k8s://… or sc://…; DATA and --sql are then Spark's",
    )
    .option("--table <name>", "read a table of the session's catalogue (for --engine)")
    .option("--python <program>", "a Python that has pyspark and pyarrow (for --engine; default: python3)")
    .option(
      "--conf <setting>",
      "a setting of Spark such as spark.executor.memory=8g; may be given again (for --engine)",
      (text: string, others: string[] = []) => [...others, text],
    );
}

export const threadsHelp = "worker threads; the result does not depend on how many (default: all cores)";
export const quietHelp = "do not report progress on standard error";
export const plainHelp = "print plain text, without colours";
export const jsonHelp = "write the whole result as JSON; - is standard output";

export function addRunOptions(command: Command): Command {
  return addOptions(command, optionGroups.run)
    .option("--threads <count>", threadsHelp, number)
    .optionsGroup(headings.output)
    .option("--json <file>", jsonHelp)
    .option("--quiet", quietHelp)
    .option("--no-color", plainHelp);
}

export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError(`"${text}" is not a number.`);
  return value;
}

/** Refuses what cannot be run, before anything is loaded. */
export function requireRunnable(data: string | undefined, { sql, table, threads }: CommonFlags): void {
  if (data === undefined && sql === undefined && table === undefined)
    throw new InputError("There is nothing to read: name a file, or give rows by --sql.");
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1))
    throw new InputError("--threads takes a whole number of at least 1.");
}
