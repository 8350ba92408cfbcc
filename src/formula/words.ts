import { InputError } from "../errors.ts";
import type { CompleteRows } from "../table/complete-rows.ts";
import { maxLevels } from "../table/table.ts";
import { type CategoryColumn, compareText, formatCount } from "../table/table-source.ts";
import { type ExpressionScope, findColumn } from "./expression.ts";
import { type CallFactor, type Factor, isCallOf } from "./formula.ts";
import { formulaError } from "./formula-errors.ts";
import { expressionText, factorName } from "./formula-text.ts";

/** Letters, digits and marks of any script, and apostrophes between them. */
const wordPattern = /[\p{L}\p{M}\p{N}]+(?:'[\p{L}\p{M}\p{N}]+)*/gu;

/** The words of a text in lower case, in its order: "Don't, ÉTÉ 7" has "don't", "été" and "7". */
export function wordsOf(text: string): readonly string[] {
  return text.normalize("NFC").replaceAll("’", "'").toLowerCase().match(wordPattern) ?? [];
}

/** Whether a factor is a call of words(): counts of a text's words. */
export function isWordCount(factor: Factor): factor is CallFactor {
  return isCallOf("words", factor);
}

/** The columns that factors read as texts alone: whatever has levels of them is in `others`. */
export function textColumns(factors: readonly Factor[], others: ReadonlySet<string>): Set<string> {
  const names = factors.filter(isWordCount).flatMap(({ expression }) => expression.args);
  return new Set(names.flatMap((text) => (text.kind === "column" && !others.has(text.name) ? text.name : [])));
}

/** Words rarer than that tell next to nothing of their coefficients. */
const minRows = 5;
/** The same as a share of the rows: of many rows, the rare words are many, and say as little. */
const minFraction = 1e-3;
/** Texts have fewer; what has more is made of numbers or keys. */
const maxWords = 2_000_000;

/** How often each word occurs in a chunk's rows: row i has the entries from starts[i] to starts[i + 1] − 1. */
interface WordCounts {
  readonly starts: Int32Array;
  /** A word's code; a row has each of its words once. */
  readonly cells: Int32Array;
  /** How often the word occurs in the row. */
  readonly values: Float64Array;
}

/** A factor of several entries a row: the words of a text, each with its count. Codes are given in the order of appearance. */
export class WordFactor {
  readonly kind = "words";
  private readonly words: string[];
  private readonly codes: Map<string, number>;
  /** How often each word occurs in the row that is being read; 0 between rows. */
  private counts: Int32Array;

  /**
   * @param least Rows in which a word has to occur; a share of them where left out
   * @param known The words that are counted; all others are passed over. Every word that occurs where it is left out.
   */
  constructor(
    readonly name: string,
    private readonly evaluate: (rows: CompleteRows) => CategoryColumn,
    private readonly least: number | undefined,
    private readonly known?: readonly string[],
  ) {
    this.words = [...(known ?? [])];
    this.codes = new Map(this.words.map((word, code) => [word, code]));
    this.counts = new Int32Array(Math.max(1024, this.words.length));
  }

  get numCodes(): number {
    return this.words.length;
  }

  get appeared(): readonly string[] {
    return this.words;
  }

  learn(appeared: readonly (number | string)[]): Int32Array {
    return Int32Array.from(appeared, (word) => this.codeOf(String(word)));
  }

  readonly label = (code: number) => this.words[code];
  readonly compare = (a: number, b: number) => compareText(this.words[a], this.words[b]);

  /** In how many of so many rows a word has to occur to be kept. */
  minRows(numRows: number): number {
    return this.least ?? Math.max(minRows, Math.ceil(minFraction * numRows));
  }

  /** @throws InputError where different words are too many */
  read(rows: CompleteRows): WordCounts {
    const { codes, levels } = this.evaluate(rows);
    const starts = new Int32Array(codes.length + 1);
    const cells: number[] = [];
    const values: number[] = [];
    for (let i = 0; i < codes.length; i++) {
      for (const word of wordsOf(levels[codes[i]])) {
        const code = this.codeOf(word);
        if (code >= 0 && this.counts[code]++ === 0) cells.push(code);
      }
      for (let entry = starts[i]; entry < cells.length; entry++) {
        values.push(this.counts[cells[entry]]);
        this.counts[cells[entry]] = 0;
      }
      starts[i + 1] = cells.length;
    }
    return { starts, cells: Int32Array.from(cells), values: Float64Array.from(values) };
  }

  /** −1 of a word that is passed over. */
  private codeOf(word: string): number {
    const code = this.codes.get(word) ?? (this.known ? -1 : this.words.length);
    if (code < this.words.length) return code;
    if (code === maxWords) {
      throw new InputError(
        `${this.name} finds more than ${formatCount(maxWords)} different words, so that most must be numbers or keys; take those out of the text with --sql, as in regexp_replace(text, '[0-9]+', ' ', 'g').`,
      );
    }
    this.codes.set(word, code);
    this.words.push(word);
    if (code === this.counts.length) {
      const grown = new Int32Array(2 * code);
      grown.set(this.counts);
      this.counts = grown;
    }
    return code;
  }
}

/** @throws InputError where the arguments of words() are not a column of texts and, perhaps, a number of rows. */
export function compileWords(factor: CallFactor, scope: ExpressionScope, known?: readonly string[]): WordFactor {
  const { args, at } = factor.expression;
  const [text, least] = args;
  if (args.length < 1 || args.length > 2) {
    const sentence = `words() takes a column of texts and, perhaps, a number of rows, as in words(text, 20), and ${args.length} arguments are given.`;
    throw formulaError(scope.text, at, sentence);
  }
  const type = text.kind === "column" ? findColumn(text.name, text.at, scope).type : undefined;
  if (text.kind !== "column" || type !== "string") {
    const what = type === undefined ? "no column" : type === "number" ? "a column of numbers" : "true or false";
    const sentence = `words() counts the words of a column of texts, and ${expressionText(text)} is ${what}; give it a text, or write the term without words().`;
    throw formulaError(scope.text, text.at, sentence);
  }
  if (least && !(least.kind === "number" && Number.isInteger(least.value) && least.value >= 1)) {
    const sentence = `the second argument of words() is in how many rows a word has to occur, a whole number from 1 on, as in words(${expressionText(text)}, 20).`;
    throw formulaError(scope.text, least.at, sentence);
  }
  const { name } = text;
  const evaluate = ({ chunk }: CompleteRows) => chunk.columns.get(name) as CategoryColumn;
  return new WordFactor(factorName(factor), evaluate, least?.kind === "number" ? least.value : undefined, known);
}

/**
 * What is told of a factor's words where some were too rare to be kept.
 * @throws InputError where none are left, or too many
 */
export function wordsLeftOut(factor: WordFactor, kept: number, numRows: number): string[] {
  const { name, numCodes } = factor;
  const least = factor.minRows(numRows);
  const another = (rows: number) => `${name.replace(/(, \d+)?\)$/, "")}, ${rows})`;
  if (numCodes === 0) throw new InputError(`${name} finds no word in any row; leave it out of the formula.`);
  if (kept === 0) {
    throw new InputError(
      `${name} keeps none of its ${formatCount(numCodes)} words, as none occurs in ${formatCount(least)} rows; give a smaller number, as in ${another(Math.ceil(least / 5))}, or leave it out of the formula.`,
    );
  }
  if (kept > maxLevels) {
    throw new InputError(
      `${name} keeps ${formatCount(kept)} words, where ${formatCount(maxLevels)} are the most; keep those that occur in more rows, as in ${another(4 * least)}.`,
    );
  }
  if (kept === numCodes) return [];
  const others = numCodes - kept;
  const which = others === 1 ? "1 other, which occurs" : `${formatCount(others)} others, which occur`;
  return [
    `${name} counts ${formatCount(kept)} words; ${which} in fewer than ${formatCount(least)} rows, ${others === 1 ? "is" : "are"} left out (${another(1)} keeps all).`,
  ];
}
