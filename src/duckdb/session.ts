import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult } from "@duckdb/node-api";
import { asInputError } from "./errors.ts";

export type SqlValue = string | number | boolean | bigint | null;

/** A connection whose statements the signal interrupts, and whose errors are sentences. */
export class DuckDBSession {
  constructor(
    readonly connection: DuckDBConnection,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** @param problem What an error begins with. */
  async run(statement: string, problem: string): Promise<void> {
    await this.guard(problem, () => this.connection.run(statement));
  }

  async rows(statement: string, problem: string): Promise<SqlValue[][]> {
    const reader = await this.guard(problem, () => this.connection.runAndReadAll(statement));
    return reader.getRows() as SqlValue[][];
  }

  async stream(statement: string, problem: string): Promise<DuckDBResult> {
    return this.guard(problem, () => this.connection.stream(statement));
  }

  /** The next rows of a stream. */
  async chunkOf(result: DuckDBResult, problem: string): Promise<DuckDBDataChunk | null> {
    return this.guard(problem, () => result.fetchChunk());
  }

  private guard<T>(problem: string, query: () => Promise<T>): Promise<T> {
    return asInputError(problem, () => this.interruptible(query), this.signal);
  }

  private async interruptible<T>(query: () => Promise<T>): Promise<T> {
    const { signal } = this;
    signal?.throwIfAborted();
    const interrupt = () => this.connection.interrupt();
    signal?.addEventListener("abort", interrupt, { once: true });
    try {
      return await query();
    } finally {
      signal?.removeEventListener("abort", interrupt);
    }
  }
}
