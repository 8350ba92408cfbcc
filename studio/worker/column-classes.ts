import { isoDays, isoTypes } from "../../src/table/iso-dates.ts";
import { type Column, type ColumnInfo, compareText } from "../../src/table/table-source.ts";

/** What stands for a missing value in files of text, as for the command. */
const missingWords = new Set(["", "NA", "N/A", "NaN", "nan", "NULL", "null"]);

/** What every reader of numbers takes for one. Not `+5`, ` 5`, `5.`, `1_000` or `0x1f`, of which readers make this or that. */
const surelyNumber = /^-?(0|[1-9]\d{0,299})(\.\d{1,300})?([eE][+-]?\d{1,3})?$/;
/** Codes, whose zeros in front are a part of them: the command keeps them as texts. */
const codeWithZeros = /^0\d+(\.\d+)?$/;
/** What some reader might take for a number; everything else is a text. */
const perhapsNumber =
  /^\s*[+-]?\s*(0x[\da-f_]*|0b[01_]*|0o[0-7_]*|[\d_]*([.,'][\d_]*)*\s*(e[+-]?[\d_]*)?|inf(inity)?|nan)\s*$/i;

export interface ReadColumn {
  readonly info: ColumnInfo;
  readonly column: Column;
}

const doubtful = (value: string) =>
  `holds ${JSON.stringify(value.length > 40 ? `${value.slice(0, 39)}…` : value)}, which may be a number or a text; the page does not guess, and ornstein studio FILE reads it as the command does`;

/**
 * A column of a file of text, with the type that the command would give it: numbers, dates where all are ISO dates, truth values where
 * all are true or false in any case, else texts. Where the command's reader might see it differently the column is unsupported, and says so.
 */
export function classifyColumn(name: string, cells: readonly string[]): ReadColumn {
  let [numbers, texts, present] = [0, 0, 0];
  let odd: string | undefined;
  for (const cell of cells) {
    if (missingWords.has(cell)) continue;
    present++;
    if (surelyNumber.test(cell)) numbers++;
    else if (perhapsNumber.test(cell) && !codeWithZeros.test(cell)) odd ??= cell;
    else texts++;
  }
  const info = (type: ColumnInfo["type"], sourceType: string, more: Partial<ColumnInfo> = {}) => ({
    name,
    type,
    sourceType,
    ...more,
  });
  if (present > 0 && numbers === present) {
    const values = Float64Array.from(cells, (cell) => (missingWords.has(cell) ? Number.NaN : Number(cell)));
    if (values.some((value) => Math.abs(value) === Number.POSITIVE_INFINITY))
      return unsupported(name, cells, doubtful("a number beyond 1e308"));
    const isWhole = cells.every((cell) => missingWords.has(cell) || /^-?\d{1,18}$/.test(cell));
    return { info: info("number", isWhole ? "BIGINT" : "DOUBLE"), column: { kind: "number", values } };
  }
  // Among texts that are surely texts everything else is a text too.
  if (odd !== undefined && texts === 0) return unsupported(name, cells, doubtful(odd));
  const truths = cells.every((cell) => missingWords.has(cell) || /^(true|false)$/i.test(cell));
  if (present > 0 && truths) {
    const codes = Int32Array.from(cells, (cell) => (missingWords.has(cell) ? -1 : Number(/^true$/i.test(cell))));
    return { info: info("boolean", "BOOLEAN"), column: { kind: "category", codes, levels: ["false", "true"] } };
  }
  const time = present > 0 && isoTypes.find(([, pattern]) => allMatch(cells, new RegExp(`^(?:${pattern})$`)));
  if (time) {
    const values = Float64Array.from(cells, (cell) => (missingWords.has(cell) ? Number.NaN : isoDays(cell)));
    return { info: info("number", time[0], { isTime: true }), column: { kind: "number", values } };
  }
  return {
    info: info("string", "VARCHAR"),
    column: textColumn(cells.map((cell) => (missingWords.has(cell) ? null : cell))),
  };
}

function allMatch(cells: readonly string[], pattern: RegExp): boolean {
  return cells.every((cell) => missingWords.has(cell) || (pattern.test(cell) && !Number.isNaN(isoDays(cell))));
}

function unsupported(name: string, cells: readonly string[], refusal: string): ReadColumn {
  return {
    info: { name, type: "unsupported", refusal },
    column: { kind: "category", codes: new Int32Array(cells.length).fill(-1), levels: [] },
  };
}

/** Texts as codes of their levels in codepoint order; null is missing. */
export function textColumn(texts: readonly (string | null)[]): Column {
  const distinct = new Set<string>();
  for (const text of texts) if (text !== null) distinct.add(text);
  const levels = [...distinct].sort(compareText);
  const index = new Map(levels.map((level, code) => [level, code]));
  return { kind: "category", codes: Int32Array.from(texts, (text) => (text === null ? -1 : index.get(text)!)), levels };
}
