import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { InputError } from "../errors.ts";
import { design, file, folder, read } from "./fixtures.ts";
import { openTable } from "./source.ts";

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  return (error as Error).message.replaceAll(folder, "DIR");
}

describe("formats", () => {
  const expected = { y: [1, 2, 3], x: [0.5, null, 2], c: ["b", "a", null] };
  test.each([
    ["comma.csv", "y,x,c\n1,0.5,b\n2,NA,a\n3,2,\n"],
    ["semicolon.csv", '"y";"x";"c"\r\n1;0.5;"b"\r\n2;;a\r\n3;2;NULL\r\n'],
    ["tab.tsv", "y\tx\tc\n1\t0.5\tb\n2\tnan\ta\n3\t2\t\n"],
    ["lines.jsonl", '{"y":1,"x":0.5,"c":"b"}\n{"y":2,"x":null,"c":"a"}\n{"y":3,"x":2}\n'],
    ["list.json", '[{"y":1,"x":0.5,"c":"b"},{"y":2,"x":null,"c":"a"},{"y":3,"x":2,"c":null}]'],
    ["pattern[1].csv", "y,x,c\n1,0.5,b\n2,N/A,a\n3,2,\n"],
    ["it's.csv", "y,x,c\n1,0.5,b\n2,,a\n3,2,\n"],
  ])("%s", async (name, content) => expect(await read({ path: file(name, content) })).toEqual(expected));

  test("patterns and Parquet", async () => {
    file("part-1.csv", "y,x\n1,2\n");
    file("part-2.csv", "y,x\n3,4\n");
    const parquet = join(folder, "parts.parquet");
    expect(await read({ path: join(folder, "part-*.csv") })).toEqual({ y: [1, 3], x: [2, 4] });
    await read({ sql: `select 1 as done` });
    const { DuckDBInstance } = await import("@duckdb/node-api");
    const connection = await (await DuckDBInstance.create()).connect();
    await connection.run(
      `copy (select i as y, i % 3 as x, 'v' || (i % 2) as c from range(300000) t(i)) to '${parquet}' (row_group_size 2048)`,
    );
    const values = await read({ path: parquet });
    expect(values.y).toEqual(Array.from({ length: 300_000 }, (_, i) => i));
    expect(values.c.slice(0, 3)).toEqual(["v0", "v1", "v0"]);
  });

  test("files of a pattern are put together by the names of their columns", async () => {
    file("union-1.csv", "y,x,c\n1,2,a\n3,4,b\n");
    file("union-2.csv", "c,y,x\na,5,NA\n1,6,2.5\n");
    expect(await read({ path: join(folder, "union-*.csv") })).toEqual({
      y: [1, 3, 5, 6],
      x: [2, 4, null, 2.5],
      c: ["a", "b", "a", "1"],
    });
    file("union-3.csv", "c,y\na,5\n");
    expect(await messageOf(read({ path: join(folder, "union-*.csv") }))).toBe(
      'DIR/union-1.csv has a column "x" and DIR/union-3.csv has none; read files of the same columns together.',
    );
  });

  test("a comment before the header does not hide it", async () => {
    const text = "# made today\ny,x\n1,2\n3,4\n";
    const expected = { y: [1, 3], x: [2, 4] };
    expect(await read({ path: file("comment.csv", text) })).toEqual(expected);
    expect(await read({ path: file("comments.csv", `${text}# the end, of it\n`) })).toEqual(expected);
    expect(await read({ path: file("hash.csv", `${text}#5,6\n`) })).toEqual(expected);
  });

  test("numbers aligned by blanks, with and without a header", async () => {
    expect(await read({ path: file("aligned.data", "   1   6.5   4 \n   2  48  -2e3 \n\n  12   NA  21\n") })).toEqual({
      column0: [1, 2, 12],
      column1: [6.5, 48, null],
      column2: [4, -2000, 21],
    });
    expect(await read({ path: file("aligned.txt", "  y    x\n  1    2\n 10   20\n") })).toEqual({
      y: [1, 10],
      x: [2, 20],
    });
  });

  test("a query over the file, which is its table data", async () => {
    const path = file("data.csv", "y,x\n1,2\n3,4\n5,6\n");
    expect(await read({ path, sql: "select y + x as s from data where x > 2; " })).toEqual({ s: [7, 11] });
    expect(await read({ sql: `with t as (from '${path}') select x from t -- all of them` })).toEqual({ x: [2, 4, 6] });
  });

  test("types: whole numbers of any size, decimals, booleans, dates and times, and texts of any kind", async () => {
    const sql = `select 170141183460469231731687303715884105727::hugeint as h, 1.25::decimal(9, 2) as d, 9007199254740993 as b, true as t,
      date '1970-01-11' as day, timestamp '1970-01-01 12:00:00' as time, timestamptz '1970-01-02 00:00:00+00' as zoned,
      timestamp_ns '1970-01-01 06:00:00' as fine, 'b'::enum('b', 'a') as e, uuid '00000000-0000-0000-0000-000000000001' as u`;
    expect(await read({ sql })).toEqual({
      h: [2 ** 127],
      d: [1.25],
      b: [2 ** 53],
      t: ["true"],
      day: [10],
      time: [0.5],
      zoned: [1],
      fine: [0.25],
      e: ["b"],
      u: ["00000000-0000-0000-0000-000000000001"],
    });
  });

  test("levels with quotes, blanks and letters beyond the basic plane; a column without any", async () => {
    const sql = `select * from (values ('it''s', null::varchar), ('', null), (' "x" ', null), ('\u{1f600}', null), ('\uffee', null)) t(c, nothing)`;
    expect(await read({ sql })).toEqual({
      c: ["it's", "", ' "x" ', "\u{1f600}", "\uffee"],
      nothing: [null, null, null, null, null],
    });
    const made = await design({ sql: `select row_number() over () as y, c from (${sql})` }, "y ~ 0 + c");
    expect(made.columns.map(({ name }) => name)).toEqual(["c[]", 'c[ "x" ]', "c[it's]", "c[\uffee]", "c[\u{1f600}]"]);
  });

  test("a random query is asked once, so that both passes see the same rows", async () => {
    const made = await design({ sql: "select random() as y, random() as x from range(20000)" }, "y ~ x");
    const squares = Array.from({ length: made.numRows }, (_, n) => made.rows[n * made.stride] ** 2);
    expect(squares.reduce((sum, value) => sum + value, 0) / made.numRows).toBeCloseTo(1, 6);
  });

  test("columns asked for later are read then", async () => {
    const table = await openTable({ sql: "select i as a, 2 * i as b from range(3) t(i)" });
    for await (const { columns } of table.chunks(["a"])) expect([...columns.keys()]).toEqual(["a"]);
    for await (const { columns } of table.chunks(["b"]))
      expect(columns.get("b")).toMatchObject({ values: Float64Array.of(0, 2, 4) });
    await table.close?.();
  });
});

describe("errors", () => {
  test.each([
    [{}, "There is no data; name a file, or give --sql."],
    [{ path: "/no/such.csv" }, "There is no file /no/such.csv; check the path."],
    [{ path: folder }, 'DIR is a folder; name the files in it, as in "DIR/*.csv".'],
    [{ path: join(folder, "*.zzz") }, "No file matches DIR/*.zzz; check the pattern."],
    [{ path: file("empty.csv", "") }, "DIR/empty.csv is empty; it needs at least a row of data."],
    [
      { path: file("broken.parquet", "hello") },
      "DIR/broken.parquet cannot be read: File 'DIR/broken.parquet' too small to be a Parquet file.",
    ],
    [
      { path: file("binary.csv", "\x00\x01\x02") },
      "DIR/binary.csv is not a table: it holds binary data; use CSV, JSON lines or Parquet.",
    ],
    [{ path: file("broken.json", '{"y":1\n') }, /^DIR\/broken.json cannot be read: Malformed JSON in file .*\.$/],
    [{ sql: "selec 1" }, 'The query fails: syntax error at or near "selec".'],
    [
      { sql: "select nope from (select 1 as a)" },
      'The query fails: Referenced column "nope" not found in FROM clause; Candidate bindings: "a".',
    ],
    [{ sql: "from '/no/such.parquet'" }, 'The query fails: No files found that match the pattern "/no/such.parquet".'],
    [{ sql: "select 1; select 2" }, /^--sql takes one SELECT, and the query is 2 statements; write it as one/],
    [
      { sql: "select case when i = 2 then error('ouch') else i end as y from range(3) t(i)" },
      /^The query fails: ouch\.$/,
    ],
  ])("%#", async (options, expected) => {
    const message = await messageOf(read(options));
    if (typeof expected === "string") expect(message).toBe(expected);
    else expect(message).toMatch(expected);
  });

  test("a list column is refused only where it is used", async () => {
    const sql = "select i as y, i % 7 as x, [i] as l from range(20) t(i)";
    expect((await design({ sql }, "y ~ x")).numRows).toBe(20);
    expect((await messageOf(design({ sql }, "y ~ ."))).split("\n")[0]).toBe(
      'Formula error at column 5: column "l" is of a type (BIGINT[]) that a formula cannot use; leave it out, or make a number or a text of it with --sql.',
    );
  });

  test("a late text among numbers is named", async () => {
    const rows = Array.from({ length: 30_000 }, (_, n) => `${n},${n === 29_000 ? "abc" : n / 2}`);
    const path = file("late.csv", `y,x\n${rows.join("\n")}\n`);
    expect(await messageOf(design({ path }, "y ~ x"))).toBe(
      'Column "x" holds numbers, and among them "abc" in data row 29,001; make what is no number missing by --sql "select * replace (try_cast(x as double) as x) from data", or write C(x) if these are levels.',
    );
  });

  test("an abort interrupts a query with its reason", async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 50);
    const sql = "select sum(sin(a.i * b.i)) as y from range(100000) a(i), range(1000000) b(i)";
    await expect(read({ sql, signal: controller.signal })).rejects.toThrow("enough");
  });
});

test("an open table does not keep the process alive", () => {
  const script = `import { DuckDBInstance } from "@duckdb/node-api"; await (await DuckDBInstance.create()).connect();`;
  execFileSync(process.execPath, ["--input-type=module", "-e", script], { timeout: 30_000 });
});

const shared = join(import.meta.dirname, "../../../shared/data");
describe.skipIf(!existsSync(shared))("real data (skipped where ../shared/data is absent)", () => {
  test.each([
    ["wine/winequality-red.csv", "quality ~ .", "gaussian", 1599, 12],
    ["wine/winequality-white.csv", "quality >= 7 ~ . - `pH` + log(`residual sugar`)", "bernoulli", 4898, 12],
    ["wine/*.csv", "quality ~ 0 + alcohol", "gaussian", 6497, 1],
    ["casp/CASP.csv", "RMSD ~ .", "gaussian", 45_730, 10],
    ["skin/Skin_NonSkin.txt", "column3 ~ .", "bernoulli", 245_057, 4],
    ["german-credit/german.data-numeric", "column24 ~ .", "bernoulli", 1000, 25],
    [
      "covertype/covertype-binary.parquet",
      "lodgepole_pine ~ . - wilderness_area - soil_type + C(wilderness_area) + C(soil_type)",
      "bernoulli",
      581_012,
      53,
    ],
  ])("%s, %s", async (name, formula, family, numRows, numColumns) => {
    const made = await design({ path: join(shared, name) }, formula);
    expect([made.family, made.numRows, made.droppedRows, made.columns.length]).toEqual([
      family,
      numRows,
      0,
      numColumns,
    ]);
    const ofRatings = [
      expect.stringMatching(/^quality takes only [67] different values, all whole \(3, 4, 5, .*\), in/),
    ];
    expect(made.warnings).toEqual(formula.startsWith("quality ~") ? ofRatings : []);
    for (let j = 0; j < numColumns; j++) {
      if (made.columns[j].isIntercept) continue;
      let sum = 0;
      let squares = 0;
      for (let n = 0; n < numRows; n++) {
        sum += made.rows[n * made.stride + j];
        squares += made.rows[n * made.stride + j] ** 2;
      }
      if (made.hasIntercept) expect(Math.abs(sum / numRows)).toBeLessThan(1e-5);
      expect(squares / numRows).toBeCloseTo(1, 4);
    }
  });

  test("german credit: 300 of 1000 are bad", async () => {
    const made = await design({ path: join(shared, "german-credit/german.data-numeric") }, "column24 ~ .");
    expect(made.target).toMatchObject({ name: "column24 = 2", levels: ["1", "2"] });
    let bad = 0;
    for (let n = 0; n < 1000; n++) bad += made.rows[n * made.stride + made.stride - 1];
    expect(bad).toBe(300);
  });
});

describe("texts", () => {
  test("are read as they are, missing ones apart, and may be more than a categorical's levels", async () => {
    const path = file(
      "reviews.csv",
      'y,text,kind\n1,"good, very good",a\n2,,b\n3,"It\'s ""bad""",a\n4,"Très\nbon ★ bon",a\n5,7,b\n6,good ★,b\n',
    );
    const { rows, stride, numRows, columns, droppedRows } = await design(
      { path },
      "y ~ kind + words(text, 1) + words(kind, 3)",
      {
        standardize: "none",
      },
    );
    expect(columns.map(({ name }) => name)).toEqual([
      "kind[b]",
      ...["7", "bad", "bon", "good", "it's", "très", "very"].map((word) => `words(text, 1)[${word}]`),
      "words(kind, 3)[a]",
      "Intercept",
    ]);
    expect(droppedRows).toBe(1);
    expect(Array.from({ length: numRows }, (_, n) => rows.slice(n * stride, n * stride + 8).join(""))).toEqual([
      "00002001",
      "00100100",
      "00020010",
      "11000000",
      "10001000",
    ]);
    const many = await design(
      { sql: "select i as y, 'row ' || i || if(i % 3 = 0, ' third', '') as text from range(200001) t(i)" },
      "y ~ words(text)",
    );
    expect(many.columns.map(({ name, mean }) => [name, mean])).toEqual([
      ["words(text)[third]", expect.closeTo(66667 / 200001, 12)],
      ["Intercept", 0],
    ]);
    expect(many.leftOut).toEqual(["words(text)[row]"]);
  });
});
