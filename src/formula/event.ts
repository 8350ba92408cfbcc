import { InputError } from "../errors.ts";
import type { FamilyName } from "../families/families.ts";
import { listed } from "../suggest.ts";
import { indexOfLevel, quotedLevels, type ValueKind } from "../table/level.ts";

/** A target's value as an option gives it. */
export type EventOption = string | number | boolean;

/** Which of a target's two values is the one whose probability is modelled. */
interface ChosenEvent {
  /** Its place among the sorted values. */
  readonly index: 0 | 1;
  /** The other value, and the event. */
  readonly levels: readonly [other: string, event: string];
  /** "status = well", "y = 1", "late = true"; of a comparison such as delay > 15, that it holds, or does not. */
  readonly words: string;
}

/**
 * Chooses a target's event: the second of its sorted values, unless told.
 * @throws InputError where the target does not have the value that was named.
 */
export function chooseEvent(
  event: EventOption | undefined,
  values: readonly string[],
  target: { readonly name: string; readonly kind: ValueKind; readonly isColumn: boolean },
): ChosenEvent {
  const { name, kind, isColumn } = target;
  const found = event === undefined ? 1 : indexOfLevel(String(event), values, kind);
  if (found < 0) {
    throw new InputError(
      `The option event cannot be ${JSON.stringify(event)}: ${name} is ${listed(quotedLevels(values), "or")}, and the event is one of these two.`,
    );
  }
  const index = found as 0 | 1;
  const [other, label] = [values[1 - index], values[index]];
  const isComparison = kind === "boolean" && !isColumn;
  const words = !isComparison ? `${name} = ${label}` : label === "true" ? name : `not (${name})`;
  return { index, levels: [other, label], words };
}

/** "P(status = well)" */
export const probabilityOf = (words: string) => `P(${words})`;

/** @throws InputError where an event is named for a model that has none. */
export function refuseEvent(
  event: EventOption | undefined,
  name: string,
  family: FamilyName,
  values: readonly string[],
): void {
  if (event === undefined) return;
  const way =
    values.length > 2
      ? `make two values of the target, as in ${name} == ${quotedLevels(values)[0]} ~ …`
      : "give --family bernoulli";
  throw new InputError(
    `The option event names one of the two values of a bernoulli target, and this fit of ${name} is of the ${family} family: leave it out, or ${way}.`,
  );
}
