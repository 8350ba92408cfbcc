import { InputError } from "../errors.ts";
import { withDefaults } from "../options/option.ts";
import { type WatchSettings, watchOptions } from "../options/watch-options.ts";
import { Stream } from "./stream.ts";
import { type StreamModelOptions, type StreamRecord, streamModel } from "./stream-model.ts";

/** Lines of JSON into a stream, whose columns the first of them decide where no other stream has. */
export class StreamIntake {
  private line = 0;
  /** Rows that the stream does not have yet, with their lines. */
  private readonly held: { readonly record: StreamRecord; readonly line: number }[] = [];
  /** Until there is a stream that counts them. */
  private malformed = 0;
  private readonly first: number;
  private readonly rate: number;

  /**
   * @param stream What is gone on with; without one the first rows make it
   * @param onUnusable Hears each new reason for which a row is left out, and its line; no further row is taken in where it throws
   */
  constructor(
    public stream: Stream | undefined,
    private readonly options: StreamModelOptions & WatchSettings,
    private readonly onUnusable: (reason: string, line: number) => void,
  ) {
    ({ first: this.first, rate: this.rate } = withDefaults(watchOptions, options, ["first", "rate"]));
  }

  /** Rows so far, with those that are held. */
  get rows(): number {
    return this.stream?.rows ?? this.held.length;
  }

  /** @throws InputError where the first rows do not fit the formula, and what `onUnusable` throws */
  async take(lines: readonly string[]): Promise<void> {
    for (const text of lines) {
      this.line++;
      if (text.trim() === "") continue;
      const record = recordOf(text);
      if (record) {
        this.held.push({ record, line: this.line });
        continue;
      }
      // What came before it is in.
      if (this.stream) await this.pass();
      if (this.stream ? this.stream.leaveOut(malformedLine) : this.malformed++ === 0)
        this.onUnusable(malformedLine, this.line);
    }
    if (this.stream) await this.pass();
    else if (this.held.length >= this.first) await this.start();
  }

  /** The stream of all rows, once there are no more. @throws InputError where there was none */
  async finish(): Promise<Stream> {
    if (!this.stream && this.held.length > 0) await this.start();
    if (this.stream) return this.stream;
    throw new InputError("The stream has no rows: give a JSON object with a value for each column on each line.");
  }

  private async start(): Promise<void> {
    const { prior, ...options } = this.options;
    const records = this.held.map(({ record }) => record);
    const model = await streamModel(records, { ...options, prior: [prior].flat()[0] });
    this.stream = new Stream(model, this.rate, this.first);
    for (let k = 0; k < this.malformed; k++) this.stream.leaveOut(malformedLine);
    await this.pass();
  }

  /** Gives what is held to the stream. */
  private async pass(): Promise<void> {
    const held = this.held.splice(0);
    const records = held.map(({ record }) => record);
    await this.stream!.take(records, (reason, index) => this.onUnusable(reason, held[index].line));
  }
}

const malformedLine = "A line is no JSON object.";

/** The record of a line of JSON, or nothing where it is none. */
function recordOf(line: string): StreamRecord | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as StreamRecord) : undefined;
  } catch {
    return undefined;
  }
}
