import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { progressReporter } from "../../src/engine/progress.ts";
import { InputError } from "../../src/errors.ts";
import { flagOf, type OptionTable, withDefaults } from "../../src/options/option.ts";
import { fitOptions } from "../../src/options/options.ts";
import { requireAccepted } from "../../src/options/require-accepted.ts";
import { type WatchSettings, watchOptions } from "../../src/options/watch-options.ts";
import { Stream, type StreamState } from "../../src/stream/stream.ts";
import { StreamIntake } from "../../src/stream/stream-intake.ts";
import type { StreamModelOptions } from "../../src/stream/stream-model.ts";
import { mergeStreams, restoreStream, streamToJson } from "../../src/stream/stream-state.ts";
import { addOptions, headings, plainHelp, quietHelp } from "../options.ts";
import { terminal, writeJson, writeText } from "../outputs/outputs.ts";
import { requireOutputs } from "../outputs/require-outputs.ts";
import { heedInterrupts } from "../process/interruptible.ts";
import { linesOf, reasonOfReading } from "../process/lines.ts";
import { type CommandRun, runCommand } from "../process/run-command.ts";
import { renderStream } from "../render/render-stream.ts";
import { visible } from "../render/visible.ts";

interface WatchFlags extends WatchSettings, Omit<StreamModelOptions, "formula" | "prior"> {
  readonly formula?: string;
  readonly prior?: readonly string[];
  readonly follow?: boolean;
  readonly from?: string;
  readonly like?: string;
  readonly merge?: readonly string[];
  readonly state?: string;
  readonly json?: string;
  readonly quiet?: boolean;
  readonly color: boolean;
}

const { family, event, prior, interceptPrior } = fitOptions;
const modelOptions = { family, event, prior, interceptPrior };

/** Of the flags those that a table has. */
const withoutOthers = (flags: object, table: OptionTable) =>
  Object.fromEntries(Object.entries(flags).filter(([name]) => Object.hasOwn(table, name)));

export function addWatchCommand(program: Command): void {
  const command = program
    .command("watch")
    .description("the posterior of a stream of rows that is never stored: one pass, intervals at any time")
    .argument("[data]", "a file of JSON lines, or - for standard input (default)")
    .optionsGroup(headings.data)
    .option("--follow", "wait for more rows at the end of the file, as tail -f does")
    .option("--from <state>", "go on with the stream of this state")
    .option(
      "--like <state>",
      "begin a stream of the same columns, levels and scales, which can be merged with that one",
    )
    .option("--merge <states...>", "the stream of all rows of several states, and nothing is read")
    .optionsGroup(headings.model)
    .option("-f, --formula <formula>", "the target and what explains it, as in ornstein fit, without group terms");
  addOptions(command, modelOptions).optionsGroup("Stream:");
  addOptions(command, watchOptions)
    .optionsGroup(headings.output)
    .option("--state <file>", "write the state, for --from, --like and --merge")
    .option("--json <file>", "write the intervals as JSON; - is standard output, a line for each report")
    .option("--quiet", quietHelp)
    .option("--no-color", plainHelp)
    .addHelpText("after", example)
    .action(runWatch);
}

const example = `
Example:
  tail -f -n +1 clicks.jsonl | ornstein watch -f 'clicked ~ hour + device' --every 10000 --state clicks.json
  Ctrl-C prints the intervals as they stand, and writes the state.`;

async function runWatch(data: string | undefined, flags: WatchFlags): Promise<void> {
  requireMeaning(data, flags);
  const inputs = data === undefined || data === "-" ? {} : { path: data };
  const { onStandardOutput } = await requireOutputs({ "--json": flags.json, "--state": flags.state }, inputs);
  await runCommand(flags.quiet, async (run) => {
    const report = (stream: Stream) => reportStream(stream, { ...flags, onStandardOutput }, run);
    if (flags.merge) {
      const states = await Promise.all(flags.merge.map(readState));
      return report(mergeStreams(states, flags.merge));
    }
    await follow(data, flags, run, report);
  });
}

async function follow(
  path: string | undefined,
  flags: WatchFlags,
  { onProgress }: CommandRun,
  report: (stream: Stream) => Promise<void>,
): Promise<void> {
  const { every = Number.POSITIVE_INFINITY, unusable } = flags;
  const { signal, release } = heedInterrupts();
  const intake = new StreamIntake(await begun(flags), flags as StreamModelOptions & WatchFlags, (reason, line) => {
    if (unusable === "stop") throw new StoppedStream(`Line ${line}: ${reason}`);
    process.stderr.write(`Left out, line ${line}: ${visible(reason)}\n`);
  });
  const progress = progressReporter(onProgress);
  let next = (intake.stream?.rows ?? 0) + every;
  let stopped: StoppedStream | undefined;
  try {
    for await (const lines of linesOf({ path, follow: flags.follow, most: every, signal })) {
      await intake.take(lines);
      progress?.("reading the stream", 0, { done: intake.rows, unit: "rows" });
      const { stream } = intake;
      if (!stream || stream.rows < next) continue;
      next = stream.rows + every;
      await report(stream);
    }
  } catch (error) {
    if (!(error instanceof StoppedStream)) throw error;
    // What came before is not lost.
    stopped = error;
  } finally {
    release();
  }
  progress?.finish();
  if (!stopped || intake.stream) await report(await intake.finish());
  if (stopped) throw stopped;
}

/** A row that cannot be used ends the stream. */
class StoppedStream extends InputError {}

/** The stream that is gone on with, or begun like another. */
async function begun({ from, like, ...flags }: WatchFlags): Promise<Stream | undefined> {
  if (from !== undefined) return restoreStream(await readState(from), from);
  if (like === undefined) return undefined;
  const state = await readState(like);
  restoreStream(state, like);
  const { first, rate } = withDefaults(watchOptions, flags, ["first", "rate"]);
  return new Stream(state.model, rate, first, state.unit);
}

async function readState(path: string): Promise<StreamState> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as StreamState;
  } catch (error) {
    if (error instanceof SyntaxError) throw new InputError(`"${path}" is no state of a stream: it is no JSON.`);
    throw new InputError(`"${path}" could not be read: ${reasonOfReading(error)}.`);
  }
}

async function reportStream(
  stream: Stream,
  { state, json, onStandardOutput, color, ...flags }: WatchFlags & { readonly onStandardOutput: boolean },
  { write, print }: CommandRun,
): Promise<void> {
  const { interval } = withDefaults(watchOptions, flags, ["interval"]);
  const text = renderStream(stream, interval, terminal(color));
  if (state !== undefined) await write(state, () => writeText(state, `${JSON.stringify(stream.state())}\n`));
  if (json !== undefined) {
    const record = streamToJson(stream, interval);
    await write(json, () => (json === "-" ? writeText(json, `${JSON.stringify(record)}\n`) : writeJson(json, record)));
  }
  if (!onStandardOutput) await print(`${text}\n`);
}

/** Refuses what would have no effect, before anything is read. */
function requireMeaning(data: string | undefined, flags: WatchFlags): void {
  requireAccepted(watchOptions, withoutOthers(flags, watchOptions));
  requireAccepted(modelOptions, withoutOthers(flags, modelOptions));
  const starts = (["from", "like", "merge"] as const).filter((name) => flags[name] !== undefined);
  if (starts.length > 1)
    throw new InputError(`Give one of --from, --like and --merge, not both --${starts[0]} and --${starts[1]}.`);
  const ofModel = ["formula", "family", "event", "prior", "interceptPrior"] as const;
  const ofStart = ["first", "rate"] as const;
  const [start] = starts;
  const settled = {
    from: [...ofModel, ...ofStart],
    like: ofModel,
    merge: [...ofModel, ...ofStart, "follow", "every", "unusable"] as const,
  };
  const foreign = start && settled[start].find((name) => flags[name] !== undefined);
  if (foreign) throw new InputError(`${flagOf(foreign)} is what the state of --${start} has: leave it out.`);
  if (start === "merge" && data !== undefined) throw new InputError("--merge reads states alone: leave the data out.");
  if (start === undefined && flags.formula === undefined)
    throw new InputError("A stream needs a formula: give one by -f 'y ~ x', or a state by --from or --like.");
  if (flags.follow && (data ?? "-") === "-")
    throw new InputError("--follow is for a file: standard input goes on by itself.");
  if ((flags.prior?.length ?? 0) > 1)
    throw new InputError("A stream has one --prior for all coefficients: leave the others out.");
}
