import type { DistantRowsOfParts } from "./block-store.ts";
import { joinedGroups, numGroupsOf, type SizesOfGroups, someGroups } from "./sizes-of-groups.ts";

/** Numbers of all parts, each as the number within its part. */
function byPart(counts: readonly number[], numbers: readonly number[]) {
  const ends: number[] = [];
  for (const count of counts) ends.push((ends[ends.length - 1] ?? 0) + count);
  const ofParts: number[][] = counts.map(() => []);
  /** The place of each among the given ones. */
  const places: number[][] = counts.map(() => []);
  numbers.forEach((number, k) => {
    const part = ends.findIndex((end) => number < end);
    ofParts[part].push(number - (ends[part - 1] ?? 0));
    places[part].push(k);
  });
  return { ofParts, places };
}

/**
 * Rows that are elsewhere, by their numbers.
 * @param take is given the rows that have come of a part, one after the other, and the places of each among the numbers
 */
export async function fetchRows(
  distant: DistantRowsOfParts | undefined,
  stride: number,
  numbers: readonly number[],
  take: (row: Float32Array, place: number) => void,
): Promise<void> {
  if (!distant) throw new TypeError("The rows are not elsewhere.");
  const { ofParts, places } = byPart(distant.rowsOfParts, numbers);
  const answers = await distant.parts.ask({ kind: "rows", ofParts });
  answers.forEach(({ data }, part) => {
    const rows = floatsOf(data, stride * places[part].length);
    places[part].forEach((place, n) => {
      take(rows.subarray(n * stride, (n + 1) * stride), place);
    });
  });
}

/** All rows of some groups, part after part. */
export interface FetchedGroups {
  readonly rows: Float32Array;
  /** In the order in which they stand. */
  readonly sizes: SizesOfGroups;
  /** Where among them each that was asked for stands. */
  readonly places: readonly number[];
}

/** Groups that are elsewhere, by their numbers. */
export async function fetchGroups(
  distant: DistantRowsOfParts | undefined,
  stride: number,
  numbers: readonly number[],
): Promise<FetchedGroups> {
  if (!distant?.groups) throw new TypeError("The groups are not elsewhere.");
  const { sizesOfParts } = distant.groups;
  const { ofParts, places } = byPart(sizesOfParts.map(numGroupsOf), numbers);
  const chosen = sizesOfParts.map((sizes, part) => someGroups(sizes, ofParts[part]));
  const placeOf = new Array<number>(numbers.length);
  places.flat().forEach((asked, place) => {
    placeOf[asked] = place;
  });
  const sizes = joinedGroups(chosen);
  const lengths = chosen.map(({ rows }) => stride * rows.reduce((sum, size) => sum + size, 0));
  const rows = new Float32Array(lengths.reduce((sum, length) => sum + length, 0));
  const answers = await distant.parts.ask({ kind: "groups", ofParts });
  let at = 0;
  answers.forEach(({ data }, part) => {
    rows.set(floatsOf(data, lengths[part]), at);
    at += lengths[part];
  });
  return { rows, sizes, places: placeOf };
}

function floatsOf(data: Uint8Array<ArrayBuffer>, length: number): Float32Array {
  if (data.length !== 4 * length) throw new Error(`A part has answered with ${data.length} bytes of ${4 * length}.`);
  return new Float32Array(data.slice().buffer);
}
