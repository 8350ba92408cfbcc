import { Command, CommanderError } from "commander";
import { version } from "../package.json" with { type: "json" };
import { InputError } from "../src/errors.ts";
import { reasonOf } from "../src/persistence/whole-files-node.ts";
import { addCheckCommand } from "./commands/check.ts";
import { addCompareCommand } from "./commands/compare.ts";
import { addEffectsCommand } from "./commands/effects.ts";
import { addFitCommand } from "./commands/fit.ts";
import { addLooCommand } from "./commands/loo.ts";
import { addPaperCommand } from "./commands/paper.ts";
import { addPlotCommand } from "./commands/plot.ts";
import { addPredictCommand } from "./commands/predict.ts";
import { addReportCommand } from "./commands/report.ts";
import { addResumeCommand } from "./commands/resume.ts";
import { addStudioCommand } from "./commands/studio.ts";
import { addUpdateCommand } from "./commands/update.ts";
import { addWatchCommand } from "./commands/watch.ts";
import { ExitStatus, reportFailure } from "./process/failure.ts";
import { visibleLines } from "./render/visible.ts";

// What is written to a closed or full stream is found out where it is written; unheard, it would end the process.
let unwritten: NodeJS.ErrnoException | undefined;
process.stdout.on("error", (error) => {
  unwritten = error;
});
process.stderr.on("error", () => {});

const program = new Command("ornstein")
  .description("Posterior samples from constant-rate SGD, every setting from theory, every result with a certificate.")
  .version(version)
  .showHelpAfterError("(ornstein --help lists the commands, ornstein fit --help the options)")
  .configureOutput({ outputError: (text, write) => write(visibleLines(text)) })
  .exitOverride();
addFitCommand(program, version);
addCheckCommand(program);
addPredictCommand(program, version);
addUpdateCommand(program, version);
addEffectsCommand(program, version);
addLooCommand(program, version);
addPlotCommand(program);
addReportCommand(program);
addWatchCommand(program);
addStudioCommand(program);
addCompareCommand(program, version);
addPaperCommand(program);
addResumeCommand(program, (args) => program.parseAsync(args, { from: "user" }));

try {
  await program.parseAsync();
} catch (error) {
  // Commander has printed its own sentence; help and --version end with status 0.
  if (!(error instanceof CommanderError)) process.exitCode = reportFailure(error);
  else if (error.exitCode !== 0) process.exitCode = ExitStatus.unusable;
}
// Help and lists, which are not waited for.
await new Promise((resolve) => setImmediate(resolve));
if (unwritten && unwritten.code !== "EPIPE" && process.exitCode !== ExitStatus.notWritten) {
  reportFailure(new InputError(`Standard output could not be written: ${reasonOf(unwritten)}.`));
  process.exitCode = ExitStatus.notWritten;
}
