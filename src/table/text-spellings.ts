/** Texts that represent numbers or dates in a spelling that is not read automatically, and the SQL that reads it. */
import type { TextLevel } from "./table-source.ts";

/** A number as programs write it; RE2 and JavaScript read the pattern alike. */
export const plainNumber = "\\s*[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?\\s*";
const isPlain = new RegExp(`^(?:${plainNumber})$`);

export function isPlainNumber(text: string): boolean {
  return isPlain.test(text);
}

/** How the values of a column are spelled. */
export interface Spelling {
  /** "amounts of money", for messages. */
  readonly what: string;
  /** Values in another spelling. */
  readonly others: readonly TextLevel[];
  /** Ways to read the values, the likelier one first; empty if there is none to offer. */
  readonly readings: readonly Reading[];
}

export interface Reading {
  /** How it differs from another reading. */
  readonly how?: string;
  /** What a comma means in it, for numbers. */
  readonly commas?: "separators" | "decimal";
  /** The SQL expression of the values of a column (a quoted name). */
  readonly sql: (column: string) => string;
}

/** The fraction of the rows that counts as "nearly all". */
const nearlyAll = 0.95;

/** The first spelling that nearly all values have. */
export function spellingOf(levels: readonly TextLevel[]): Spelling | undefined {
  return amounts(levels) ?? dates(levels);
}

const currencies =
  /[$€£¥₹₩₽₺₪฿₫₴₦₱]|\b(?:USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|HUF|AUD|CAD|NZD|BRL|ZAR|Kr|Rs|zł|Fr)\b\.?/giu;

/** The parts of a text besides its digits and their separators. */
interface Parts {
  /** Digits, dots, commas, apostrophes and blanks, and an exponent. */
  readonly body: string;
  readonly currency: string;
  readonly isPercent: boolean;
  readonly isBracketed: boolean;
}

function partsOf(text: string): Parts {
  const currency = (text.match(currencies) ?? []).join("").toUpperCase();
  let body = text
    .replace(currencies, " ")
    .replace(/[\u00a0\u2009\u202f]/g, " ")
    .replace(/[’‘]/g, "'")
    .trim();
  const isBracketed = /^\(.*\)$/.test(body);
  if (isBracketed) body = body.slice(1, -1);
  const isPercent = /%$/.test(body);
  if (isPercent) body = body.slice(0, -1);
  body = body.trim().replace(/^[+\-−] ?/, "");
  return { body, currency, isPercent, isBracketed };
}

/** Decimal points; commas, blanks or apostrophes between thousands, or lakhs. */
const withPoints =
  /^(?:\d+|\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})*,\d{3}|\d{1,3}(?:[ ']\d{3})+)?(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** Decimal commas; points, blanks or apostrophes between thousands. */
const withCommas = /^(?:\d+|\d{1,3}(?:\.\d{3})+|\d{1,3}(?:[ ']\d{3})+)?(?:,\d+)?(?:[eE][+-]?\d+)?$/;

function amounts(levels: readonly TextLevel[]): Spelling | undefined {
  const parts = levels.map(({ text, rows }) => ({ ...partsOf(text), text, rows }));
  const fits = (pattern: RegExp) => parts.map(({ body }) => /\d/.test(body) && pattern.test(body));
  const [points, commas] = [fits(withPoints), fits(withCommas)];
  const weigh = (marks: readonly boolean[]) => marks.reduce((sum, mark, k) => sum + (mark ? parts[k].rows : 0), 0);
  const total = levels.reduce((sum, { rows }) => sum + rows, 0);
  const best = weigh(commas) > weigh(points) ? commas : points;
  if (weigh(best) < nearlyAll * total) return undefined;
  const fitting = parts.filter((_, k) => best[k]);
  // A few such values among plain numbers are treated as words among numbers.
  const plain = fitting.reduce((sum, { text, rows }) => sum + (isPlainNumber(text) ? rows : 0), 0);
  const odd = weigh(best) - plain;
  const percents = fitting.filter(({ isPercent }) => isPercent).length;
  if (odd === 0 || (percents > 0 && percents < fitting.length)) return undefined;
  const found = new Set(fitting.map(({ currency }) => currency).filter((name) => name !== ""));
  const others = levels.filter((_, k) => !best[k]);
  const traits = {
    isPercent: percents > 0,
    isBracketed: fitting.some(({ isBracketed }) => isBracketed),
    hasMinus: fitting.some(({ text }) => text.includes("−")),
    hasExponent: fitting.some(({ body }) => /e/i.test(body)),
  };
  if (found.size > 1)
    return { what: `amounts in several currencies (${[...found].slice(0, 3).join(", ")})`, others, readings: [] };
  const hasCommas = fitting.some(({ body }) => body.includes(","));
  const isEither = hasCommas && best.every((mark, k) => mark === (points[k] && commas[k]));
  const what =
    found.size > 0
      ? `amounts of money (${[...found][0]})`
      : traits.isPercent
        ? "percentages"
        : isEither
          ? "numbers with commas"
          : best === commas
            ? "numbers with decimal commas"
            : fitting.some(({ body }) => /[, ']/.test(body))
              ? "numbers with separators between thousands"
              : "numbers in an unusual spelling";
  const [pointed, commaed] = [amountSql(".", traits), amountSql(",", traits)];
  return {
    what,
    others,
    readings: isEither
      ? [
          { how: "where commas part thousands", commas: "separators", sql: pointed },
          { how: "where they are decimal", commas: "decimal", sql: commaed },
        ]
      : [
          {
            how: traits.isPercent ? "as shares of 1" : undefined,
            // Without a comma they are not mentioned.
            commas: !hasCommas ? undefined : best === commas ? "decimal" : "separators",
            sql: best === commas ? commaed : pointed,
          },
        ],
  };
}

interface Traits {
  readonly isPercent: boolean;
  readonly isBracketed: boolean;
  readonly hasMinus: boolean;
  readonly hasExponent: boolean;
}

/** What SQL keeps of an amount: its sign, its digits and its decimal separator. */
function amountSql(decimal: "." | ",", { isPercent, isBracketed, hasMinus, hasExponent }: Traits) {
  return (column: string) => {
    const text = hasMinus ? `replace(${column}, '−', '-')` : column;
    const digits = `regexp_replace(${text}, '[^0-9${decimal}${hasExponent ? "eE" : ""}+-]', '', 'g')`;
    const number = `try_cast(${decimal === "," ? `replace(${digits}, ',', '.')` : digits} as double)`;
    const signed = isBracketed ? `if(contains(${column}, '('), -1, 1) * ${number}` : number;
    return isPercent ? `${signed} / 100` : signed;
  };
}

/** Dates other than ISO's, and the formats of strptime that read them. */
const dateForms: readonly (readonly [RegExp, ...string[]])[] = [
  [/^\d{1,2}\/\d{1,2}\/\d{4}$/, "%d/%m/%Y", "%m/%d/%Y"],
  [/^\d{1,2}-\d{1,2}-\d{4}$/, "%d-%m-%Y", "%m-%d-%Y"],
  [/^\d{1,2}\.\d{1,2}\.\d{4}$/, "%d.%m.%Y"],
  [/^\d{1,2}\/\d{1,2}\/\d{2}$/, "%d/%m/%y", "%m/%d/%y"],
  [/^\d{1,2}\.\d{1,2}\.\d{2}$/, "%d.%m.%y"],
  [/^\d{4}\/\d{1,2}\/\d{1,2}$/, "%Y/%m/%d"],
  [/^\d{1,2}[ -][A-Za-z]{3}[ -]\d{4}$/, "%d-%b-%Y", "%d %b %Y"],
  [/^[A-Za-z]{3} \d{1,2}, \d{4}$/, "%b %d, %Y"],
  [/^[A-Za-z]{4,9} \d{1,2}, \d{4}$/, "%B %d, %Y"],
];
const timeForms: readonly (readonly [RegExp, string])[] = [
  [/^$/, ""],
  [/^[ T]\d{1,2}:\d\d$/, "%H:%M"],
  [/^[ T]\d{1,2}:\d\d:\d\d$/, "%H:%M:%S"],
  [/^ \d{1,2}:\d\d [AP]M$/i, "%I:%M %p"],
  [/^ \d{1,2}:\d\d:\d\d [AP]M$/i, "%I:%M:%S %p"],
];

function dates(levels: readonly TextLevel[]): Spelling | undefined {
  const total = levels.reduce((sum, { rows }) => sum + rows, 0);
  const split = levels.map((level) => {
    const [, date, time] = /^(.*?\d{4}|\d+[/.]\d+[/.]\d+)([ T]\d{1,2}:.*)?$/.exec(level.text.trim()) ?? [];
    return { level, date: date ?? "", time: time ?? "" };
  });
  for (const [pattern, ...formats] of dateForms) {
    for (const [timePattern, timeFormat] of timeForms) {
      const fits = split.map(({ date, time }) => pattern.test(date) && timePattern.test(time));
      const rows = levels.reduce((sum, level, k) => sum + (fits[k] ? level.rows : 0), 0);
      if (rows < nearlyAll * total) continue;
      const fitting = split.filter((_, k) => fits[k]);
      const possible = formats.filter((format) => fitting.every(({ date }) => suits(date, format)));
      if (possible.length === 0) continue;
      const separator = fitting.some(({ time }) => time.startsWith("T")) ? "T" : " ";
      const ending = timeFormat === "" ? "" : separator + timeFormat;
      return {
        what: "dates that are not written as 2024-12-31",
        others: levels.filter((_, k) => !fits[k]),
        readings: possible.map((format) => ({
          how:
            possible.length > 1
              ? format.startsWith("%d")
                ? "where the day comes first"
                : "where the month does"
              : undefined,
          sql: (column) => `try_strptime(${column}, '${format}${ending}')`,
        })),
      };
    }
  }
  return undefined;
}

/** Whether a date can be read so: no month beyond 12, and the separators of the format. */
function suits(date: string, format: string): boolean {
  const separator = /%.([^%]*)%/.exec(format)![1];
  if (/%b/.test(format)) return date.includes(separator);
  const parts = date.split(/[/.-]/).map(Number);
  const months = format.split(/[/.-]/).indexOf("%m");
  return months < 0 || (parts[months] >= 1 && parts[months] <= 12);
}
