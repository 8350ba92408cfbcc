import { InputError } from "./errors.ts";
import { inOptions, reworded } from "./fit/options/option-words.ts";
import type { Posterior } from "./fit/posterior.ts";
import { posteriorOf } from "./fit/posterior-methods.ts";
import type { PredictionStream } from "./prediction/predict.ts";
import { withHidden } from "./prediction/with-hidden.ts";
import type { TableSource } from "./table/table-source.ts";

/** What leaves the library through its entry points: errors and results whose sentences name the library's options. */

/** The result of `work`. @throws as `work`, in the library's words */
export async function saying<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw inLibraryWords(error);
  }
}

/** The same, with the result's sentences in the library's words too. */
export async function sayingAll<Result extends object>(work: () => Promise<Result>): Promise<Result> {
  return reworded(await saying(work), inOptions);
}

/** The same for synchronous work whose result contains no sentences. */
export function sayingNow<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw inLibraryWords(error);
  }
}

function inLibraryWords(error: unknown): unknown {
  if (!(error instanceof InputError)) return error;
  const message = inOptions(error.message);
  return message === error.message ? error : new InputError(message);
}

/** A posterior as the library returns it; the messages of its predictions and errors are in the library's words too. */
export function libraryPosterior<Fit extends Posterior>(fit: Fit): Fit {
  const own = posteriorOf(reworded(fit, inOptions));
  const predict: Posterior["predict"] = (rows, options) => sayingAll(() => fit.predict(rows, options));
  const effects: Posterior["effects"] = (options, rows) => sayingAll(() => fit.effects(options, rows));
  const loo: Posterior["loo"] = (rows, options) => sayingAll(() => fit.loo(rows, options));
  const update: Posterior["update"] = async (rows, options) =>
    libraryPosterior(await saying(() => fit.update(rows, options)));
  return withHidden(own, { predict, effects, loo, update, toJSON: own.toJSON });
}

/** A table whose errors while reading are in the library's words. */
export function librarySource(source: TableSource): TableSource {
  return {
    columns: source.columns,
    label: source.label,
    get numRows() {
      return source.numRows;
    },
    chunks: (...wanted) => eachSaying(source.chunks(...wanted)),
    ...(source.close && { close: () => source.close!() }),
  };
}

/** The same for predictions chunk by chunk. */
export function libraryStream({ chunks, summary }: PredictionStream): PredictionStream {
  return { chunks: () => eachSaying(chunks()), summary: () => reworded(summary(), inOptions) };
}

async function* eachSaying<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item, void, undefined> {
  try {
    yield* items;
  } catch (error) {
    throw inLibraryWords(error);
  }
}
