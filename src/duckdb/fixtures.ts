import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildDesign } from "../design/design.ts";
import type { DesignOptions } from "../design/design-types.ts";
import { parseFormula } from "../formula/formula.ts";
import { type OpenTableOptions, openTable } from "./source.ts";

// Files in a folder of their own, and what tests read of them.

export const folder = mkdtempSync(join(tmpdir(), "ornstein-test-"));
// Several test files share this module where they share a process.
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

export function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

export async function read(
  options: OpenTableOptions,
  names?: string[],
): Promise<Record<string, (number | string | null)[]>> {
  const table = await openTable(options);
  try {
    const wanted = names ?? table.columns.map(({ name }) => name);
    const result: Record<string, (number | string | null)[]> = Object.fromEntries(wanted.map((name) => [name, []]));
    for await (const { columns } of table.chunks(wanted)) {
      for (const [name, column] of columns) {
        if (column.kind === "number")
          for (const value of column.values) result[name].push(Number.isNaN(value) ? null : value);
        else for (const code of column.codes) result[name].push(column.levels[code] ?? null);
      }
    }
    return result;
  } finally {
    await table.close?.();
  }
}

export async function design(options: OpenTableOptions, formula: string, designOptions?: DesignOptions) {
  const table = await openTable(options);
  try {
    return await buildDesign(table, parseFormula(formula), designOptions);
  } finally {
    await table.close?.();
  }
}
