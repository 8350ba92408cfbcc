import { flagOf } from "../src/options/option.ts";
import type { FitOptions } from "../src/options/options.ts";
import type { OpenTable } from "./worker/protocol.ts";

const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** The command that makes the same fit, with what it writes: a shell takes it as it stands. */
export function commandOf({ path, sql }: OpenTable, formula: string, options: FitOptions): string {
  const words = ["ornstein", "fit", ...(path === "" ? [] : [path]), ...(sql === undefined ? [] : ["--sql", sql])];
  words.push("--formula", formula);
  for (const [name, value] of Object.entries(options))
    for (const one of Array.isArray(value) ? value : [value]) words.push(flagOf(name), String(one));
  return [...words, "--save", "fit.nc"].map(quoted).join(" ");
}
