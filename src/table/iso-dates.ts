/** A date, or a date and a time with or without a zone, as ISO 8601 writes them; a blank may stand for the T. */
const isoPattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)? ?(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;

/**
 * Days since 1970-01-01 (UTC) of an ISO date or timestamp, with a fraction, to the microsecond; NaN for any other text.
 * Without a zone the time is UTC, wherever the program runs.
 */
export function isoDays(text: string): number {
  const found = isoPattern.exec(text.trim());
  if (!found) return Number.NaN;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((digits) => Number(digits ?? 0));
  if (hour > 23 || minute > 59 || second > 59) return Number.NaN;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // The 31st of June would be the 1st of July.
  if (month < 1 || month > 12 || date.getUTCDate() !== day) return Number.NaN;
  const seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second - zoneSeconds(found[8]);
  const micros = Number((found[7] ?? "").padEnd(6, "0").slice(0, 6));
  return (seconds * 1e6 + micros) / 1e6 / 86_400;
}

/** How far a zone such as +05:30 is ahead of UTC. */
function zoneSeconds(zone: string | undefined): number {
  if (zone === undefined || zone.toUpperCase() === "Z") return 0;
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2)) * 60;
  return zone.startsWith("-") ? -seconds : seconds;
}

/**
 * The types as which DuckDB reads ISO texts, each with the pattern of its texts. A column has the first type whose
 * pattern matches all of its texts.
 */
export const isoTypes: readonly (readonly [type: string, pattern: string])[] = [
  ["DATE", "\\d{4}-\\d\\d-\\d\\d"],
  ["TIMESTAMP", "\\d{4}-\\d\\d-\\d\\d([T ]\\d\\d:\\d\\d(:\\d\\d(\\.\\d{1,6})?)?)?"],
  ["TIMESTAMPTZ", "\\d{4}-\\d\\d-\\d\\d([T ]\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,6})?(Z|[+-]\\d\\d(:?\\d\\d)?)?)?"],
];
