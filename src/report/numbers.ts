/** A number with the decimals that two digits of a spread need: 1.2345 with an sd of 0.032 is 1.234. */
export function rounded(value: number | null, spread: number | null): string {
  if (value === null || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e9 || size < 1e-6) return value.toPrecision(3);
  if (!(spread !== null && spread > 0)) return String(Number(value.toPrecision(4)));
  const decimals = Math.max(0, Math.min(9, 1 - Math.floor(Math.log10(spread))));
  return minus(value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
}

export const count = (value: number | null) => (value === null ? "–" : Math.round(value).toLocaleString("en-US"));

/** With a sign as wide as a digit. */
const minus = (text: string) => text.replace("-", "−");

/** The power of ten below a size. */
export const powerBelow = (size: number) => Number(`1e${Math.floor(Math.log10(size))}`);
