import type { Posterior } from "../../src/fit/posterior.ts";
import { integer, wrapWords } from "./table.ts";

/** Factors and classes that are listed before the rest is only counted. */
const maxFactors = 12;
const maxClasses = 8;
const longestLevel = 40;

/**
 * What the coefficients are about: the event whose probability is modelled, or the classes, and the level that each
 * categorical factor's coefficients, where there are any, compare with. Nothing for a model of numbers alone.
 */
export function renderModel(
  { data, references = {} }: Pick<Posterior, "data"> & Partial<Pick<Posterior, "references">>,
  width: number,
): string[] {
  const factors = Object.entries(references).map(([name, level]) => `${name}: against ${shown(level)}`);
  const more = factors.length - maxFactors;
  const items = [
    ...(data.modelled === undefined ? [] : [`models ${data.modelled}`]),
    ...(data.classes ? [classesOf(data.target, data.classes, data.referenceClass)] : []),
    ...factors.slice(0, maxFactors),
    ...(more > 0 ? [`and ${more} more ${more === 1 ? "factor" : "factors"} (--json has them all)`] : []),
  ];
  if (items.length === 0) return [];
  const room = Math.max(40, Math.min(width, 110));
  // A factor and its level stay together where a line has room for them.
  const words = items.flatMap((item, n) => {
    const text = n < items.length - 1 ? `${item};` : item;
    return text.length <= room - 4 ? [text] : text.split(" ");
  });
  return [wrapWords(words, room).trimStart()];
}

function classesOf(target: string, classes: readonly string[], reference: string | undefined): string {
  const isShort = classes.length <= maxClasses;
  const listed = isShort ? classes.map(shown) : [...classes.slice(0, 3).map(shown), "…", shown(classes.at(-1)!)];
  const count = isShort ? "classes" : `${integer(classes.length)} classes,`;
  const coding = reference === undefined ? "all with coefficients" : `against ${shown(reference)}`;
  return `${target}: ${count} ${listed.join(", ")}, ${coding}`;
}

/** A level as it stands among words: in quotes where it would be taken for them. */
function shown(level: string): string {
  const text = /^$|^\s|\s$|[;,:\p{Cc}]/u.test(level) ? JSON.stringify(level) : level;
  return text.length <= longestLevel ? text : `${text.slice(0, longestLevel - 1)}…`;
}
