import { decimalsWithin, roundedTo } from "./table.ts";

/** Five significant digits, or as many as a Monte Carlo error leaves. */
export function short(value: number, error: number | null = null): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) return value.toExponential(2);
  const decimals = Math.max(0, Math.min(4, 4 - Math.floor(Math.log10(Math.max(size, 1)))));
  return roundedTo(value, Math.min(decimals, decimalsWithin(error)));
}
