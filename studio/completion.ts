import { quoteName } from "../src/formula/formula-text.ts";
import type { ColumnInfo } from "../src/table/table-source.ts";

/** What a formula may go on with. */
export interface Completion {
  /** As it is put into the formula. */
  readonly text: string;
  /** What it is, in a word or two. */
  readonly what: string;
}

/** Functions of the language that are no functions of numbers. */
const language: readonly Completion[] = [
  { text: "C(", what: "as categories" },
  { text: "poly(", what: "polynomial" },
  { text: "words(", what: "words of a text" },
  { text: "offset(", what: "added as it is" },
  { text: "I(", what: "arithmetic" },
];

const most = 8;
/** The word that ends where the caret is: a name, or one in backticks that is not closed. */
const wordBefore = /(?:`[^`]*|[\p{L}_][\p{L}\p{M}\p{N}_.]*)$/u;

/** The word before the caret and what it may become, the columns first; nothing where there is no word. */
export function completionsOf(
  formula: string,
  caret: number,
  columns: readonly ColumnInfo[],
  functions: readonly string[],
): { readonly start: number; readonly found: readonly Completion[] } {
  const before = formula.slice(0, caret);
  const [word = ""] = wordBefore.exec(before) ?? [];
  const start = caret - word.length;
  const sought = word.replace(/^`/, "").toLowerCase();
  if (sought === "") return { start, found: [] };
  const all: Completion[] = [
    ...columns
      .filter(({ type }) => type !== "unsupported")
      .map(({ name, type, isTime }) => ({
        text: quoteName(name),
        what: isTime ? "time" : type === "string" ? "text" : type,
      })),
    ...language,
    ...functions.map((name) => ({ text: `${name}(`, what: "function" })),
  ];
  const plain = (text: string) => text.replace(/^`/, "").toLowerCase();
  const begins = all.filter(({ text }) => plain(text).startsWith(sought));
  const holds = all.filter(({ text }) => !plain(text).startsWith(sought) && plain(text).includes(sought));
  const found = [...begins, ...holds].filter(({ text }) => text !== word).slice(0, most);
  return { start, found };
}
