import { listed } from "../../suggest.ts";
import { formatCount } from "../../table/table-source.ts";

/** Scales from 0 to 10 have eleven values; with more, whole numbers are near enough to a continuous scale. */
const maxValues = 11;
/** Of fewer rows any target has few values. */
const minRows = 20;
const minRowsOfValue = 5;

/**
 * A sentence where a target of numbers, taken for gaussian, takes so few whole values that they may be classes or ratings.
 * @param distinct Its different values, sorted
 */
export function ratingWarnings(name: string, distinct: readonly number[], numRows: number): string[] {
  const count = distinct.length;
  if (count < 3 || count > maxValues || numRows < Math.max(minRows, minRowsOfValue * count)) return [];
  if (!distinct.every(Number.isInteger)) return [];
  const shown =
    count > 6 ? `${distinct.slice(0, 3).join(", ")}, …, ${distinct.at(-1)}` : listed(distinct.map(String), "and");
  return [
    `${name} takes only ${count} different values, all whole (${shown}), in ${formatCount(numRows)} rows, and was taken for gaussian; --family categorical gives each of them its own probability, and --family gaussian keeps it as it is.`,
  ];
}
