import type { CategoryColumn, TableChunk } from "./table-source.ts";

/** A compiled expression: its type, and a function that evaluates it for every row of a chunk. */
export type CompiledExpression =
  /** NaN for a missing value; a boolean is 0 or 1. */
  | {
      readonly type: "number" | "boolean";
      /** Whether the numbers are days since 1970-01-01. */
      readonly isTime?: boolean;
      readonly evaluate: (chunk: TableChunk) => Float64Array;
    }
  | { readonly type: "string"; readonly evaluate: (chunk: TableChunk) => CategoryColumn }
  /** A literal text. */
  | { readonly type: "text"; readonly value: string };

/** An expression whose values are numbers, or 0 and 1. */
export type Numeric = Extract<CompiledExpression, { type: "number" | "boolean" }>;
