import { expect, expectTypeOf, it } from "vitest";
import { fit } from "../../src/fit/fit-inline.ts";
import type { FitInput } from "../../src/fit/input/load.ts";
import { predict } from "../../src/fit/predict.ts";
import { compare, type Prediction } from "../../src/index.ts";
import type { FileInput } from "../../src/node.ts";
import * as node from "../../src/node.ts";
import { tableFromColumns, tableFromRows } from "../../src/table/table.ts";

// What a caller's own types are must compile (`npm run check:types` reads this file), and fit.

interface Row {
  x: number;
  y: number;
  readonly note?: string | null;
}
class Visit {
  readonly x: number;
  constructor(
    x: number,
    readonly y: number,
  ) {
    this.x = x;
  }
}
interface Columns {
  readonly x: readonly number[];
  readonly y: Float64Array;
}
type Alias = { x: number; y: number };

const at = (n: number) => ({ x: Math.sin(n), y: Math.sin(n) + Math.cos(n * n) });
const numbers = Array.from({ length: 30 }, (_, n) => n);
const rows: Row[] = numbers.map(at);
const readonlyRows: readonly Readonly<Row>[] = rows;
const visits: Visit[] = rows.map(({ x, y }) => new Visit(x, y));
const columns: Columns = { x: rows.map(({ x }) => x), y: Float64Array.from(rows, ({ y }) => y) };
const aliases: Alias[] = rows;
const unknowns: Record<string, unknown>[] = rows.map((row) => ({ ...row }));
const tuple = [rows[0], rows[1], rows[2], ...rows] as const;

const tables = { rows, readonlyRows, visits, columns, aliases, unknowns, tuple };
const formula = "y ~ x";
const short = { draws: 20, chains: 2, sampler: "laplace" } as const;

it.each(Object.entries(tables))("%s are fitted and predicted, typed as they are", async (_, data) => {
  const posterior = await fit({ data, formula }, short);
  expect(posterior.data.rows).toBeGreaterThanOrEqual(30);
  expect((await posterior.predict(data)).rows).toBe(posterior.data.rows);
  expect((await predict(posterior, data)).rows).toBe(posterior.data.rows);
});

it("each of them compiles in every function that takes a table", () => {
  // Not run: only the types are looked at.
  async () => {
    await fit({ data: rows, formula });
    await fit({ data: visits, formula });
    await fit({ data: readonlyRows, formula });
    await fit({ data: columns, formula });
    await compare({ data: rows, formula });
    await node.fit({ data: rows, formula }, { threads: 2 });
    await node.fit({ path: "a.csv", formula });
    await node.compare({ data: columns, formula });
    const posterior = await node.fit({ x: [[1], [2]], y: new Float32Array(2) });
    expectTypeOf(await node.predict(posterior, rows)).toEqualTypeOf<Prediction>();
    await node.predict(posterior, { path: "b.csv" });
    await node.predict(await node.loadFit("fit.nc"), visits);
    await posterior.predict([[1], Float64Array.of(2)]);
    tableFromRows(visits);
    tableFromColumns(columns);
  };
  expectTypeOf<{ data: Row[]; formula: string }>().toExtend<FitInput>();
  expectTypeOf<{ data: Columns; formula: string }>().toExtend<FitInput>();
});

it("what is no table does not compile", () => {
  expectTypeOf<{ data: string; formula: string }>().not.toExtend<FitInput>();
  expectTypeOf<{ data: number[]; formula: number }>().not.toExtend<FitInput>();
  expectTypeOf<{ data: Row[] }>().not.toExtend<FitInput>();
  expectTypeOf<{ path: number; formula: string }>().not.toExtend<FileInput>();
  async () => {
    // @ts-expect-error An option that does not exist.
    await fit({ data: rows, formula }, { sample: "nuts" });
    // @ts-expect-error The name of a file, where a table is wanted.
    await predict(await fit({ data: rows, formula }), "rows.csv");
  };
});
