import type { ContentHasher } from "../../engine/block-store.ts";
import type { Column, TableChunk } from "../../table/table-source.ts";

/**
 * What tells the rows of a table from others: a hash of every value of every column that was read, wherever they came from and in
 * whatever chunks.
 */
export class ContentHash {
  private readonly hashers = new Map<string, ContentHasher>();
  private readonly levels = new Map<string, readonly string[]>();

  /** @param texts columns whose levels are those of a chunk */
  constructor(
    private readonly createHash: () => ContentHasher,
    private readonly texts: ReadonlySet<string>,
  ) {}

  /** The rows that follow. */
  add({ columns }: TableChunk): void {
    for (const [name, column] of columns) {
      const hasher = this.hashers.get(name) ?? this.createHash();
      this.hashers.set(name, hasher);
      hasher.update(this.bytesOf(name, column));
    }
  }

  digest(): string {
    const whole = this.createHash();
    const parts = [...this.hashers].map(([name, hasher]) => [name, this.levels.get(name), hasher.digest("hex")]);
    whole.update(new TextEncoder().encode(JSON.stringify(parts)));
    return whole.digest("hex");
  }

  private bytesOf(name: string, column: Column): Uint8Array {
    if (column.kind === "number") return bytes(column.values);
    if (this.texts.has(name)) {
      const texts = Array.from(column.codes, (code) => column.levels[code]);
      return new TextEncoder().encode(JSON.stringify(texts).slice(1, -1).concat(","));
    }
    this.levels.set(name, column.levels);
    return bytes(column.codes);
  }
}

const bytes = ({ buffer, byteOffset, byteLength }: Float64Array | Int32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** One hash of what a plain object says. */
export function hashOf(createHash: () => ContentHasher, content: unknown): string {
  const hasher = createHash();
  hasher.update(new TextEncoder().encode(JSON.stringify(content)));
  return hasher.digest("hex");
}
