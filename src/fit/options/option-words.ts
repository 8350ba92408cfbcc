import { effectOptions } from "../../options/effect-options.ts";
import { kFoldOptions, looOptions } from "../../options/loo-options.ts";
import type { OptionTable } from "../../options/option.ts";
import { fitOptions } from "../../options/options.ts";
import { predictOptions } from "../../options/predict-options.ts";
import { samplers } from "../../sampling/registry.ts";

// Sentences are written once, and name options as the command's flags: "use --sampler auto, or raise --batch-size". To those
// who call the library the same sentence names the library's options: "use `sampler: "auto"`, or raise `batchSize`".

/** What the command has, and the library has under another name. */
const phrases: readonly (readonly [command: string, library: string])[] = [
  ["ornstein fit --save", "`saveFit`"],
  ["--save-data", "`keepTarget`"],
  ["--save-log-likelihood", "`keepLogLikelihood`"],
];

/** Words that stand behind a flag as its value; behind others any word may follow in the sentence. */
const values: () => ReadonlySet<string> = () =>
  new Set([
    ...samplers.map(({ name }) => name),
    ...[fitOptions, predictOptions, effectOptions, looOptions, kFoldOptions].flatMap((table) =>
      Object.values<OptionTable[string]>(table).flatMap(({ words = [] }) => words),
    ),
    ...["auto", "learned", "error"],
  ]);

const number = /-?\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]?\d+)?/.source;
const shellText = /'(?:[^']|'\\'')*'|"(?:[^"\\]|\\.)*"/.source;
const flag = new RegExp(
  `(?<![\\w-])--([a-z]+(?:-[a-z]+)*)(?:[ =](${shellText}|${number}(?![\\w%])|[a-z][\\w-]*\\b))?`,
  "g",
);

/** A sentence as the library says it: options in backticks, by their names, with values as they are written in a program. */
export function inOptions(sentence: string): string {
  if (!sentence.includes("--")) return sentence;
  const known = values();
  const text = phrases.reduce((rest, [command, library]) => rest.replaceAll(command, library), sentence);
  return text.replaceAll(flag, (_, name: string, value?: string) => {
    const option = name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    if (value === undefined) return `\`${option}\``;
    if (/^["']/.test(value)) return `\`${option}: ${JSON.stringify(unquoted(value))}\``;
    if (/^[-\d]/.test(value)) return `\`${option}: ${value.replaceAll(",", "")}\``;
    return known.has(value) ? `\`${option}: "${value}"\`` : `\`${option}\` ${value}`;
  });
}

function unquoted(value: string): string {
  const inside = value.slice(1, -1);
  // Within double quotes a shell takes a backslash before these alone.
  return value.startsWith("'") ? inside.replaceAll("'\\''", "'") : inside.replaceAll(/\\(["$`\\])/g, "$1");
}

const option = /`([a-z]+(?:[A-Z][a-z]*)*)(?:: ("(?:[^"\\]|\\.)*"|-?\d[^`]*))?`/g;

/** The same sentence with the command's flags: what `inOptions` made of it is undone. */
export function inFlags(sentence: string): string {
  const text = phrases.reduce((rest, [command, library]) => rest.replaceAll(library, command), sentence);
  return text.replaceAll(option, (_, name: string, value?: string) => {
    const written = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (value === undefined) return written;
    if (!value.startsWith('"')) return `${written} ${value}`;
    const inside: string = JSON.parse(value);
    return `${written} ${/^[\w-]+$/.test(inside) ? inside : `'${inside.replaceAll("'", "'\\''")}'`}`;
  });
}

/** Parts of results in which every text is a sentence, or a word without an option in it. */
const partsWithSentences = ["settings", "certificate", "warnings", "samplers"];

/** A copy of a result with its sentences in other words. */
export function reworded<Result extends object>(result: Result, words: (sentence: string) => string): Result {
  const parts = Object.entries(result).filter(([name]) => partsWithSentences.includes(name));
  return { ...result, ...Object.fromEntries(parts.map(([name, part]) => [name, inEveryText(part, words)])) };
}

function inEveryText(value: unknown, words: (sentence: string) => string): unknown {
  if (typeof value === "string") return words(value);
  if (Array.isArray(value)) return value.map((entry) => inEveryText(entry, words));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, inEveryText(entry, words)]));
}
