import { InputError } from "../errors.ts";
import { shellText, sqlText } from "../table/sql-text.ts";

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
    const message = duckdbMessage(error).replace(
      /^(could not allocate .*|failed to allocate .*)$/,
      "$1; raise --memory",
    );
    throw new InputError(csvMessage(error) ?? `${what}: ${message}${message.endsWith("?") ? "" : "."}`);
  }
}

/** The sentences of what is most often wrong with a file of text. */
function csvMessage(error: unknown): string | undefined {
  const message = error instanceof Error ? error.message : String(error);
  const file = /^\s*file = (.+)$/m.exec(message)?.[1];
  if (file === undefined) return undefined;
  const line = Number(/CSV Error on Line: (\d+)/.exec(message)?.[1] ?? 0).toLocaleString("en-US");
  if (/not utf-8 encoded/.test(message)) {
    const query = `from read_csv(${sqlText(file)}, encoding = 'latin-1')`;
    return `${file} is not UTF-8; if it is Latin-1 or Windows' Western European, read it by --sql ${shellText(query)}, else make UTF-8 of it first, as by iconv.`;
  }
  const [, expected, found] = /Expected Number of Columns: (\d+) Found: (\d+)/.exec(message) ?? [];
  if (expected !== undefined)
    return `Line ${line} of ${file} has ${found} fields, and its header has ${expected}; mend the line, or put a field that holds the delimiter into quotes.`;
  const [, column, word, type] =
    /Error when converting column "(.*)"\. Could not convert string "(.*)" to '(.*)'/.exec(message) ?? [];
  if (column === undefined) return undefined;
  const query = `from read_csv(${sqlText(file)}, nullstr = ['', 'NA', ${sqlText(word)}])`;
  return `Column "${column}" of ${file} holds "${word}" in line ${line}, and values of type ${type} before; make it missing by --sql ${shellText(query)}.`;
}
