import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { InputError } from "../errors.ts";
import { openTable } from "./source.ts";

const folder = mkdtempSync(join(tmpdir(), "ornstein-confined-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const rows = Array.from({ length: 30 }, (_, i) => `${i},${i % 7},${"abc"[i % 3]}`);
writeFileSync(at("named.csv"), ["x,y,z", ...rows].join("\n"));
writeFileSync(at("part-1.csv"), ["x,y,z", ...rows].join("\n"));
writeFileSync(at("part-2.csv"), ["x,y,z", ...rows].join("\n"));
writeFileSync(at("odd[1].csv"), ["x,y,z", ...rows].join("\n"));
writeFileSync(at("secret.csv"), "x,y\n1,2\n3,4\n");
const named = at("named.csv");
const secret = at("secret.csv");

/** How many rows a query gives. */
async function count(sql: string, { path = named as string | undefined, confined = true } = {}): Promise<number> {
  const source = await openTable({ path, sql, confined });
  try {
    let total = 0;
    for await (const { numRows } of source.chunks(source.columns.map(({ name }) => name).slice(0, 1))) total += numRows;
    return total;
  } finally {
    await source.close?.();
  }
}

/** The sentence of a refusal; anything but an InputError fails. */
async function refusal(sql: string, options?: Parameters<typeof count>[1]): Promise<string> {
  const result = await count(sql, options).catch((error: unknown) => error);
  expect(result, sql).toBeInstanceOf(InputError);
  return (result as InputError).message;
}

const statements = [
  "select 1 as x) ; copy (select 1) to '@out'; select * from (select 1",
  "select 1 as x); copy data to '@out' --",
  "select 1 as x; copy data to '@out'",
  "select 1 as x; select 2 as x",
  "copy (select 1) to '@out'",
  "copy data to '@out'",
  "attach '@out' as other",
  "install httpfs",
  "load httpfs",
  "set threads = 1",
  "reset lock_configuration",
  "pragma version",
  "call enable_logging(storage = 'file', storage_config = {'path': '@out'})",
  "create table t as select 1",
  "insert into data values (1)",
  "drop view data",
  "export database '@out'",
  "explain analyze select 1",
  "prepare p as select 1",
  "checkpoint",
  "vacuum",
  "begin transaction",
  "use memory",
  "",
  ";",
  "-- nothing",
  "select 1 as x\0) ; copy data to '@out'",
  "from enable_logging(storage = 'file', storage_config = {'path': '@out'})",
  "select * from data, lateral (from enable_logging())",
  "from query('select 1 as x')",
  "from json_execute_serialized_sql(json_serialize_sql('select 1'))",
  "from force_checkpoint()",
  "from enable_profiling()",
  "from truncate_duckdb_logs()",
  "from 'https://example.com/rows.csv'",
  "from read_parquet('s3://bucket/rows.parquet')",
  "from read_xlsx('rows.xlsx')",
  "with a as (insert into data values (1) returning *) from a",
  `select ${"(".repeat(20_000)}1${")".repeat(20_000)}`,
  `select ${"not ".repeat(50_000)}true`,
  `select ${"1 + ".repeat(50_000)}1`,
  `${"select * from (".repeat(2000)}select 1${")".repeat(2000)}`,
  `select 1${" ".repeat(1_000_001)}`,
];

describe("a query is one SELECT", () => {
  test.each(statements.map((sql) => [sql.slice(0, 60), sql]))("%s", async (_, sql) => {
    const out = at("out");
    for (const confined of [false, true]) {
      const message = await refusal(sql.replaceAll("@out", out), { confined });
      expect(message).not.toMatch(/\n|unforeseen/);
      expect(existsSync(out)).toBe(false);
    }
  });

  test.each([
    ["select * from data", 30],
    ["from data where y > 2 -- a remark", 16],
    ["from data;", 30],
    ["from data; ; -- a remark; it's fine\n /* and\n another */ ;", 30],
    ["select ';' as x, 'a -- b' as y from data -- ;", 30],
    ["with a as (from data limit 4) select * from a union all select * from a", 8],
    ["with recursive t(x) as (select 1 union all select x + 1 from t where x < 5) from t", 5],
    ["values (1), (2)", 2],
    ["select x, x from data", 30],
    ["pivot data on z in ('a', 'b') using sum(x) group by y", 7],
    ["select unnest([1, 2, 3]) as x", 3],
    ["from range(7)", 7],
    ["select d.x from DATA as d join main.data as e using (x)", 30],
    ["select * from data using sample 100%", 30],
    [`select ${"(".repeat(100)}x${")".repeat(100)} as x from data`, 30],
    ["select x from data where x in (select max(x) from data) or z = getvariable('a')", 1, false],
    ["select x from data where length(current_setting('TimeZone')) = 3", 30, false],
  ] as [string, number, boolean?][])("%s", async (sql, expected, confinedToo = true) => {
    expect(await count(sql, { confined: false })).toBe(expected);
    if (confinedToo) expect(await count(sql)).toBe(expected);
  });
});

describe("a query on the command line names its own files", () => {
  test.each([
    `from '${secret}'`,
    `from read_csv('${secret}', header = true)`,
    `from sniff_csv('${secret}')`,
    `select x from read_csv(['${secret}', '${secret}'])`,
    `select length(content) as n from read_text('${secret}')`,
    `select octet_length(content) as n from read_blob('${secret}')`,
    `from glob('${folder}/*.csv')`,
  ])("%s", async (sql) => {
    expect(await count(sql, { path: undefined, confined: false })).toBeGreaterThan(0);
    expect(await count(sql, { confined: false })).toBeGreaterThan(0);
    expect(await refusal(sql)).toMatch(/^The query (names|calls) .*; it is confined to the table data/);
    expect(await refusal(sql, { path: undefined })).toMatch(/; it is confined to the table data/);
  });
});

describe("a confined query", () => {
  test.each([
    "from '/etc/passwd'",
    "from '/no/such/file.csv'",
    `from "${secret}"`,
    "from read_text('/etc/passwd')",
    `from read_csv('${named}' || '')`,
    `from read_csv(['${named}', '${secret}'])`,
    `from read_csv((select '${secret}'))`,
    `from read_csv('${folder}/../${folder.split("/").at(-1)}/secret.csv')`,
    `from read_csv('${folder}/*.csv')`,
    `from read_blob('${tmpdir()}/ornstein-${process.pid}/*')`,
    "from read_text('/proc/self/environ')",
    "from glob('/etc/*')",
    `from parquet_metadata('${secret}')`,
    `from sniff_csv('${secret}')`,
    `from read_duckdb('${secret}')`,
    "from query_table('/etc/passwd')",
    "from query_table(['data'])",
    "select * from data where exists (from '/etc/passwd')",
    "from duckdb_settings()",
    "from duckdb_secrets()",
    "from duckdb_databases()",
    "from duckdb_tables",
    "from information_schema.tables",
    "from pg_catalog.pg_settings",
    "from sqlite_master",
    "show all tables",
    "show databases",
    "describe data",
    "select current_setting('secret_directory') as x",
    "select x from data where current_setting('temp_directory') > 'a'",
    "select x from data order by (select current_setting('threads'))",
    "select row_number() over (order by current_setting('threads')) as x from data",
    "select CURRENT_QUERY() as x",
    "select getvariable('a') as x",
    "select getenv('HOME') as x",
    "select sleep_ms(10) as x",
    "select pg_sleep(10) as x",
    "select write_log('a') as x",
    "select version() as x",
    "select json_serialize_plan('from read_csv(''/etc/passwd'')') as x",
    "select (repeat('[', 50000) || repeat(']', 50000))::json::variant as x",
    "select try_cast(repeat('[', 50000)::json as variant[]) as x",
    "select cast_to_type(repeat('[', 50000)::json, make_type('VARIANT')) as x",
  ])("%s", async (sql) => {
    const message = await refusal(sql);
    expect(message).toMatch(/^The query .*; it is confined to the table data, so take the rows from that alone\.$/);
  });

  test("does not learn whether a file is there by a name that stands for something else elsewhere", async () => {
    const other = (path: string) =>
      refusal(`select b.* from (with "${path}" as (select 1) from "${path}"), "${path}" as b`);
    expect((await other(secret)).replaceAll(secret, "it")).toBe(
      (await other(at("none.csv"))).replaceAll(at("none.csv"), "it"),
    );
  });

  test("is read from the file that was named, in whatever way it names it", async () => {
    for (const sql of [`from '${named}'`, `select n.x from '${named}' as n`, `from read_csv('${named}')`])
      expect(await count(sql)).toBe(30);
    expect(await count(`from read_csv('${at("part-1.csv")}')`, { path: at("part-*.csv") })).toBe(30);
    expect(await count("from data", { path: at("part-*.csv") })).toBe(60);
    expect(await count("from data", { path: at("odd[1].csv") })).toBe(30);
    expect(await count("select z from data where y > 3 order by x")).toBe(12);
  });

  test("cannot reach files by DuckDB's own walls either", async () => {
    // What the look at the query would let pass, were it mistaken.
    const { openDuckDB } = await import("./instance.ts");
    const { DuckDBSession } = await import("./session.ts");
    const { lockDown } = await import("./confinement.ts");
    const duckdb = await openDuckDB("Reading files and queries");
    try {
      const session = new DuckDBSession(await duckdb.instance.connect(), undefined);
      await lockDown(session, [named], undefined);
      expect(await session.rows(`select count(*)::int from read_csv('${named}')`, "fails")).toEqual([[30]]);
      for (const sql of [
        `from read_csv('${secret}')`,
        "from read_text('/etc/passwd')",
        "from glob('/etc/*')",
        `copy (select 1) to '${at("out")}'`,
        `attach '${at("out")}' as other`,
        "set enable_external_access = true",
        "set lock_configuration = false",
        `set allowed_paths = ['${secret}']`,
        "install httpfs",
        "load httpfs",
      ])
        await expect(session.run(sql, "Refused"), sql).rejects.toThrow(/^Refused: /);
      expect(existsSync(at("out"))).toBe(false);
    } finally {
      duckdb.close();
    }
  });

  test("sorts more than its memory holds, and leaves nothing behind", async () => {
    const sql = "select x, random() as r, repeat('word ', 20) || i as t from data, range(20000) as n(i) order by r";
    expect(await count(sql)).toBe(600_000);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`ornstein-${process.pid}`))).toEqual([]);
  });

  test("ends with the signal", async () => {
    const controller = new AbortController();
    const reason = new Error("too long");
    setTimeout(() => controller.abort(reason), 200);
    const sql = "select sum(a.i * b.i) as x from range(10000000) a(i), range(10000000) b(i)";
    const { signal } = controller;
    const work = async () => {
      const source = await openTable({ path: named, sql, confined: true, signal });
      try {
        for await (const _ of source.chunks(["x"]));
      } finally {
        await source.close?.();
      }
    };
    await expect(work()).rejects.toBe(reason);
  });

  test("has the file's columns with the types that it has unconfined", async () => {
    const describe = async (confined: boolean) => {
      const source = await openTable({ path: named, sql: "select * from data", confined });
      await source.close?.();
      return source.columns;
    };
    expect(await describe(true)).toEqual(await describe(false));
  });
});

test("a recipe's types reach SQL as types alone", async () => {
  const evil = "VARCHAR); copy (select 1) to 'out'; select (1";
  const like = { inputs: [], fileTypes: { z: evil, x: "int) or (true" } };
  const source = await openTable({ path: named, like });
  await source.close?.();
  expect(source.columns.map(({ type }) => type)).toEqual(["number", "number", "string"]);
  expect(existsSync("out")).toBe(false);
});

test("confined is true or false", async () => {
  await expect(openTable({ path: named, sql: "from data", confined: 1 as never })).rejects.toThrow(
    "The option confined is the number 1: give true or false.",
  );
});

test("data on another machine is refused, and nothing is downloaded for it", async () => {
  await expect(openTable({ path: "https://example.com/rows.csv" })).rejects.toThrow(/is on another machine; fetch it/);
  expect(readFileSync(named, "utf8")).toContain("x,y,z");
});
