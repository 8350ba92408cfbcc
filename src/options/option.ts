import { listed } from "../suggest.ts";

/** What the help and the documentation say of an option. */
interface Description<Value> {
  /** What stands for its value in the help: "<rows>". */
  readonly argument: string;
  /** What it does, in the help and in the documentation. */
  readonly help: string;
  /** What is taken where it is left out. */
  readonly default?: Value;
  /** The same in words, where it is no value of the option's: "chosen from the theory". */
  readonly otherwise?: string;
}

/**
 * One option of a fit. The tables of this folder hold them by their names in the library; types, checks, refusals, the
 * command's flags and help, and docs/options.md follow from an entry.
 */
export interface Option<Value> extends Description<Value> {
  /** What it takes, for the sentence that refuses anything else. */
  readonly takes: string;
  accepts(value: unknown): value is Value;
  /** How the command reads it: as it stands, as a number, or as a list, one entry each time it is given. */
  readonly reads: "text" | "number" | "texts";
  /** Words: all that it takes where it is read as a text, what it takes beside numbers where it is read as a number. */
  readonly words?: readonly string[];
  /** The families that it is for; with others it is refused. Left out where it is for all. */
  readonly families?: readonly string[];
}

/** Options by their names, such as one of the tables of this folder. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** What a caller may give of a table. */
export type OptionsOf<Table> = {
  readonly [Name in keyof Table]?: Table[Name] extends Option<infer Value> ? Value : never;
};

/** Of the options that are named, which have a default: what was given, or else that. */
export function withDefaults<Table extends OptionTable, Name extends keyof Table>(
  table: Table,
  options: OptionsOf<Table>,
  names: readonly Name[],
): Required<Pick<OptionsOf<Table>, Name>> {
  const entries = names.map((name) => [name, options[name] ?? table[name].default]);
  return Object.fromEntries(entries) as Required<Pick<OptionsOf<Table>, Name>>;
}

/** What is taken where an option is left out, in words. */
export const defaultText = ({ default: value, otherwise }: Description<unknown>) => otherwise ?? String(value);

/** An option as the command writes it: `batchSize` is --batch-size. */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** An option that takes one of some words. */
export interface Choice<Word extends string> extends Option<Word> {
  readonly words: readonly Word[];
}

export function choice<const Word extends string>(words: readonly Word[], about: Description<Word>): Choice<Word> {
  return {
    ...about,
    reads: "text",
    words,
    takes: words.length > 3 ? `one of ${words.join(", ")}` : listed(words, "or"),
    accepts: (value): value is Word => (words as readonly unknown[]).includes(value),
  };
}

/** A text of any form, which is read later. */
export function text(takes: string, about: Description<string>): Option<string> {
  return { ...about, takes, reads: "text", accepts: (value) => typeof value === "string" };
}

const isBetween = (value: unknown, min: number, max: number): value is number =>
  typeof value === "number" && value >= min && value <= max && Number.isFinite(value);

const written = (value: number) => value.toLocaleString("en", { maximumFractionDigits: 20 });

/** A whole number from `min` to `max`, or above `min` without a bound that matters. */
export function wholeNumber(
  [min, max]: readonly [min: number, max?: number],
  about: Description<number>,
): Option<number> {
  return {
    ...about,
    reads: "number",
    takes: `a whole number${max === undefined ? `, ${min} or more` : ` from ${min} to ${written(max)}`}`,
    accepts: (value): value is number => Number.isSafeInteger(value) && isBetween(value, min, max ?? Infinity),
  };
}

export function numberBetween(
  [min, max]: readonly [min: number, max: number],
  about: Description<number>,
): Option<number> {
  return {
    ...about,
    reads: "number",
    takes: `a number from ${written(min)} to ${written(max)}`,
    accepts: (value): value is number => isBetween(value, min, max),
  };
}

/** A number between two others that it cannot be itself. */
export function numberInside(
  [min, max]: readonly [min: number, max: number],
  about: Description<number>,
): Option<number> {
  return {
    ...about,
    reads: "number",
    takes: `a number above ${written(min)} and below ${written(max)}`,
    accepts: (value): value is number => isBetween(value, min, max) && value !== min && value !== max,
  };
}

/** A number above 0, and at most `max` where that is given. */
export function aboveZero(about: Description<number>, max = Number.POSITIVE_INFINITY): Option<number> {
  return {
    ...about,
    reads: "number",
    takes: `a number above 0${Number.isFinite(max) ? ` and at most ${max}` : ""}`,
    accepts: (value): value is number => isBetween(value, Number.MIN_VALUE, max),
  };
}

/** A whole number or a word. */
export function wholeNumberOr<const Word extends string>(
  words: readonly Word[],
  bounds: Parameters<typeof numberOr>[1],
  about: Description<number | Word>,
): Option<number | Word> {
  const option = numberOr(words, bounds, about);
  return {
    ...option,
    accepts: (value): value is number | Word =>
      option.accepts(value) && (typeof value !== "number" || Number.isInteger(value)),
  };
}

/** A number or a word, by bounds that a sentence of its own puts into words. */
export function numberOr<const Word extends string>(
  words: readonly Word[],
  { min, max, takes }: { readonly min: number; readonly max: number; readonly takes: string },
  about: Description<number | Word>,
): Option<number | Word> {
  return {
    ...about,
    reads: "number",
    words,
    takes: `${words.join(", ")}, or ${takes}`,
    accepts: (value): value is number | Word =>
      (words as readonly unknown[]).includes(value) || isBetween(value, min, max),
  };
}
