/** A table in Markdown; the first column is text, the others are numbers. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${head.map((_, j) => (j === 0 ? "---" : "--:")).join("|")}|`, ...rows.map(line)].join("\n");
}

/** A divergence to three significant digits, at least four decimals of resolution; – for none. */
export function nats(value: number | null): string {
  if (value === null) return "–";
  if (value < 5e-5) return "0";
  return value < 0.01 ? value.toFixed(4) : value < 10 ? value.toPrecision(3) : value.toFixed(1);
}

/** Two significant digits with thousands separated. */
export function count(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString("en");
}
