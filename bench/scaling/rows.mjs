// Generated rows as Parquet, whose target is drawn from a logistic model with known coefficients. Each value depends on its row alone.
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname } from "node:path";

/** SQL of a uniform number in (0, 1) that belongs to row `range`. */
const uniform = (stream) => `((hash(range, ${stream}) % 16777213) + 0.5) / 16777213.0`;
const columnsOfNumbers = (count) => Array.from({ length: count }, (_, j) => j);

/** `count` columns of whole numbers from 0 to 200. */
function numbers(count) {
  const each = columnsOfNumbers(count);
  // The same spread of the linear predictor for any number of columns, and the coefficients of ten.
  const slope = (j) => 0.002 * (j - (count - 1) / 2) * (10 / count) ** 1.5;
  return {
    columns: each.map((j) => `(hash(range, ${j + 1}) % 201)::smallint as v${j}`).join(", "),
    eta: `-2 + ${each.map((j) => `${slope(j).toPrecision(4)} * v${j}`).join(" + ")}`,
    select: each.map((j) => `v${j}`).join(", "),
    formula: "late ~ .",
    truth: Object.fromEntries([0, count - 1].map((j) => [`v${j}`, slope(j)])),
  };
}

/** Ten rows in each group, whose intercepts are nearly normal with sd 0.7 (the sum of twelve uniforms). */
const grouped = () => ({
  columns: `((hash(range, 1) % 2001)::double - 1000) / 577 as x, (range // 10)::int as g`,
  eta: `-1 + 0.5 * x + 0.7 * (${Array.from({ length: 12 }, (_, k) => `((hash(g, ${k + 200}) % 16777213) + 0.5) / 16777213.0`).join(" + ")} - 6)`,
  select: "x, g",
  formula: "late ~ x + (1 | g)",
  truth: { x: 0.5 },
});

const flights = () => ({
  columns: `(hash(range, 1) % 24)::int as h, (hash(range, 2) % 7)::int as d, (100 + (hash(range, 3) % 2400))::smallint as distance`,
  eta: "-2.5 + 0.08 * h - 0.05 * d + 0.0002 * distance",
  select:
    "lpad(h::varchar, 2, '0') as hour, ['Sunday','Monday','Tuesday','Wednesday','Thursday','Friday','Saturday'][(d + 1)::bigint] as weekday, distance",
  formula: "late ~ C(hour) + weekday + distance",
  truth: { distance: 0.0002, "C(hour)[10]": 0.8 },
});

/** `flights` comes to 31 columns; `ten` has ten of numbers, `numbers-64` so many; `groups` has ten rows in each group. */
export function kindOf(name) {
  if (name === "flights") return flights();
  if (name === "ten") return numbers(10);
  if (name === "groups") return grouped();
  const count = Number(name.match(/^numbers-(\d+)$/)?.[1]);
  if (!count)
    throw new Error(
      `There is no kind of rows ${name}; there are flights, ten, numbers-64 (or another number) and groups.`,
    );
  return numbers(count);
}

/** Writes the file, unless it is there. */
export async function generate(name, numRows, path) {
  if (existsSync(path)) return;
  const kind = kindOf(name);
  mkdirSync(dirname(path), { recursive: true });
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", { memory_limit: "2GB", preserve_insertion_order: "true" });
  const connection = await instance.connect();
  // One that was interrupted half-way is not taken for the whole.
  await connection.run(
    `copy (select ${kind.select}, (${uniform(99)}) < 1 / (1 + exp(-(${kind.eta}))) as late
     from (select range, ${kind.columns} from range(${numRows}))) to '${path}.part' (format parquet, row_group_size 122880)`,
  );
  renameSync(`${path}.part`, path);
  connection.closeSync();
  instance.closeSync();
}
