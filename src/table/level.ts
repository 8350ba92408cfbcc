/** The type of the levels of a factor, or of the two values of a target. */
export type ValueKind = "text" | "number" | "boolean";

/** The words for truth values in files. */
const truths: Readonly<Record<string, string>> = {
  ...Object.fromEntries(["true", "t", "yes", "y", "1"].map((word) => [word, "true"])),
  ...Object.fromEntries(["false", "f", "no", "n", "0"].map((word) => [word, "false"])),
};

/**
 * The index of a level, as the user writes it, among those that occur: the same text; for numbers the same number, so
 * that 2.0 is 2; for truth values the same truth, so that yes is true. −1 if there is none.
 */
export function indexOfLevel(written: string, levels: readonly string[], kind: ValueKind): number {
  const index = levels.indexOf(written);
  if (index >= 0 || written.trim() === "") return index;
  if (kind === "number") return levels.findIndex((level) => Number(level) === Number(written));
  if (kind !== "boolean") return -1;
  const word = written.toLowerCase();
  return Object.hasOwn(truths, word) ? levels.indexOf(truths[word]) : -1;
}

export function quotedLevels(levels: readonly string[]): string[] {
  return levels.map((level) => `"${level}"`);
}
