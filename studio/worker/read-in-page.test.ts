import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { openDuckDB } from "../../src/duckdb/instance.ts";
import { openTable } from "../../src/duckdb/source.ts";
import { InputError } from "../../src/errors.ts";
import { fit } from "../../src/fit/fit-inline.ts";
import { fit as fitOnThreads } from "../../src/node-command.ts";
import { createRandom } from "../../src/rng/xoshiro.ts";
import type { Column, TableSource } from "../../src/table/table-source.ts";
import { openInPage, type StudioTable } from "./tables.ts";

const folder = mkdtempSync(join(tmpdir(), "ornstein-page-"));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;

/** The values of a column as the command reads them: numbers, texts or null. */
async function valuesOf(source: TableSource, name: string): Promise<(string | number | null)[]> {
  const values: (string | number | null)[] = [];
  for await (const { columns } of source.chunks([name])) values.push(...plain(columns.get(name)!));
  return values;
}

function plain(column: Column): (string | number | null)[] {
  if (column.kind === "number") return Array.from(column.values, (value) => (Number.isNaN(value) ? null : value));
  return Array.from(column.codes, (code) => (code < 0 ? null : column.levels[code]));
}

/** Compares what the page reads with what the command reads; false where the page does not read it. */
async function areSame(text: string | Uint8Array, ending = "csv"): Promise<boolean> {
  const path = join(folder, `rows-${count++}.${ending}`);
  writeFileSync(path, text);
  let page: StudioTable;
  try {
    page = await openInPage(new File([text as BlobPart], "rows.csv"));
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
  const command = await openTable({ path }).catch(() => undefined);
  if (!command) return false;
  try {
    const used = page.about.columns.filter(({ type }) => type !== "unsupported");
    expect(page.about.columns.map(({ name }) => name)).toEqual(command.columns.map(({ name }) => name));
    for (const { name, type, isTime } of used) {
      const own = command.columns.find((column) => column.name === name)!;
      if (ending === "parquet")
        expect(page.about.columns.find((column) => column.name === name)?.sourceType, name).toBe(own.sourceType);
      expect({ name, type, isTime: isTime ?? false }, JSON.stringify(text)).toEqual({
        name,
        type: own.type,
        isTime: own.isTime ?? false,
      });
      expect(await valuesOf(page.source, name), JSON.stringify(text)).toEqual(await valuesOf(command, name));
    }
    return used.length > 0;
  } catch (error) {
    // Where the command cannot read it either.
    if (error instanceof InputError) return false;
    throw error;
  } finally {
    await command.close?.();
  }
}

const lines = (...rows: string[]) => `${rows.join("\n")}\n`;

describe("files of text are read as the command reads them", () => {
  it.each([
    [
      "numbers, dates, truth values, texts",
      lines("y,day,yes,word", "1,2020-01-02,true,a", "2.5,2021-03-04,FALSE,b b", "-3e2,2022-12-31,true,ä"),
    ],
    ["yes and no", lines("y,answer", "1,yes", "2,no", "3,yes")],
    ["codes with zeros in front", lines("y,code", "1,01234", "2,00007", "3,99999")],
    ["missing values of all sorts", lines("y,a,b,c", "1,NA,,x", "NaN,2,null,NULL", ",3,N/A,z", "4,nan,7,y")],
    ["semicolons", lines("y;a", "1;x", "2;y,z")],
    ["tabs and line ends of Windows", "y\ta\r\n1\tx\r\n2\ty\r\n"],
    ["quotes, delimiters and line ends in them", 'y,a\n1,"x, y"\n2,"say ""ah"""\n3,"two\nlines"\n'],
    ["times", lines("y,t", "1,2020-01-02 03:04:05", "2,2020-01-02T23:59:59.25", "3,2021-06-07 00:00")],
    ["times with zones", lines("y,t", "1,2020-01-02T03:04:05Z", "2,2020-01-02 03:04:05+05:30")],
    ["days that do not exist", lines("y,t", "1,2020-02-30", "2,2020-01-01")],
    ["a byte order mark", `\ufeff${lines("y,a", "1,x", "2,y")}`],
    ["codes and numbers", lines("y,code,b", "1,007,0.5", "2,8.5,05")],
    ["large and long numbers", lines("y,a", "9007199254740993,0.1234567890123456789", "-12345678901234567890,1e-300")],
    ["words for infinity", lines("y,a", "1,inf", "2,x")],
    ["a column without values", lines("y,a", "1,", "2,", "3,NA")],
  ])("%s", async (_, text) => {
    expect(await areSame(text)).toBe(true);
  });

  it.each([
    ["numbers and what may be numbers", lines("y,a", "1,5", "2,+5")],
    ["blanks around numbers", lines("y,a", "1,5", "2, 6")],
  ])("columns of %s are left out, and say so", async (_, text) => {
    const { about } = await openInPage(new File([text], "rows.csv"));
    expect(about.columns[1].type).toBe("unsupported");
    expect(about.columns[1].refusal).toMatch(/ornstein studio FILE reads it/);
    expect(await areSame(text)).toBe(true);
  });

  it.each([
    ["nothing", "", /is empty/],
    ["JSON", '{"a": 1}\n', /JSON|commas/],
    ["no header", lines("1,2", "3,4"), /first line of rows.csv holds numbers/],
    ["texts alone", lines("a,b", "x,y"), /not sure whether its first line is a header/],
    ["a short line", lines("a,b", "1,2", "3"), /Row 3 of rows.csv has 1 fields, and its header has 2/],
    ["names twice", lines("a,A", "1,2"), /more than one column called/],
    ["comments", lines("a,b", "# note", "1,2"), /begin with #/],
    ["single quotes", lines("a,b", "1,'x, y'"), /single quotes|fields/],
    ["binary data", "a,b\n1,\0\n", /binary/],
    ["two delimiters", lines("a;b,c", "1;2,3"), /more than one delimiter/],
  ])("%s is refused in a sentence", async (_, text, sentence) => {
    await expect(openInPage(new File([text], "rows.csv"))).rejects.toThrow(sentence);
  });

  it("whatever the cells hold, or the page does not read them", async () => {
    const cell = fc.oneof(
      { weight: 4, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String) },
      { weight: 4, arbitrary: fc.integer().map(String) },
      fc.constantFrom(
        "",
        "NA",
        "nan",
        "null",
        "true",
        "FALSE",
        "yes",
        "no",
        "0x1f",
        "1_000",
        "+5",
        ".5",
        "5.",
        "1,5",
        "-",
        "--",
        "e5",
        "1e",
        "inf",
        "-Infinity",
      ),
      fc.constantFrom(
        "2020-01-02",
        "2020-02-30",
        "2020-01-02 03:04",
        "03:04:05",
        "01/02/2020",
        " x",
        "x ",
        " 5",
        "5 ",
        "ä",
        "'x'",
        "a'b",
        "#5",
        "05",
        "00.5",
        "-05",
        "5#",
        "12%",
        "$5",
        "1-2",
      ),
      fc.string({ maxLength: 4, unit: fc.constantFrom(..."ab 019.-+eE_,;'#/:|") }),
    );
    const column = fc.oneof(
      fc.array(cell, { minLength: 5, maxLength: 5 }),
      fc.constantFrom(...["1", "2020-01-02", "true", "x"].map((text) => [text, text, "", text, text])),
    );
    let read = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(column, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(",", ";", "\t", "|"),
        async (columns, delimiter) => {
          const quoted = (text: string) => (/[,;\t|"\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
          const header = ["y", ...columns.map((_, j) => `x${j}`)];
          const rows = [0, 1, 2, 3, 4].map((n) =>
            [String(n), ...columns.map((own) => own[n])].map(quoted).join(delimiter),
          );
          if (await areSame(lines(header.join(delimiter), ...rows))) read++;
        },
      ),
      { numRuns: 40, seed: 7 },
    );
    expect(read).toBeGreaterThan(20);
  });
});

describe("Parquet files are read as the command reads them", () => {
  const query = `select i::integer as whole, i * 1e9::bigint as large, sin(i) as number, i::float / 3 as single, (i % 3 = 0) as truth,
    'level ' || (i % 7) as text, date '2020-01-01' + (i % 900)::integer as day, timestamp '2020-01-01 03:04:05.25' + interval (i) minute as time,
    (timestamp '2020-01-01 03:04:05' + interval (i) hour)::timestamptz as zoned, (i % 200)::utinyint as tiny, (i * 1000000007)::ubigint as big,
    if(i % 11 = 0, null, i)::double as missing, (i / 100.0)::decimal(9, 2) as decimal, [i] as list, if(i % 5 = 0, null, 'x' || i % 4) as texts
    from range(5000) t(i)`;

  it.each(["snappy", "zstd", "gzip", "uncompressed"])("compressed by %s", async (compression) => {
    const path = join(folder, `${compression}.parquet`);
    const { instance, close } = await openDuckDB("a test");
    const connection = await instance.connect();
    await connection.run(
      `copy (${query}) to '${path}' (format parquet, compression ${compression}, row_group_size 2500)`,
    );
    close();
    expect(await areSame(readFileSync(path), "parquet")).toBe(true);
    const { about } = await openInPage(new File([readFileSync(path)], "rows.parquet"));
    expect(about.columns.filter(({ type }) => type === "unsupported").map(({ name }) => name)).toEqual(["list"]);
  });

  it("damaged ones are refused in a sentence", async () => {
    const bytes = Uint8Array.from([..."PAR1 and nothing more"].map((sign) => sign.charCodeAt(0)));
    await expect(openInPage(new File([bytes], "rows.parquet"))).rejects.toThrow(/cannot be read as Parquet/);
  });
});

it("a fit of a file that was read in the page has the draws of the command to the last bit", async () => {
  const random = createRandom(3, 0, 1);
  const rows = Array.from({ length: 5000 }, (_, n) => {
    const x = random.normal();
    const level = ["a", "b", "c"][n % 3];
    return [random.uniform() < 1 / (1 + Math.exp(-x)), n % 97 === 0 ? "" : x, level, `2020-01-${10 + (n % 20)}`].join(
      ",",
    );
  });
  const text = lines("late,x,level,day", ...rows);
  const path = join(folder, "draws.csv");
  writeFileSync(path, text);
  const formula = "late ~ x + level + day";
  const page = await openInPage(new File([text], "draws.csv"));
  const [own, command] = await Promise.all([
    fit({ data: page.source, formula }, { draws: 50 }),
    fitOnThreads({ path, formula }, { draws: 50 }),
  ]);
  expect(own.draws).toEqual(command.draws);
  expect(own.data).toEqual(command.data);
  expect(own.recipe).toEqual(command.recipe);
});
