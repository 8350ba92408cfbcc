import { writeFile } from "node:fs/promises";
import { writeWhole } from "../../src/persistence/whole-files-node.ts";
import { isStandardOutput, writeStandardOutput } from "./standard-output.ts";

/** Writes a text to a file, or to standard output where the path is "-". */
export async function writeText(path: string, text: string): Promise<void> {
  if (isStandardOutput(path)) await writeStandardOutput(text);
  else await writeWhole(path, (temporary) => writeFile(temporary, text));
}

export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeText(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** The command as it was given, for the record; a shell takes it as it stands. */
export function commandLine(): string {
  return ["ornstein", ...process.argv.slice(2).map(quotedForShell)].join(" ");
}

const quotedForShell = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** How standard output is to be written on. */
export function terminal(color: boolean): { width: number; color: boolean } {
  return {
    width: process.stdout.columns ?? 120,
    color: color && process.env.NO_COLOR === undefined && process.stdout.isTTY === true,
  };
}
