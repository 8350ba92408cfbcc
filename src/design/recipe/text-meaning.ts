import type { ColumnUse } from "../../formula/column-uses.ts";
import { isoDays } from "../../table/iso-dates.ts";
import type { TextLevel, TextValues } from "../../table/table-source.ts";
import { isPlainNumber, plainNumber, type Spelling, spellingOf } from "../../table/text-spellings.ts";

/** What the texts of a column mean in a formula that reads it without saying so itself. */
export type TextMeaning =
  | { readonly kind: "levels" }
  | { readonly kind: "dates" }
  /** Numbers or dates in a spelling that is not read by itself. */
  | { readonly kind: "spelled"; readonly spelling: Spelling; readonly example: TextLevel }
  /** Numbers or dates with other words among them, the first of which is not known where it is beyond the part that was read. */
  | { readonly kind: "mixed"; readonly of: "numbers" | "dates"; readonly words: readonly TextLevel[] }
  /** Texts that all are numbers, and too many to be codes. */
  | { readonly kind: "numbers"; readonly example: TextLevel }
  /** Nearly as many texts as rows. */
  | { readonly kind: "keys"; readonly example: TextLevel };

export type UnfitMeaning = Exclude<TextMeaning, { readonly kind: "levels" | "dates" }>;

/** From that many different numbers on, they are measurements rather than codes. */
const manyNumbers = 20;
/** Up to that many levels, each may have a row of its own. */
const fewLevels = 50;
/** A level that is rarer than this share of what others have on average is a slip rather than a level. */
const slipFraction = 0.1;
/** What stands for a missing value; levels are seldom called so where all others are numbers. */
const missingWord =
  /^[\s\-–—.?*#/]*$|^[<>#]?\s*(?:n\.?\/?\s?a\.?n?|n\.?[dsk]\.?|null|nil|none|missing|unknown|undefined|not .*|inf|infinity|div\/0!|value!|ref!)$/i;

export function meaningOf({ rows, levels, isWhole }: TextValues, uses: ReadonlySet<ColumnUse>): TextMeaning {
  if (rows === 0) return { kind: "levels" };
  const noDates = levels.filter(({ text }) => Number.isNaN(isoDays(text)));
  if (noDates.length === 0) return { kind: "dates" };
  if (!uses.has("plain") && !uses.has("target")) return { kind: "levels" };
  // Most of the texts are looked at in the order of the rows, so that the same is said of the same data in any format.
  const inOrder = [...levels].sort(byFirstRow);
  if (rowsOf(noDates) < 0.05 * rowsOf(levels) && 2 * noDates.length < levels.length)
    return { kind: "mixed", of: "dates", words: first(noDates) };
  const words = levels.filter(({ text }) => !isPlainNumber(text));
  if (words.length === 0) return ofNumbers(inOrder, isWhole, uses);
  const spelling = spellingOf(levels);
  if (spelling) {
    const example = inOrder.find((level) => !isPlainNumber(level.text) && !spelling.others.includes(level))!;
    return { kind: "spelled", spelling, example };
  }
  if (areStrays(words, levels)) return { kind: "mixed", of: "numbers", words: first(words) };
  const isKeys = !isWhole || (levels.length > fewLevels && 2 * levels.length > rows);
  return isKeys && !uses.has("target") ? { kind: "keys", example: inOrder[0] } : { kind: "levels" };
}

/** Texts that all are numbers: codes, unless they are many and have decimals, or differ in most rows. */
function ofNumbers(levels: readonly TextLevel[], isWhole: boolean, uses: ReadonlySet<ColumnUse>): TextMeaning {
  // A longer part would have shown the word that makes a text of the column.
  if (!isWhole) return { kind: "mixed", of: "numbers", words: [] };
  const isCode = levels.some(({ text }) => /^0\d/.test(text));
  const decimals = levels.filter(({ text }) => /[.eE]/.test(text)).length;
  const differ = levels.length > fewLevels && 2 * levels.length > rowsOf(levels);
  if (differ && isCode && !uses.has("target")) return { kind: "keys", example: levels[0] };
  const areMeasured = levels.length > manyNumbers && (differ || 2 * decimals > levels.length);
  return areMeasured || (uses.has("target") && levels.length > 2 && !isCode)
    ? { kind: "numbers", example: levels[0] }
    : { kind: "levels" };
}

/** Whether texts among the numbers of a column are slips or stand for missing values, and are not levels like the numbers. */
function areStrays(words: readonly TextLevel[], levels: readonly TextLevel[]): boolean {
  const numbers = levels.length - words.length;
  if (numbers === 0) return false;
  if (words.every(({ text }) => missingWord.test(text.trim()))) return true;
  if (words.length >= numbers) return false;
  const numberRows = rowsOf(levels) - rowsOf(words);
  const areMeasured = numbers > manyNumbers || 2 * numbers > numberRows;
  // "2.0-rc1" may be a level beside "1.1"; "abc" is none beside "7".
  const haveNoDigit = words.every(({ text }) => !/\d/.test(text));
  const areRare = rowsOf(words) / words.length < (slipFraction * numberRows) / numbers;
  return areMeasured || haveNoDigit || areRare;
}

function rowsOf(levels: readonly TextLevel[]): number {
  return levels.reduce((sum, { rows }) => sum + rows, 0);
}

/** In the order of the rows. */
function first(words: readonly TextLevel[]): readonly TextLevel[] {
  return [...words].sort(byFirstRow);
}

/** Patterns of what a mixed column holds besides the words. */
export const patternOf = { numbers: plainNumber, dates: "\\s*\\d{4}-\\d\\d-\\d\\d.*" } as const;

const byFirstRow = (a: TextLevel, b: TextLevel) => (a.firstRow ?? 0) - (b.firstRow ?? 0);
