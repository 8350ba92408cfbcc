import { styleText } from "node:util";

export interface RenderOptions {
  /** Columns of the terminal. */
  readonly width: number;
  readonly color: boolean;
}

export interface TableColumn<Row> {
  readonly title: string;
  /** Columns of low rank go first where the terminal is narrow. */
  readonly rank: number;
  cell(row: Row): string;
  /** The cell on a terminal that has colours; it must stay as wide. */
  paint?(row: Row, cell: string): string;
}

export const verdictColor = { ok: "green", warning: "yellow", failed: "red" } as const;

export const integer = (value: number) => Math.round(value).toLocaleString("en-US");

/**
 * Decimals of a number with this Monte Carlo standard error: the last one's unit is between a fifth of the error and twice the
 * error. Fewer than 0 round to tens, hundreds and so on. Infinite where there is no error, or it is not known.
 */
export function decimalsWithin(error: number | null | undefined): number {
  return error && error > 0 ? 0 - Math.floor(Math.log10(2 * error)) : Number.POSITIVE_INFINITY;
}

/** A number in so many decimals. */
export function roundedTo(value: number, decimals: number): string {
  if (decimals >= 0) return value.toFixed(decimals);
  const unit = 10 ** -decimals;
  return (Math.round(value / unit) * unit).toFixed(0);
}

interface TableOptions<Row> extends RenderOptions {
  /** Characters of the names that columns make room for; 16 where left out. */
  readonly minName?: number;
  /** The beginning of a row's name, up to a colon, that stands above all rows that share it; "" for none. */
  headingOf?(row: Row): string;
}

/**
 * A table no wider than the terminal: columns go by rank until names have room for `leastName` characters, then names are
 * shortened.
 */
export function renderTable<Row>(
  rows: readonly Row[],
  nameOf: (row: Row) => string,
  columns: readonly TableColumn<Row>[],
  { width, color, minName = 16, headingOf = () => "" }: TableOptions<Row>,
): string {
  const headings = rows.map(headingOf);
  // Under a heading names are indented, and need not say again what it says.
  const names = rows.map((row, n) => (headings[n] ? `  ${nameOf(row).slice(headings[n].length + 1)}` : nameOf(row)));
  const longestName = Math.max(4, ...names.map((name) => name.length));
  const shown = columns.map((column) => {
    const cells = rows.map((row) => column.cell(row));
    return { ...column, cells, width: Math.max(column.title.length, ...cells.map((cell) => cell.length)) };
  });
  const total = (nameWidth: number) => nameWidth + shown.reduce((sum, column) => sum + column.width + 2, 0);
  while (total(Math.min(longestName, minName)) > width && shown.length > 2) {
    const least = Math.min(...shown.map((column) => column.rank));
    // Columns of one rank, such as the two ends of an interval, go together.
    for (const column of shown.filter(({ rank }) => rank === least)) shown.splice(shown.indexOf(column), 1);
  }
  const nameWidth = Math.max(8, Math.min(longestName, width - total(0)));
  const header = ["".padEnd(nameWidth), ...shown.map((column) => column.title.padStart(column.width))].join("  ");
  const bold = (text: string) => (color ? styleText("bold", text) : text);
  const lines = names.flatMap((name, row) => {
    const cells = shown.map(({ cells: texts, width, paint }) => {
      const cell = texts[row].padStart(width);
      return color && paint ? paint(rows[row], cell) : cell;
    });
    const line = [shorten(name, nameWidth).padEnd(nameWidth), ...cells].join("  ");
    const isSame = headings[row] === (headings[row - 1] ?? "");
    return isSame ? [line] : [bold(shorten(headings[row], width)), line];
  });
  return [bold(header), ...lines].join("\n");
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

/** Breaks at blanks; further lines are indented. */
export function wrap(text: string, width: number): string {
  return wrapWords(text.split(" "), width);
}

/** The same of words that may hold blanks, at which no line breaks. */
export function wrapWords(words: readonly string[], width: number): string {
  const lines: string[] = [];
  let line = " ";
  for (const word of words) {
    if (line.length + 1 + word.length > width && line.trim() !== "") {
      lines.push(line);
      line = "   ";
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}
