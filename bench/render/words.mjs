// Numbers as the page says them.

/** Three figures at most, and no more zeros than needed. */
export function number(value) {
  if (value === undefined || !Number.isFinite(value)) return "";
  if (value >= 1000) return Math.round(Number(value.toPrecision(3))).toLocaleString("en");
  return String(Number(value.toPrecision(value >= 100 ? 3 : 2)));
}

/** `1.4 (1.3–1.6)`: the median, and the extremes where there were several rounds. */
export function spread(summary) {
  if (summary === undefined) return "";
  const { median, low, high, rounds } = summary;
  return rounds > 1 ? `${number(median)} (${number(low)}–${number(high)})` : number(median);
}

/** What `ornstein` is against one that takes `ratio` times as long. */
export function comparison(summary) {
  if (summary === undefined) return "";
  const { median } = summary;
  if (Math.abs(median - 1) < 0.05) return "as fast";
  return median > 1 ? `${number(median)}× faster` : `**${number(1 / median)}× slower**`;
}

/** A text as one cell of a table. */
export const cell = (text) =>
  String(text ?? "")
    .replaceAll("|", "\\|")
    .replaceAll("\n", " ");
