import { type Command, InvalidArgumentError, Option } from "commander";
import { InputError } from "../src/errors.ts";
import { families } from "../src/families/families.ts";
import type { FitOptions } from "../src/fit/options/options.ts";
import { classCodings } from "../src/models/model.ts";

/** What every command that fits takes: the data, the model, and how the run goes. */
export interface CommonFlags extends FitOptions {
  formula: string;
  sql?: string;
  json?: string;
  threads?: number;
  quiet?: boolean;
  color: boolean;
}

/** Headings of the help. */
export const optionGroups = {
  data: "Data:",
  model: "Model:",
  priors: "Priors:",
  sampling: "Sampling:",
  output: "Output:",
} as const;

export const dataArgument =
  "CSV, TSV, JSON lines or Parquet file, or a glob of them, such as 'flights-*.parquet'; - is standard input";
export const sqlHelp = "take the rows of a query over any file DuckDB reads; DATA, if given, is the view `data`";

export function addModelOptions(command: Command): Command {
  return command
    .argument("[data]", dataArgument)
    .optionsGroup(optionGroups.data)
    .option("--sql <query>", sqlHelp)
    .option("--weights <expression>", "count each row so often, such as n; rows of weight 0 are left out")
    .addOption(
      new Option(
        "--storage <how>",
        "hold the rows with all their columns or only those that are not 0; auto takes sparse where that is far less (default auto)",
      ).choices(["auto", "dense", "sparse"]),
    )
    .optionsGroup(optionGroups.model)
    .requiredOption(
      "-f, --formula <formula>",
      "what is explained by what, such as 'y ~ x1 + log(x2) + C(code)', 'delay > 15 ~ .' or 'good ~ words(text)'",
    )
    .addOption(
      new Option("--family <name>", "the target's law given its mean (default: guessed from the target)").choices(
        Object.keys(families),
      ),
    )
    .option(
      "--event <level>",
      "the event of a two-valued target, whose probability is modelled (default: the second value in sorted order)",
    )
    .addOption(
      new Option(
        "--class-coding <how>",
        "coefficients of a categorical target's classes: against a reference class, or of all alike (default reference)",
      ).choices(classCodings),
    )
    .addOption(
      new Option(
        "--standardize <what>",
        "the scale of priors and sampler: auto takes features, and for gaussian and student-t the target too (default auto)",
      ).choices(["auto", "features", "none"]),
    )
    .optionsGroup(optionGroups.priors)
    .option(
      "--prior <prior>",
      "prior of every coefficient on the standardised scale: normal(0, 2.5), the default, student-t(3, 0, 1), laplace(0, 1), or learned from the data; give it again for a term or a column: 'log(x): laplace(0, 0.5)'",
      (text: string, others: string[] = []) => [...others, text],
    )
    .option("--intercept-prior <prior>", "prior of the intercept of the centred design (default normal(0, 10))")
    .option(
      "--sigma <scale>",
      "noise scale of gaussian and student-t, standardised: learned, a number, or em, the number that variational EM finds (default learned)",
      (text) => (text === "em" ? text : learnedOr(text)),
    )
    .option(
      "--sigma-prior <prior>",
      "prior of a learned sigma: half-normal(1), half-student-t(3, 0, 10), … (default exponential(1))",
    )
    .option(
      "--dispersion <alpha>",
      "α of negative-binomial, whose variance is μ + α μ²: learned, or a number (default learned)",
      learnedOr,
    )
    .option("--dispersion-prior <prior>", "prior of a learned dispersion (default exponential(1))")
    .option("--nu <degrees>", "degrees of freedom of student-t: learned, or a number (default learned)", learnedOr)
    .option("--nu-prior <prior>", "prior of a learned nu (default gamma(2, 0.1))");
}

export const seedHelp = "seed of the random numbers; the same seed gives the same draws (default 1)";
export const threadsHelp = "worker threads; the result does not depend on them (default: all cores)";
export const quietHelp = "do not tell how far the run is";
export const plainHelp = "write plain text, without colours";

export function addRunOptions(command: Command): Command {
  return command
    .optionsGroup(optionGroups.sampling)
    .option("--chains <count>", "chains that are run side by side (default 4)", number)
    .option("--draws <count>", "draws of each chain that are kept (default 1000)", number)
    .option("--seed <number>", seedHelp, number)
    .option(
      "--tolerance <error>",
      "largest relative error of a posterior sd to aim for, of settings and Monte Carlo together (default 0.02)",
      number,
    )
    .option("--threads <count>", threadsHelp, number)
    .optionsGroup(optionGroups.output)
    .option("--json <file>", "write the whole result as JSON; - is standard output")
    .option("--quiet", quietHelp)
    .option("--no-color", plainHelp);
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
