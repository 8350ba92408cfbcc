import { fstatSync, writeFileSync } from "node:fs";
import { InputError } from "../../src/errors.ts";
import { outputPlace } from "../../src/persistence/output-place-node.ts";
import { reasonOf } from "../../src/persistence/whole-files-node.ts";

/** Whether an option's path is standard output, by "-" or by a name such as /dev/stdout. */
export function isStandardOutput(path: string): boolean {
  return path === "-" || outputPlace(path).descriptor === 1;
}

/**
 * Writes on standard output, and waits where the reader of a pipe is slower.
 * @throws InputError where it is full, or closed by its reader
 */
export async function writeStandardOutput(text: string): Promise<void> {
  await writeText(text).catch((error) => {
    throw new InputError(`Standard output could not be written: ${reasonOf(error)}.`);
  });
}

/** The same of what people read: a reader that closes the pipe, such as head, has read what it wanted. */
export async function writeReport(text: string): Promise<void> {
  await writeText(text).catch((error) => {
    if (error.code !== "EPIPE") throw new InputError(`Standard output could not be written: ${reasonOf(error)}.`);
  });
}

/** Node's own stream writes into a file once, and says nothing of what did not fit. */
async function writeText(text: string): Promise<void> {
  if (fstatSync(1).isFile()) return writeFileSync(1, text);
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}
