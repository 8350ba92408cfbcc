/** 0.0123 → "1.2%"; what is too small to matter is said to be so. */
export function percent(value: number): string {
  if (value < 1e-4) return "less than 0.01%";
  return `${100 * value >= 100 ? Math.round(100 * value) : (100 * value).toPrecision(2)}%`;
}

/** A divergence in nats; what is too small to matter is said to be so. */
export function nats(value: number): string {
  return value < 1e-4 ? "less than 0.0001" : value.toPrecision(2);
}
