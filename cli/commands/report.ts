import type { Command } from "commander";
import { InputError } from "../../src/errors.ts";
import type { SavedFit } from "../../src/persistence/restored-fit.ts";
import type { OverRows } from "../../src/report/over-rows.ts";
import { dataArgument, headings, quietHelp, sqlHelp } from "../options.ts";
import { terminal, writeText } from "../outputs/outputs.ts";
import { requireOutputs } from "../outputs/require-outputs.ts";
import { type CommandRun, runCommand } from "../process/run-command.ts";
import { certificateWarnings } from "../render/certificate-warning.ts";
import { wrap } from "../render/table.ts";
import { visible } from "../render/visible.ts";

interface ReportFlags {
  readonly out: string;
  readonly sql?: string;
  readonly title?: string;
  readonly quiet?: boolean;
}

export function addReportCommand(program: Command): void {
  program
    .command("report")
    .description("write a saved fit as one page to read, to print or to hand on")
    .argument("<fit>", "a file that ornstein fit --save wrote")
    .argument("[data]", `for effects averaged over rows, and how well these are predicted: ${dataArgument}`)
    .optionsGroup(headings.data)
    .option("--sql <query>", sqlHelp)
    .optionsGroup(headings.output)
    .requiredOption("--out <file.html>", "the page; - is standard output")
    .option("--title <text>", "the title (default: the formula)")
    .option("--quiet", quietHelp)
    .addHelpText("after", example)
    .action(runReport);
}

const example = `
Example:
  ornstein report fit.nc --out fit.html
  ornstein report fit.nc flights.parquet --title 'Late flights' --out fit.html`;

async function runReport(path: string, data: string | undefined, flags: ReportFlags): Promise<void> {
  const { out, sql, title, quiet } = flags;
  requirePage("--out", out);
  if (data === "-")
    throw new InputError("A report reads the rows twice, and standard input can be read once: give a file.");
  const { onStandardOutput } = await requireOutputs({ "--out": out }, { fit: path, path: data, sql });
  await runCommand(quiet, async (run) => {
    // Loaded late, so that --help and refusals of options are instant.
    const { loadFit } = await import("../../src/node-command.ts");
    const { report } = await import("../../src/plots.ts");
    const fit = await loadFit(path);
    const overRows = data === undefined && sql === undefined ? {} : await askRows(fit, { path: data, sql }, run);
    const page = await report(fit, { ...overRows, ...(title !== undefined && { title }) });
    await run.write(out, () => writeText(out, page));
    const said = certificateWarnings(fit, "numbers", path).map((own) =>
      wrap(`! ${visible(own)}`, terminal(false).width),
    );
    if (said.length > 0 && !onStandardOutput) await run.print(`${said.join("\n")}\n`);
  });
}

/** What is computed with rows: comparisons of every column, and predictions. */
async function askRows(
  fit: SavedFit,
  rows: { readonly path?: string; readonly sql?: string },
  { onProgress }: CommandRun,
): Promise<OverRows> {
  const { effects, predict } = await import("../../src/node-command.ts");
  return {
    effects: await effects(fit, { kind: "comparisons", onProgress }, rows),
    prediction: await predict(fit, rows, { onProgress }),
  };
}

/** @throws InputError where the path does not end as a page does */
export function requirePage(option: string, path: string): void {
  if (path === "-" || /\.html?$/i.test(path) || path.startsWith("/dev/")) return;
  throw new InputError(`${option} writes a page: give it a file that ends in .html.`);
}
