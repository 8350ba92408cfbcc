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
  async run(statement: string, local: string): Promise<void> {
    await this.guard(local, () => this.connection.run(statement));
  }

  async rows(statement: string, local: string): Promise<SqlValue[][]> {
    const reader = await this.guard(local, () => this.connection.runAndReadAll(statement));
    return reader.getRows() as SqlValue[][];
  }

  async stream(statement: string, local: string): Promise<DuckDBResult> {
    return this.guard(local, () => this.connection.stream(statement));
  }

  /** The next rows of a stream. */
  async chunkOf(result: DuckDBResult, local: string): Promise<DuckDBDataChunk | null> {
    return this.guard(local, () => result.fetchChunk());
  }

  private guard<T>(local: string, query: () => Promise<T>): Promise<T> {
    return asInputError(local, () => this.interruptible(query), this.signal);
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
