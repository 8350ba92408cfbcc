import type { CategoryColumn, TableChunk } from "./table-source.ts";

/** What an expression is, and how a chunk's values of it are had: as many as the chunk has rows. */
export type CompiledExpression =
  /** NaN where a value is missing; a boolean is 0 or 1. */
  | {
      readonly type: "number" | "boolean";
      /** Whether the numbers are days since 1970-01-01. */
      readonly isTime?: boolean;
      readonly evaluate: (chunk: TableChunk) => Float64Array;
    }
  | { readonly type: "string"; readonly evaluate: (chunk: TableChunk) => CategoryColumn }
  /** A text in quotes. */
  | { readonly type: "text"; readonly value: string };

/** An expression whose values are numbers, or 0 and 1. */
export type Numeric = Extract<CompiledExpression, { type: "number" | "boolean" }>;
