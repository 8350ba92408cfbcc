import { InputError } from "../../errors.ts";
import type { DuckDBSession } from "../session.ts";

/** Levels of lists and objects within each other. DuckDB looks through deeper ones by recursion, and ends the process. */
export const maxLevels = 100;

/** How many levels of lists and objects a text of JSON has, as far as `most` + 1. */
export function jsonDepth(text: string, most: number): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length && deepest <= most; i++) {
    const character = text.charCodeAt(i);
    if (character === 0x22) i = endOfString(text, i);
    else if (character === 0x5b || character === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (character === 0x5d || character === 0x7d) depth--;
  }
  return deepest;
}

/** The place of the quote that closes the one at `start`, or the text's end. */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && text.charCodeAt(i) !== 0x22) i += text.charCodeAt(i) === 0x5c ? 2 : 1;
  return i;
}

/**
 * Looks through files of JSON before their types are asked for.
 * @param source The files, as SQL
 * @throws InputError where they nest deeper than `mostLevels`
 */
export async function refuseDeepJson(session: DuckDBSession, label: string, source: string): Promise<void> {
  // Brackets are counted first, which is quick and finds no depth that is not there; few objects have so many.
  const opening = "length(json) - length(translate(json, '[{', ''))";
  const suspects = await session.rows(
    `select json from (select cast(json as varchar) as json from read_json_objects(${source})) where ${opening} > ${maxLevels}`,
    `${label} cannot be read`,
  );
  if (!suspects.some(([text]) => jsonDepth(String(text), maxLevels) > maxLevels)) return;
  throw new InputError(
    `${label} has lists or objects in more than ${maxLevels} levels within each other; leave what is nested so deeply out where the file is made.`,
  );
}
