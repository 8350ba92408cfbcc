/**
 * 0.0123 → "1.2%"; values too small to matter, and missing values, are written as such. Two digits, but all of those
 * before the decimal point.
 */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return "an unknown amount";
  return share < 1e-4 ? "less than 0.01%" : `${twoDigits(100 * share)}%`;
}

/**
 * 0.01234 → "0.012", 99.6 → "100", 12345 → "12,345": two digits, but all of those before the decimal point, and never
 * an exponent.
 */
export function twoDigits(value: number): string {
  if (!Number.isFinite(value)) return "an unknown number";
  if (Math.abs(value) >= 99.5) return Math.round(value).toLocaleString("en");
  // Rounded to 0 before the sign is written, because "-0.0" would be meaningless.
  const rounded = Math.abs(value) < 1e-12 ? 0 : value;
  return rounded.toLocaleString("en", { minimumSignificantDigits: 2, maximumSignificantDigits: 2 });
}

const longestQuote = 60;

/** What the data hold, in quotes within a sentence: shortened, and in one line. */
export function quoted(text: string): string {
  const line = text.replace(/[\r\n\u2028\u2029]+/g, "\\n");
  return `"${line.length > longestQuote ? `${line.slice(0, longestQuote - 3)}…` : line}"`;
}
