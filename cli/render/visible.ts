/** Control characters, line and paragraph separators, and those that turn the direction of writing. */
const unseen = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

const known: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u001b": "\\e" };

/**
 * A text for a terminal: names, levels and formulas come from files, and what would move the cursor, change colours or hide
 * other text stands there as it is written in a string. Files keep the text itself.
 */
export function visible(text: string): string {
  return text.replace(unseen, (character) => known[character] ?? `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** The same of a message whose lines are its own, such as the place in a formula below the sentence. */
export function visibleLines(text: string): string {
  return text.split("\n").map(visible).join("\n");
}

/** The same for every text within plain objects and arrays, keys included; all else is what it was. */
export function visibleTexts<T>(value: T): T {
  return mapTexts(value) as T;
}

function mapTexts(value: unknown): unknown {
  if (typeof value === "string") return visible(value);
  if (Array.isArray(value)) return value.map(mapTexts);
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [visible(key), mapTexts(item)]));
}
