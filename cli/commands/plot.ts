import { type Command, InvalidArgumentError, Option } from "commander";
import { InputError } from "../../src/errors.ts";
import type { SavedFit } from "../../src/persistence/restored-fit.ts";
import { dataArgument, headings, quietHelp, sqlHelp } from "../options.ts";
import { terminal } from "../outputs/outputs.ts";
import { requireOutputs } from "../outputs/require-outputs.ts";
import { pictureFormatOf, writePicture } from "../outputs/write-picture.ts";
import { runCommand } from "../process/run-command.ts";
import { certificateWarnings } from "../render/certificate-warning.ts";
import { wrap } from "../render/table.ts";
import { visible } from "../render/visible.ts";

/** What there are pictures of, and whether rows of data are needed. */
const kinds = {
  coefficients: "coefficients with intervals, and the sds and correlations of group terms",
  effects: "effects of a column (--of), as ornstein effects has them",
  groups: "the effects of a factor's levels",
  traces: "the draws of each chain in their order",
  ranks: "ranks of each chain's draws",
  sds: "predicted against measured posterior sds",
  checks: "posterior predictive checks (DATA with its target)",
  calibration: "probabilities against how often they came true (DATA with its target)",
} as const;
type Kind = keyof typeof kinds;

interface PlotFlags {
  readonly kind: Kind;
  readonly out: string;
  readonly sql?: string;
  readonly of?: readonly string[];
  readonly by?: readonly string[];
  readonly at?: readonly string[];
  readonly parameter?: readonly string[];
  readonly factor?: string;
  readonly effect?: string;
  readonly most?: number;
  readonly all?: boolean;
  readonly title?: string;
  readonly quiet?: boolean;
}

/** The flags that each kind takes, beside those that all take. */
const flagsOf: Readonly<Record<Kind, readonly (keyof PlotFlags)[]>> = {
  coefficients: ["most", "all", "title"],
  effects: ["of", "by", "at", "title", "sql"],
  groups: ["factor", "effect", "most"],
  traces: ["parameter"],
  ranks: ["parameter"],
  sds: [],
  checks: ["sql"],
  calibration: ["sql"],
};
const takesData: readonly Kind[] = ["effects", "checks", "calibration"];

const again = (text: string, others: readonly string[] = []) => [...others, text];
function count(text: string): number {
  const value = Number(text);
  if (!(Number.isInteger(value) && value >= 1)) throw new InvalidArgumentError("It takes a whole number from 1.");
  return value;
}

export function addPlotCommand(program: Command): void {
  const list = Object.entries(kinds).map(([kind, what]) => `${kind}: ${what}`);
  program
    .command("plot")
    .description("draw a picture of a saved fit")
    .argument("<fit>", "a file that ornstein fit --save wrote")
    .argument("[data]", `for effects, checks and calibration: ${dataArgument}`)
    .optionsGroup(headings.data)
    .option("--sql <query>", sqlHelp)
    .optionsGroup("Picture:")
    .addOption(new Option("--kind <what>", list.join("; ")).choices(Object.keys(kinds)).default("coefficients"))
    .option(
      "--of <column>",
      "effects: the column whose effect is drawn, a single column of numbers as a curve over its range; may be given again",
      again,
    )
    .option(
      "--by <column>",
      "effects: average over the rows of each value of a column by itself; may be given again",
      again,
    )
    .option(
      "--at <column=values>",
      "effects: set a column to these values, such as 'x=1,2,3', or to its 'range'; may be given again",
      again,
    )
    .option("--parameter <name>", "traces, ranks: a parameter by its name in the draws; may be given again", again)
    .option("--factor <name>", "groups: the grouping factor (default: the first)")
    .option("--effect <name>", "groups: the effect, such as Intercept (default: the first)")
    .option("--most <count>", "coefficients, groups: draw so many at most (default: 100 and 80)", count)
    .option("--all", "coefficients: intercepts and the family's own parameters too")
    .option("--title <text>", "coefficients, effects: the title (default: the formula)")
    .optionsGroup(headings.output)
    .requiredOption("--out <file>", "the picture: .svg, .png, or .html; - is SVG on standard output")
    .option("--quiet", quietHelp)
    .addHelpText("after", example)
    .action(runPlot);
}

const example = `
Example:
  ornstein plot fit.nc --out coefficients.svg
  ornstein plot fit.nc flights.parquet --kind effects --of distance --out distance.png`;

async function runPlot(path: string, data: string | undefined, flags: PlotFlags): Promise<void> {
  const { kind, out, sql, quiet } = flags;
  requireFlags(data, flags);
  const format = pictureFormatOf(out);
  const { onStandardOutput } = await requireOutputs({ "--out": out }, { fit: path, path: data, sql });
  await runCommand(quiet, async ({ onProgress, write, print }) => {
    // Loaded late, so that --help and refusals of options are instant.
    const { loadFit } = await import("../../src/node-command.ts");
    const fit = await loadFit(path);
    const rows = data === undefined && sql === undefined ? undefined : { path: data, sql };
    const { svg, warnings = [] } = await draw(fit, flags, { rows, onProgress });
    await write(out, () => writePicture(out, svg, format, `${kind} of ${fit.formula}`));
    // Whether chains agree is what their pictures are looked at for.
    const ofFit = ["traces", "ranks", "sds"].includes(kind) ? [] : certificateWarnings(fit, kind, path);
    const said = [...ofFit, ...warnings].map((warning) => wrap(`! ${visible(warning)}`, terminal(false).width));
    if (said.length > 0 && !onStandardOutput) await print(`${said.join("\n")}\n`);
  });
}

interface Picture {
  readonly svg: string;
  /** What was left out of it, as sentences. */
  readonly warnings?: readonly string[];
}

interface Drawn {
  readonly rows: { readonly path?: string; readonly sql?: string } | undefined;
  readonly onProgress: Parameters<Parameters<typeof runCommand>[1]>[0]["onProgress"];
}

async function draw(fit: SavedFit, flags: PlotFlags, { rows, onProgress }: Drawn): Promise<Picture> {
  const plots = await import("../../src/plots.ts");
  const { kind, of, by, at, parameter: parameters, factor, effect, most, all, title } = flags;
  switch (kind) {
    case "coefficients":
      return { svg: await plots.plotCoefficients(fit, { most, all, title }) };
    case "groups":
      return { svg: await plots.plotGroupEffects(fit, { factor, effect, most }) };
    case "traces":
      return { svg: await plots.plotTraces(fit, { parameters }) };
    case "ranks":
      return { svg: await plots.plotRanks(fit, { parameters }) };
    case "sds":
      return { svg: await plots.plotSds(fit) };
    case "effects": {
      const { effects } = await import("../../src/node-command.ts");
      const { defaultCurve } = await import("../../src/effects/default-curve.ts");
      const settled = defaultCurve(fit.recipe, { of, at }) ?? at;
      const kind = settled && ({ kind: "predictions" } as const);
      const found = await effects(fit, { of, by, at: settled, ...kind, onProgress }, rows);
      const svg = await plots.plotEffects(found, { title: title ?? fit.formula });
      return { svg, warnings: found.warnings };
    }
    default: {
      const { predict } = await import("../../src/node-command.ts");
      const prediction = await predict(fit, rows!, { onProgress });
      const draw = kind === "checks" ? plots.plotPredictiveChecks : plots.plotCalibration;
      return { svg: await draw(prediction), warnings: prediction.warnings };
    }
  }
}

/** @throws InputError where a flag is of another kind of picture, or what the kind needs is missing */
function requireFlags(data: string | undefined, flags: PlotFlags): void {
  const { kind, sql } = flags;
  const all = [...new Set(Object.values(flagsOf).flat())];
  const foreign = all.find((name) => flags[name] !== undefined && !flagsOf[kind].includes(name));
  if (foreign) {
    const takers = Object.keys(kinds).filter((own) => flagsOf[own as Kind].includes(foreign));
    throw new InputError(`--${foreign} does not apply to --kind ${kind}: it is for ${takers.join(", ")}.`);
  }
  if (data !== undefined && !takesData.includes(kind))
    throw new InputError(`--kind ${kind} is drawn from the fit alone: leave ${data} out.`);
  if (kind === "effects" && flags.of === undefined && flags.at === undefined)
    throw new InputError("--kind effects needs a column: give --of, or --at.");
  if (["checks", "calibration"].includes(kind) && data === undefined && sql === undefined)
    throw new InputError(`--kind ${kind} needs rows with their target: name a file, or give rows by --sql.`);
}
