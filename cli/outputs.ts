import { access, constants, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { InputError } from "../src/data/errors.ts";
import { writeWhole } from "../src/posterior/whole-files-node.ts";

export { writeWhole };

/** Refuses before any work is done what could not be written after it. */
export async function requireWritable(path: string | undefined): Promise<void> {
  if (path === undefined || path === "-") return;
  try {
    await access(dirname(resolve(path)), constants.W_OK);
  } catch {
    throw new InputError(`"${path}" cannot be written: its folder does not exist or is not writable.`);
  }
  const there = await stat(path).catch(() => null);
  if (there?.isDirectory()) throw new InputError(`"${path}" cannot be written: it is a folder.`);
}

/** Writes a value as JSON to a file, or to standard output where the path is "-". */
export async function writeJson(path: string | undefined, value: unknown): Promise<void> {
  if (path === undefined) return;
  const text = `${JSON.stringify(value, null, 2)}\n`;
  if (path === "-") process.stdout.write(text);
  else await writeWhole(path, (temporary) => writeFile(temporary, text));
}

/** The command as it was given, for the record. */
export function commandLine(): string {
  return ["ornstein", ...process.argv.slice(2)].join(" ");
}

/** How standard output is to be written on. */
export function terminal(color: boolean): { width: number; color: boolean } {
  return {
    width: process.stdout.columns ?? 120,
    color: color && process.env.NO_COLOR === undefined && process.stdout.isTTY === true,
  };
}
