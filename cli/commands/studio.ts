import { once } from "node:events";
import { type Command, InvalidArgumentError } from "commander";
import { InputError } from "../../src/errors.ts";
import { dataArgument, headings, number, sqlHelp } from "../options.ts";
import { heedInterrupts } from "../process/interruptible.ts";

interface StudioFlags {
  readonly sql?: string;
  readonly port: number;
}

export function addStudioCommand(program: Command): void {
  program
    .command("studio")
    .description("open a page on this machine to look at a table, fit it and watch the chains; with a tour of the idea")
    .argument("[data]", dataArgument.replace("; - is standard input", ""))
    .optionsGroup(headings.data)
    .option("--sql <query>", sqlHelp)
    .optionsGroup("Page:")
    .option("--port <number>", "where the page is served, on this machine alone (default: one that is free)", port, 0)
    .addHelpText("after", example)
    .action(runStudio);
}

const example = `
Example:
  ornstein studio flights.parquet
  The address to open in a browser is printed; Ctrl-C ends it. Nothing leaves
  this machine. The page works without the command too: dist/studio/index.html.`;

function port(text: string): number {
  const value = number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  throw new InvalidArgumentError("a port is a whole number up to 65535.");
}

async function runStudio(path: string | undefined, { sql, port }: StudioFlags): Promise<void> {
  if (path === "-")
    throw new InputError("The studio reads the rows more than once, and standard input can be read once: give a file.");
  // Loaded late, so that --help and refusals of options are instant.
  const { startStudio } = await import("../studio/server.ts");
  const { openTable } = await import("../../src/node-command.ts");
  // What cannot be read is said here, before anybody opens a page.
  if (path !== undefined || sql !== undefined) await (await openTable({ path, sql })).close?.();
  const interrupts = heedInterrupts();
  const { address, close } = await startStudio({ path, sql }, port);
  process.stdout.write(`The studio is at\n\n  ${address}\n\non this machine alone. Ctrl-C ends it.\n`);
  if (!interrupts.signal.aborted) await once(interrupts.signal, "abort");
  interrupts.release();
  await close();
  // Ending it is how it ends.
  process.exitCode = 0;
}
