import { type Command, InvalidArgumentError, Option } from "commander";
import { InputError } from "../src/data/errors.ts";
import { families } from "../src/families/families.ts";
import { classCodings } from "../src/models/model.ts";
import type { FitOptions } from "../src/posterior/options.ts";

/** What every command that fits takes: the data, the model, and how the run goes. */
export interface CommonFlags extends FitOptions {
  formula: string;
  sql?: string;
  json?: string;
  threads?: number;
  quiet?: boolean;
  color: boolean;
}

export function addModelOptions(command: Command): Command {
  return command
    .argument("[data]", "CSV, TSV, JSON lines or Parquet file, or a glob of them")
    .requiredOption(
      "-f, --formula <formula>",
      "such as 'y ~ x1 + log(x2) + C(code)', 'delay > 15 ~ .' or 'good ~ words(text)'",
    )
    .option("--sql <query>", "rows from SQL over any file DuckDB reads; DATA, if given, is the view `data`")
    .addOption(new Option("--family <name>", "guessed from the target where left out").choices(Object.keys(families)))
    .option(
      "--event <level>",
      "of a two-valued target: the one whose probability is modelled; the second in sorted order",
    )
    .addOption(
      new Option("--class-coding <how>", "of a categorical target: reference, or symmetric").choices(classCodings),
    )
    .addOption(
      new Option("--storage <how>", "of the design in memory: auto takes sparse where that is far less").choices([
        "auto",
        "dense",
        "sparse",
      ]),
    )
    .addOption(
      new Option("--standardize <what>", "auto: features, and for gaussian and student-t the target too").choices([
        "auto",
        "features",
        "none",
      ]),
    )
    .option("--weights <expression>", "how often each row counts, such as n; rows of weight 0 are left out")
    .option(
      "--prior <prior>",
      "of every coefficient on the standardised scale: normal(0, 2.5), student-t(3, 0, 1), laplace(0, 1), or learned; again for a term or a column: 'log(x): laplace(0, 0.5)'",
      (text: string, others: string[] = []) => [...others, text],
    )
    .option("--intercept-prior <prior>", "of the intercept of the centred design: normal(0, 10)")
    .option("--sigma <scale>", "noise scale (gaussian, student-t), standardised: learned, a number, or em", (text) =>
      text === "em" ? text : learnedOr(text),
    )
    .option("--sigma-prior <prior>", "of a learned sigma: exponential(1), half-normal(1), half-student-t(3, 0, 10), …")
    .option("--dispersion <alpha>", "negative-binomial, variance μ + α μ²: learned, or a number", learnedOr)
    .option("--dispersion-prior <prior>", "of a learned dispersion: exponential(1)")
    .option("--nu <degrees>", "degrees of freedom of student-t: learned, or a number", learnedOr)
    .option("--nu-prior <prior>", "of a learned nu: gamma(2, 0.1)");
}

export function addRunOptions(command: Command): Command {
  return command
    .option("--chains <count>", "4", number)
    .option("--draws <count>", "draws a chain: 1000", number)
    .option("--seed <number>", "1", number)
    .option("--tolerance <error>", "largest relative error of a posterior sd: 0.02", number)
    .option("--threads <count>", "worker threads: all cores; the result does not depend on it", number)
    .option("--json <file>", "write the whole result as JSON; - is standard output")
    .option("--quiet", "no progress")
    .option("--no-color", "plain text");
}

export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) throw new InvalidArgumentError(`"${text}" is not a number.`);
  return value;
}

function learnedOr(text: string): number | "learned" {
  return text === "learned" ? text : number(text);
}

/** Refuses what cannot be run, before anything is loaded. */
export function requireRunnable(data: string | undefined, { sql, threads }: CommonFlags): void {
  if (data === undefined && sql === undefined)
    throw new InputError("There is nothing to read: name a file, or give rows by --sql.");
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1))
    throw new InputError("--threads takes a whole number of at least 1.");
}
