// The tables of docs/performance.md, and what they say in a sentence.
import { cell, comparison, number, spread } from "./words.mjs";

const row = (cells) => `| ${cells.map(cell).join(" | ")} |`;
const table = (heads, rows) => [row(heads), row(heads.map(() => "---")), ...rows.map(row)].join("\n");

/** Where it was run to its end. */
export const isDone = ({ missing, stopped, run }) => !missing && !stopped && run !== undefined;
const named = ({ name, version }) => (version ? `${name} ${version}` : name);
const why = ({ missing, stopped }) => missing ?? stopped ?? "not run";
const percent = (share) => (Number.isFinite(share) ? `${number(100 * share)}%` : "not finite");
const inSds = (error) => (Number.isFinite(error) ? `${number(error)} sd` : "not finite");

export function speedTable({ results }) {
  const heads = ["", "steps a second", "compilation, s", "peak memory, MiB", "ornstein is"];
  const rows = results.map((result, k) => {
    if (!isDone(result)) return [named(result), why(result), "", "", ""];
    const against = k === 0 ? "" : comparison(result.ratio);
    return [named(result), spread(result.perSecond), spread(result.compile), spread(result.peakMiB), against];
  });
  return table(heads, rows);
}

const reachedWords = (errors) => (errors === undefined ? "no reference" : errors.reached ? "yes" : "no");

export function timeTable({ results }) {
  const withVariances = results.some(({ errors }) => errors?.variances !== undefined);
  const errorHeads = withVariances ? ["means", "sds and correlations of effects", "sds"] : ["means", "sds"];
  const heads = [
    "",
    "seconds",
    "compilation, s",
    "whole process, s",
    "peak memory, MiB",
    ...errorHeads,
    "reached",
    "ornstein is",
  ];
  const rows = results.map((result, k) => {
    if (!isDone(result)) return [named(result), why(result), ...heads.slice(2).map(() => "")];
    const { errors } = result;
    const found =
      errors === undefined
        ? errorHeads.map(() => "")
        : [inSds(errors.mean), ...(withVariances ? [inSds(errors.variances)] : []), percent(errors.sd)];
    const against = k === 0 ? "" : comparison(result.ratio);
    const times = [result.run, result.compile, result.wall, result.peakMiB].map(spread);
    return [named(result), ...times, ...found, reachedWords(errors), against];
  });
  return table(heads, rows);
}

/** Who came first among those that reached the posterior; where a peer did, that is said first. */
export function verdict({ results }) {
  const arrived = results.filter((result) => isDone(result) && (result.errors === undefined || result.errors.reached));
  if (arrived.length === 0) return "No one reached the tolerance.";
  const first = arrived.reduce((best, result) => (result.run.median < best.run.median ? result : best));
  const [ours] = results;
  if (first === ours) {
    const next = arrived.filter((result) => result !== ours).sort((a, b) => a.run.median - b.run.median)[0];
    if (next === undefined)
      return `Only ${ours.name} reached the tolerance within the limit: ${number(ours.run.median)} s.`;
    return `${ours.name} comes first: ${number(ours.run.median)} s; next ${next.name}, ${number(next.run.median)} s.`;
  }
  const own = arrived.includes(ours)
    ? `${ours.name} takes ${number(ours.run.median)} s`
    : `${ours.name} ${isDone(ours) ? "does not reach the tolerance" : `is not done (${why(ours)})`}`;
  return `**${first.name} wins**: ${number(first.run.median)} s, without its compilation; ${own}.`;
}

export function speedVerdict({ results }) {
  const done = results.filter(isDone);
  if (done.length === 0) return "No one ran to the end.";
  const first = done.reduce((best, result) => (result.perSecond.median > best.perSecond.median ? result : best));
  if (first !== results[0]) return `**${first.name} wins**: ${number(first.perSecond.median)} steps a second.`;
  const next = done.filter((result) => result !== first).sort((a, b) => b.perSecond.median - a.perSecond.median)[0];
  if (next === undefined) return `${first.name}: ${number(first.perSecond.median)} steps a second.`;
  return `${first.name} comes first; next ${next.name}: ornstein makes ${number(next.ratio.median)} times its steps a second.`;
}

/** What each program remarked on its own answer. */
export const remarks = ({ results }) =>
  results
    .filter(({ said }) => said)
    .map((result) => `* ${result.name}: ${cell(result.said)}`)
    .join("\n");
