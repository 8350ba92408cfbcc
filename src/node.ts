/** What needs Node: files, SQL and worker threads. Everything of `ornstein` is here too; `fit` uses all cores. */
import { availableParallelism } from "node:os";
import { openTable } from "./data/duckdb-source.ts";
import { createNodeEngine } from "./engine/node-engine.ts";
import { type FitInput, fitWithEngine, type Posterior, type RunOptions } from "./posterior/fit.ts";

/** A file (CSV, TSV, JSON lines, Parquet), a glob of them, or a query over files, and a formula over its columns. */
export interface FileInput {
  readonly path?: string;
  /** SQL; the file of `path`, if given, is the view `data`. */
  readonly sql?: string;
  readonly formula: string;
}

export interface NodeRunOptions extends RunOptions {
  /** Worker threads; all cores unless told. The result does not depend on it. */
  readonly threads?: number;
}

/**
 * Posterior of a generalised linear model from files, tables or arrays, on worker threads that share one copy of the data.
 * @throws InputError where the input or an option cannot be used; the signal's reason when it is aborted
 */
export async function fit(input: FitInput | FileInput, options: NodeRunOptions = {}): Promise<Posterior> {
  const { threads = availableParallelism(), ...rest } = options;
  const engine = await createNodeEngine(threads);
  try {
    if (!isFile(input)) return await fitWithEngine(input, rest, engine);
    rest.onProgress?.("opening", 0);
    const { path, sql, formula } = input;
    const source = await openTable({ path, sql, signal: rest.signal });
    try {
      return await fitWithEngine({ data: source, formula }, rest, engine);
    } finally {
      await source.close?.();
    }
  } finally {
    await engine.executor.close();
  }
}

function isFile(input: FitInput | FileInput): input is FileInput {
  return "path" in input || "sql" in input;
}

export * from "./public.ts";
export { openTable };
