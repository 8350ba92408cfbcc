import { openTable } from "../src/node.ts";

/**
 * The columns of a file or a query with their means taken off, the target's too unless it is an event: the data of the
 * paper's experiments, whose models are without an intercept over centred columns.
 */
export async function centredColumns(
  source: { path?: string; sql?: string },
  event?: string,
): Promise<Record<string, Float64Array>> {
  const table = await openTable(source);
  const names = table.columns.map(({ name }) => name);
  const values = new Map(names.map((name) => [name, [] as number[]]));
  for await (const { columns } of table.chunks(names)) {
    for (const [name, column] of columns) {
      const own = values.get(name)!;
      for (const value of column.kind === "number" ? column.values : column.codes) own.push(value);
    }
  }
  await table.close?.();
  return Object.fromEntries(
    [...values].map(([name, own]) => {
      const mean = name === event ? 0 : own.reduce((sum, value) => sum + value, 0) / own.length;
      return [name, Float64Array.from(own, (value) => value - mean)];
    }),
  );
}
