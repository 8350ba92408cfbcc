import { createReadStream, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { InputError } from "../../src/errors.ts";
import { reasonOf } from "../../src/persistence/whole-files-node.ts";

/** Lines that are given out together, at most so many. */
const mostLines = 4096;
/** Longer lines are no rows; they would fill memory. */
const longestLine = 4_000_000;
const millisecondsBetweenLooks = 200;

/** Where lines come from. */
export interface LineSource {
  /** A file; standard input where it is "-" or left out. */
  readonly path?: string;
  /** Whether to wait for more at the end of the file, as `tail -f` does. */
  readonly follow?: boolean;
  /** How many lines are given out together at most. */
  readonly most?: number;
  /** Ends the lines. */
  readonly signal: AbortSignal;
}

/** Why a file could not be read. */
export function reasonOfReading(error: unknown): string {
  return (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : reasonOf(error);
}

/** Whole lines as they arrive, some at a time. @throws InputError where they cannot be read */
export async function* linesOf({
  path = "-",
  follow = false,
  most = mostLines,
  signal,
}: LineSource): AsyncGenerator<string[]> {
  let rest = "";
  try {
    for await (const text of path === "-" ? standardInput(signal) : ofFile(path, follow, signal)) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      if (rest.length > longestLine)
        throw new InputError(`A line is longer than ${longestLine} characters, and no row.`);
      const size = Math.min(most, mostLines);
      for (let from = 0; from < lines.length && !signal.aborted; from += size) yield lines.slice(from, from + size);
    }
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof InputError) throw error;
    throw new InputError(
      `${path === "-" ? "Standard input" : `"${path}"`} could not be read: ${reasonOfReading(error)}.`,
    );
  }
  if (rest !== "" && !signal.aborted) yield [rest];
}

async function* standardInput(signal: AbortSignal): AsyncGenerator<string> {
  signal.addEventListener("abort", () => process.stdin.destroy(), { once: true });
  process.stdin.setEncoding("utf8");
  for await (const text of process.stdin) yield text as string;
}

async function* ofFile(path: string, follow: boolean, signal: AbortSignal): AsyncGenerator<string> {
  if (!follow) {
    yield* createReadStream(path, { encoding: "utf8", signal }) as AsyncIterable<string>;
    return;
  }
  const file = await open(path);
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(2 ** 16);
  let position = 0;
  try {
    while (!signal.aborted) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      if (bytesRead > 0) {
        position += bytesRead;
        yield decoder.decode(buffer.subarray(0, bytesRead), { stream: true });
        continue;
      }
      // What is there now would be read as if it followed.
      if (statSync(path).size < position) throw new InputError(`"${path}" became shorter while it was followed.`);
      await new Promise((resolve) => setTimeout(resolve, millisecondsBetweenLooks));
    }
  } finally {
    await file.close();
  }
}
