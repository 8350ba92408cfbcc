/**
 * Rows that stand elsewhere in parts, each of which is asked by itself where it is: the names and promises that all of the library
 * knows of an engine such as Spark (docs/spark.md). Questions and answers are plain JSON, with an array of bytes beside each answer.
 */

/** What one part answers. */
export interface PartAnswer {
  readonly content: unknown;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** How a column is read of a distant table: numbers, truth values, texts with known levels, or whole texts. */
export interface DistantColumn {
  readonly name: string;
  readonly as: "number" | "boolean" | "levels" | "texts";
  /** Of `levels`: a text's code is its place among them. */
  readonly levels?: readonly string[];
  /**
   * Whether rows are grouped by it: those that agree in all columns of `group` stand side by side in one part, and among them those
   * that agree in all of `within`.
   */
  readonly grouping?: "group" | "within";
}

/** A table whose parts are read where they are: the same rows in the same order, each time. */
export interface DistantTable {
  /** Where that is, as people know it. */
  readonly place: string;
  /** Has every part read and answer, in the order of the parts. @throws InputError where a part cannot be read or refuses its rows */
  read(question: object, columns: readonly DistantColumn[], doing: string): Promise<readonly PartAnswer[]>;
  /** The same, where each part keeps blocks of rows that it has encoded. */
  encode(
    question: object,
    columns: readonly DistantColumn[],
    doing: string,
  ): Promise<{ readonly answers: readonly PartAnswer[]; readonly parts: DistantParts }>;
}

/** Parts that have their rows in blocks, which are made again where they are lost. */
export interface DistantParts {
  /** Asks all parts, whose answers come in their order. @throws InputError; the signal's reason where the run is aborted */
  ask(question: object): Promise<readonly PartAnswer[]>;
  /** Has them remove their blocks. */
  remove(): void;
}
