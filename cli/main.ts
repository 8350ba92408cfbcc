import { Command, CommanderError } from "commander";
import { version } from "../package.json" with { type: "json" };
import { addCheckCommand } from "./check.ts";
import { addCompareCommand } from "./compare.ts";
import { ExitStatus, reportFailure } from "./failure.ts";
import { addFitCommand } from "./fit.ts";
import { addPaperCommand } from "./paper.ts";
import { addPredictCommand } from "./predict.ts";

const program = new Command("ornstein")
  .description("Posterior samples from constant-rate SGD, every setting from theory, every result with a certificate.")
  .version(version)
  .showHelpAfterError("(ornstein --help lists the commands, ornstein fit --help the options)")
  .exitOverride();
addFitCommand(program, version);
addCheckCommand(program);
addPredictCommand(program, version);
addCompareCommand(program, version);
addPaperCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  // Commander has printed its own sentence; help and --version end with status 0.
  process.exitCode =
    error instanceof CommanderError ? (error.exitCode === 0 ? 0 : ExitStatus.unusable) : reportFailure(error);
}
