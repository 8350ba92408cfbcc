import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { openTable } from "../../src/duckdb/source.ts";
import { openSparkTable } from "../../src/spark/spark-table-node.ts";
import { sparkPython } from "./cluster.ts";

const folder = mkdtempSync(join(tmpdir(), "ornstein-spark-separated-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("columns of separated files have the types that this machine finds: codes and times are texts", async () => {
  const path = join(folder, "rows.csv");
  const lines = Array.from({ length: 200 }, (_, n) => [
    n / 7,
    ["01234", "10001"][n % 2],
    ["13:00", "09:30"][(n >> 1) % 2],
    n % 5,
    n % 3 === 0,
    `2024-01-${10 + (n % 20)}`,
  ]);
  writeFileSync(path, `y,code,hour,count,flag,day\n${lines.map((line) => line.join(",")).join("\n")}\n`);
  const [here, there] = await Promise.all([
    openTable({ path }),
    openSparkTable({ path }, { master: "local[1]", python: sparkPython(), conf: {} }),
  ]);
  const kinds = ({ columns }: Pick<typeof here, "columns">) =>
    columns.map(({ name, type, isTime }) => [name, type, isTime ?? false]);
  expect(kinds(there)).toEqual(kinds(here));
  await Promise.all([here.close?.(), there.close?.()]);
});
