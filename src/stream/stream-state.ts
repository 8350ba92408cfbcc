import { InputError } from "../errors.ts";
import { probabilityOf } from "../formula/event.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { mergeOnePasses, type OnePass, refreshInverse } from "../theory/one-pass.ts";
import { Stream, type StreamState } from "./stream.ts";
import { priorOf } from "./stream-model.ts";

/** @throws InputError where it is no state of a stream, or its numbers are none of one */
export function restoreStream(state: StreamState, name: string): Stream {
  const size = state.model?.means?.length;
  const lengths = [state.pass?.position?.length, state.pass?.information?.length, state.pass?.noise?.length];
  const isWhole = state.ornsteinStream === 1 && size > 0 && lengths.join() === [size, size * size, size * size].join();
  if (!isWhole)
    throw new InputError(`"${name}" is no state of a stream: give a file that ornstein watch --state wrote.`);
  return new Stream(state.model, state.rate, 1, state.unit, { ...state, pass: restored(state, name) });
}

function restored({ pass }: StreamState, name: string): OnePass {
  const size = pass.position.length;
  const square = (numbers: readonly number[]): Matrix => ({
    rows: size,
    columns: size,
    data: Float64Array.from(numbers),
  });
  const [information, noise, inverse] = [square(pass.information), square(pass.noise), square(pass.information)];
  const state = { ...pass, position: Float64Array.from(pass.position), information, noise, inverse };
  try {
    refreshInverse(state);
  } catch {
    throw new InputError(`"${name}" is damaged: its information is no positive definite matrix.`);
  }
  return state;
}

/**
 * One stream of the rows of several, which must not share rows.
 * @throws InputError where they are not of one model, or forget, or one is there twice
 */
export function mergeStreams(states: readonly StreamState[], names: readonly string[]): Stream {
  const [first] = states;
  states.forEach((state, k) => {
    restoreStream(state, names[k]);
    if (state.rate > 0)
      throw new InputError(`"${names[k]}" forgets rows (--rate ${state.rate}), and cannot be merged.`);
    if (JSON.stringify(state.model) === JSON.stringify(first.model) && state.unit === first.unit) return;
    throw new InputError(
      `"${names[0]}" and "${names[k]}" are not of one model: begin all streams but one with --like the state of that one.`,
    );
  });
  const texts = states.map(({ pass }) => JSON.stringify(pass));
  const twin = texts.findIndex((text, k) => texts.indexOf(text) < k);
  if (twin >= 0)
    throw new InputError(
      `"${names[texts.indexOf(texts[twin])]}" and "${names[twin]}" are the same state, whose rows would count twice: give it once.`,
    );
  const passes = states.map((state, k) => restored(state, names[k]));
  const pass = mergeOnePasses(passes, priorOf(first.model, first.unit));
  const unusable = new Map<string, number>();
  for (const [reason, count] of states.flatMap((state) => state.unusable))
    unusable.set(reason, (unusable.get(reason) ?? 0) + count);
  const rows = states.reduce((sum, state) => sum + state.rows, 0);
  return new Stream(first.model, 0, 1, first.unit, { pass, rows, unusable });
}

/** The intervals as they stand, for files. Numbers are finite. */
export function streamToJson(stream: Stream, interval: number): Record<string, unknown> {
  const { rows, rate, model, sigma, unusable } = stream;
  const { formula, family, target } = model.recipe;
  return {
    ...{ formula, family, ...(target.event !== undefined && { modelled: probabilityOf(target.event) }) },
    ...{ rows, rate, interval, coefficients: stream.estimates(interval), ...(sigma !== undefined && { sigma }) },
    unusable: [...unusable].map(([reason, count]) => ({ reason, rows: count })),
  };
}
