import { InputError } from "./errors.ts";

/** What DuckDB says, as one sentence: without the kind of error, the excerpt of the query and advice on settings. */
function duckdbMessage(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const lines = message.replace(/^(?:[\w ]+ Error: )+/, "").split("\n");
  const end = lines.findIndex(
    (line, i) => i > 0 && (line.trim() === "" || /^(LINE \d|\* |Possible )/.test(line.trim())),
  );
  return lines
    .slice(0, end < 0 ? lines.length : end)
    .map((line) => line.trim().replace(/[.;,:!]+$/, ""))
    .filter((line) => line !== "" && !line.startsWith("Original Line"))
    .join("; ");
}

/** Runs DuckDB's work; its errors become input errors that begin with `what`, except where the work was aborted. */
export async function asInputError<T>(what: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  try {
    return await work();
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof InputError) throw error;
    throw new InputError(`${what}: ${duckdbMessage(error)}.`);
  }
}
