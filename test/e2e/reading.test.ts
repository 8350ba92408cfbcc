import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { DuckDBInstance } from "@duckdb/node-api";
import { beforeAll, describe, expect, it } from "vitest";
import { InputError } from "../../src/errors.ts";
import type { Posterior } from "../../src/fit/posterior.ts";
import { type FileInput, fit, predict } from "../../src/node.ts";
import type { FitOptions } from "../../src/options/options.ts";
import { bin, commandFolder } from "./command.ts";

// From a file to numbers, by the command and by the library: what a table says does not depend on its format.
const { folder, at: inFolder, ornstein, ornsteinAlone } = commandFolder("reading");
const write = (name: string, content: string | Uint8Array) => {
  writeFileSync(inFolder(name), content);
  return inFolder(name);
};

/** A quiet run, in processes of its own where standard input is read. */
async function command(args: readonly string[], input?: string | Uint8Array) {
  return input === undefined ? ornstein(...args, "--quiet") : ornsteinAlone([...args, "--quiet"], input);
}

/** Mean and sd of each coefficient. */
async function fitted(
  args: readonly string[],
  input?: string | Uint8Array,
): Promise<Record<string, readonly [number, number]>> {
  const run = await command(["fit", "--draws", "100", "--sampler", "laplace", ...args, "--json", "fit.json"], input);
  expect(run.stderr).toBe("");
  const { coefficients } = JSON.parse(readFileSync(inFolder("fit.json"), "utf8"));
  return Object.fromEntries(coefficients.map((c: Posterior["coefficients"][number]) => [c.name, [c.mean, c.sd]]));
}

async function refusal(args: readonly string[]): Promise<string> {
  const { status, stderr, stdout } = await command(["fit", ...args]);
  expect([status, stdout]).toEqual([2, ""]);
  return stderr.replaceAll(folder, "DIR");
}

/** The query that a sentence offers: of the library as a text of the language, of the command as a shell reads it. */
function offered(message: string, which = 0): string {
  const ofLibrary = [...message.matchAll(/`sql: ("(?:[^"\\]|\\.)*")`/g)].slice(which).map(([, text]) => text);
  if (ofLibrary.length > 0) return JSON.parse(ofLibrary[0]);
  const [text] = [...message.matchAll(/--sql ("(?:[^"\\]|\\.)*")/g)].slice(which).map(([, text]) => text);
  return execFileSync("bash", ["-c", `printf %s ${text}`], { encoding: "utf8" });
}

// What is read is the matter here, so the sampler is the quickest.
const few = { draws: 100, sampler: "laplace" } as const;

/** Why the library refuses to fit what the input names. */
async function refusedBy(input: FileInput, options: FitOptions = {}): Promise<string> {
  const error = await fit(input, { ...few, ...options }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  return (error as Error).message.replaceAll(folder, "DIR");
}

/** The means of a fit. */
async function means(input: FileInput, options: FitOptions = {}): Promise<Record<string, number>> {
  const { coefficients } = await fit(input, { ...few, ...options });
  return Object.fromEntries(coefficients.map(({ name, mean }) => [name, mean]));
}

const predicted = (csv: string) =>
  csv
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => Number(line.split(",")[1]));

interface Row {
  readonly [name: string]: string | number | boolean | null;
}

/** A row for each of `count`, with codes, dates and words that some readers take for something else. */
function rowsOf(count: number, first = 0): Row[] {
  return Array.from({ length: count }, (_, k) => {
    const n = first + k;
    const x = Number((Math.sin(1.7 * n) + 0.3 * Math.cos(n * n)).toFixed(4));
    const day = new Date(Date.UTC(2024, 0, 1 + (n % 90)));
    const code = ["01234", "10001", "00077"][n % 3];
    const member = ["yes", "no"][((n * 7) % 5) % 2];
    const version = ["1.1", "1.10", "2.0-rc1"][((n * 11) % 7) % 3];
    const effect = Number(code === "01234") + 2 * Number(member === "yes") + 3 * Number(version === "1.10");
    const noise = ((Math.sin(12.9898 * n) * 43758.5453) % 1) / 2;
    return {
      y: Number((1 + 2 * x + (n % 90) / 30 + effect + noise).toFixed(4)),
      x,
      day: day.toISOString().slice(0, 10),
      stamp: new Date(day.getTime() + 4_932_000 * n).toISOString().replace(".000Z", "Z"),
      code,
      member,
      version,
      hour: ["13:00", "09:30"][(n >> 2) % 2],
      flag: n % 4 === 0,
      big: n % 50 === 7 ? null : 9_007_199_254 + n * n,
    };
  });
}

const formula = "y ~ x + day + stamp + code + member + version + hour + flag + big";

async function writeFormats(
  name: string,
  rows: readonly Row[],
): Promise<Record<string, { path: string } | { sql: string }>> {
  const names = Object.keys(rows[0]);
  const separated = (mark: string) =>
    [names.join(mark), ...rows.map((row) => names.map((key) => row[key] ?? "NA").join(mark))].join("\n");
  const csv = write(`${name}.csv`, separated(","));
  const lines = write(`${name}.jsonl`, rows.map((row) => JSON.stringify(row)).join("\n"));
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  await connection.run("set TimeZone = 'UTC'");
  const texts = ["day", "stamp", "code", "member", "version", "hour"].map((key) => `${key}: 'VARCHAR'`);
  const all = `y: 'DOUBLE', x: 'DOUBLE', ${texts.join(", ")}, flag: 'BOOLEAN', big: 'BIGINT'`;
  const source = `read_json('${lines}', columns = {${all}})`;
  await connection.run(`copy (from ${source}) to '${inFolder(`${name}-texts.parquet`)}'`);
  const typed = "day::date as day, stamp::timestamptz as stamp, big::decimal(30, 4) as big, y::decimal(9, 4) as y";
  await connection.run(`copy (select * replace (${typed}) from ${source}) to '${inFolder(`${name}-typed.parquet`)}'`);
  return {
    csv: { path: csv },
    tsv: { path: write(`${name}.tsv`, separated("\t")) },
    gzip: { path: write(`${name}.csv.gz`, gzipSync(separated(","))) },
    "json lines": { path: lines },
    json: { path: write(`${name}.json`, JSON.stringify(rows)) },
    "parquet with dates": { path: inFolder(`${name}-typed.parquet`) },
    "parquet with texts": { path: inFolder(`${name}-texts.parquet`) },
    "a query over data": { path: csv, sql: "select * from data" },
    "a query over files": { sql: `from '${csv}' union all from '${csv}' limit ${rows.length}` },
  };
}

const arraysOf = (rows: readonly Row[]) =>
  Object.fromEntries(Object.keys(rows[0]).map((key) => [key, rows.map((row) => row[key])]));

describe("one table in every format", () => {
  const rows = rowsOf(300);
  const others = rowsOf(40, 1000);
  let formats: Record<string, { path?: string; sql?: string }>;
  let otherFormats: Record<string, { path?: string; sql?: string }>;
  let first: Posterior;
  const fits = new Map<string, Posterior>();
  const values = ({ coefficients }: Posterior) => coefficients.map(({ name, mean, sd }) => [name, mean, sd]);
  beforeAll(async () => {
    formats = await writeFormats("table", rows);
    otherFormats = await writeFormats("others", others);
    first = await fit({ data: [...rows], formula }, few);
  });

  it("gives the same fit", async () => {
    const names = first.coefficients.map(({ name }) => name);
    expect(names).toEqual([
      ...["x", "day", "stamp", "code[01234]", "code[10001]", "member[yes]", "version[1.10]", "version[2.0-rc1]"],
      ...["hour[13:00]", "flag[true]", "big", "Intercept", "sigma"],
    ]);
    const dates = rows.map(({ day, stamp }) => [new Date(String(day)), new Date(String(stamp))]);
    const arrays = { ...arraysOf(rows), day: dates.map(([day]) => day), stamp: dates.map(([, stamp]) => stamp) };
    const expected = values(first);
    expect(values(await fit({ data: arraysOf(rows), formula }, few))).toEqual(expected);
    expect(values(await fit({ data: arrays, formula }, few))).toEqual(expected);
    for (const [format, input] of Object.entries(formats)) {
      fits.set(format, await fit({ ...input, formula }, few));
      expect([format, values(fits.get(format)!)]).toEqual([format, expected]);
    }
  }, 120_000);

  it("is predicted alike by a fit to any", async () => {
    const expected = (await predict(first, others)).columns.mean;
    expect(expected.length).toBe(40);
    for (const [format, fitted] of fits) {
      expect([format, (await predict(fitted, arraysOf(others))).columns.mean]).toEqual([format, expected]);
      // One whose columns are told by their texts, one by the words of JSON, one by types.
      if (!["csv", "json", "parquet with dates"].includes(format)) continue;
      for (const [other, rows] of Object.entries(otherFormats))
        expect([format, other, (await predict(fitted, rows)).columns.mean]).toEqual([format, other, expected]);
    }
  }, 120_000);

  it("is predicted alike by the command, row by row, where a file shows no types", async () => {
    const save = ["--draws", "100", "--save", "table.nc"];
    expect((await command(["fit", "table.csv", "-f", formula, ...save])).stderr).toBe("");
    const all = predicted((await command(["predict", "table.nc", "others.jsonl", "--out", "-"])).stdout);
    const lines = readFileSync(inFolder("others.csv"), "utf8").split("\n");
    for (const n of [1, 9]) {
      write("one.csv", `${lines[0]}\n${lines[n + 1]}\n`);
      expect(predicted((await command(["predict", "table.nc", "one.csv", "--out", "-"])).stdout)).toEqual([all[n]]);
      const query = ["one.csv", "--sql", "select * from data where code <> 'none' and day > '2000-01-01'"];
      expect(predicted((await command(["predict", "table.nc", ...query, "--out", "-"])).stdout)).toEqual([all[n]]);
    }
  }, 60_000);

  it("keeps numbers and dates apart", async () => {
    const numbers = { ...arraysOf(others), day: others.map((_, n) => 19_723 + n) };
    await expect(predict(first, numbers)).rejects.toThrow(
      'Column "day" held dates when the model was fitted, and holds 19723 in data row 1; correct it',
    );
    const counted = await fit({ data: { y: [1, 2, 4, 3], x: [1, 2, 3, 5] }, formula: "y ~ x" }, few);
    await expect(predict(counted, { x: ["2024-01-01", null] })).rejects.toThrow(
      'Column "x" held numbers when the model was fitted, and holds "2024-01-01" in data row 1',
    );
    await expect(predict(counted, { x: [new Date(0)] })).rejects.toThrow("holds the date 1970-01-01 in data row 1");
  }, 60_000);
});

describe("columns that a formula cannot read as they are", () => {
  const noise = (n: number) => (Math.sin(12.9898 * n) * 43758.5453) % 1;
  const file = (name: string, header: string, line: (n: number) => string, count = 200) =>
    write(name, `${header}\n${Array.from({ length: count }, (_, n) => line(n)).join("\n")}\n`);

  it.each([
    ["a word", (n: number) => (n === 120 ? "n.d." : `${n / 8}`), '"n.d." in data row 121', 8],
    ["a word of none", (n: number) => (n === 3 ? "?" : `${1 + (n % 5)}`), '"?" in data row 4', 5],
    ["an infinity", (n: number) => (n === 5 ? "-Inf" : `${n / 8}`), '"-Inf" in data row 6', 8],
    ["a slip", (n: number) => (n === 77 ? "12abc" : `${n / 8}`), '"12abc" in data row 78', 8],
  ])(
    "numbers with %s among them are refused, with a query that leaves it out",
    async (_, value, expected) => {
      const path = file("words.csv", "y,my x", (n) => `${n % 7},${value(n)}`);
      const gaussian = { family: "gaussian" } as const;
      const formula = "y ~ `my x`";
      const message = await refusedBy({ path, formula }, gaussian);
      expect(message).toContain(`Column "my x" holds numbers, and among them ${expected}`);
      expect(message).toMatch(/^[^\n]*or write C\(`my x`\) if these are levels\.$/);
      const read = await means({ path, sql: offered(message), formula }, gaussian);
      expect(Object.keys(read)).toEqual(["my x", "Intercept", "sigma"]);
      const levels = await means({ path, formula: "y ~ C(`my x`)" }, { ...gaussian, sampler: "auto" });
      expect(Object.keys(levels).length).toBeGreaterThan(6);
      await expect(refusedBy({ path, formula: "y ~ log(`my x`) + I(`my x`^2)" }, gaussian)).resolves.toBe(message);
    },
    30_000,
  );

  it("what is offered can be pasted after the command", async () => {
    file("paste.csv", "y,my $x", (n) => `${n % 7},"$1,${100 + n}.50"`);
    const message = await refusal(["paste.csv", "-f", "y ~ `my $x`", "--family", "gaussian"]);
    const [option] = message.match(/--sql "(?:[^"\\]|\\.)*"/) ?? [];
    const command = `${process.execPath} ${bin} fit paste.csv -f 'y ~ \`my $x\`' --family gaussian ${option} --quiet --no-color`;
    expect(execFileSync("bash", ["-c", command], { cwd: folder, encoding: "utf8" })).toMatch(/^my \$x +-?0\.\d+ /m);
  });

  it("arrays are treated alike", async () => {
    const x = Array.from({ length: 60 }, (_, n) => (n === 40 ? "N/A" : String(n / 4)));
    const y = x.map((_, n) => n % 7);
    await expect(fit({ data: { x, y }, formula: "y ~ log(x)" })).rejects.toThrow(
      'Column "x" holds numbers, and among them "N/A" in data row 41; give numbers, with null in place of what is no number, or write C(x) if these are levels.',
    );
  });

  it.each([
    ["decimal commas", (v: number) => `"${v.toFixed(2).replace(".", ",")}"`, 1],
    [
      "points and decimal commas",
      (v: number) => `"${(v * 1000).toLocaleString("de-DE", { minimumFractionDigits: 1 })}"`,
      1000,
    ],
    ["thousands", (v: number) => `"${(v * 1000).toLocaleString("en-US")}"`, 1000],
    ["lakhs", (v: number) => `"${(v * 1e5).toLocaleString("en-IN")}"`, 1e5],
    ["money", (v: number) => `"$${(v * 1000).toLocaleString("en-US", { minimumFractionDigits: 2 })}"`, 1000],
    ["euros", (v: number) => `"${(v * 1000).toLocaleString("de-DE", { minimumFractionDigits: 2 })} €"`, 1000],
    ["percent", (v: number) => `${(v * 10).toFixed(2)}%`, 0.1],
  ])("%s are offered, and a query reads them", async (_, spelled, scale) => {
    const value = (n: number) => Math.round(100 * (n / 20 + noise(n))) / 100 + 2;
    const line = (n: number) => `${(3 * value(n) + noise(n + 0.5)).toFixed(4)},${spelled(value(n))}`;
    const input = { path: file("amounts.csv", "y,Order", line), formula: "y ~ Order" };
    const message = await refusedBy(input);
    expect(message).toMatch(/^Column "Order" holds .* in data row 1; read them by `sql: [^\n]*$/);
    const { Order } = await means({ ...input, sql: offered(message) });
    expect(Order * scale).toBeGreaterThan(2.9);
    expect(Order * scale).toBeLessThan(3.1);
  });

  it("a target in another spelling is offered too", async () => {
    const line = (n: number) => `"${(n / 8).toFixed(2).replace(".", ",")}",${n + noise(n)}`;
    const input = { path: file("target.csv", "y,x", line), formula: "y ~ x" };
    const message = await refusedBy(input);
    expect(message).toContain('Column "y" holds numbers with decimal commas, such as "0,00" in data row 1');
    expect((await means({ ...input, sql: offered(message) })).x).toBeCloseTo(0.125, 3);
  });

  it("a comma that may be either is what it is in another column", async () => {
    const line = (n: number) => `${n + noise(n)};1,${125 + n};${n},5`;
    const path = file("either.csv", "y;x;z", line);
    const both = await refusedBy({ path, formula: "y ~ x" });
    expect(both).toContain("(where commas part thousands) or `sql: ");
    const [wide, narrow] = [0, 1].map((which) => means({ path, sql: offered(both, which), formula: "y ~ x" }));
    expect((await narrow).x / (await wide).x).toBeCloseTo(1000, 5);
    const sure = await refusedBy({ path, formula: "y ~ x + z" });
    expect(sure).not.toContain("thousands)");
    expect((await means({ path, sql: offered(sure), formula: "y ~ x" })).x).toBe((await narrow).x);
  });

  it("days and months are not guessed", async () => {
    const two = (k: number) => String(k).padStart(2, "0");
    const line = (n: number) => `${n + noise(n)},${two(1 + (n % 12))}/${two(1 + (n % 9))}/2024`;
    const input = { path: file("days.csv", "y,d", line), formula: "y ~ d" };
    const message = await refusedBy(input);
    expect(message).toContain('holds dates that are not written as 2024-12-31, such as "01/01/2024" in data row 1');
    expect(message).toContain("(where the day comes first)");
    const [days, months] = [0, 1].map((which) => means({ ...input, sql: offered(message, which) }));
    expect((await days).d).not.toBeCloseTo((await months).d, 3);
  });

  it("names of rows are refused within seconds, and levels of few rows are not", async () => {
    const ids = file("ids.csv", "y,id", (n) => `${n % 7},user-${(n * 7919) % 300_007}`, 300_000);
    const started = performance.now();
    expect(await refusal([ids, "-f", "y ~ id", "--family", "gaussian"])).toMatch(
      /^ornstein: Column "id" is text with more than 200,000 different values in 300,000 rows, such as "user-0" in data row 1: a name for each row rather than levels; .*\n$/,
    );
    expect(performance.now() - started).toBeLessThan(20_000);
    file("few.csv", "y,id", (n) => `${n % 7},s${n % 90}`, 120);
    expect(await refusal(["few.csv", "-f", "y ~ id", "--family", "gaussian"])).toContain(
      "90 different values in 120 rows",
    );
    expect(
      Object.keys(await fitted(["few.csv", "-f", "y ~ C(id)", "--family", "gaussian", "--sampler", "auto"])).length,
    ).toBe(91);
    file("some.csv", "y,id", (n) => `${n % 7},s${n % 30}`, 40);
    expect(
      Object.keys(await fitted(["some.csv", "-f", "y ~ id", "--family", "gaussian", "--sampler", "auto"])).length,
    ).toBe(31);
  }, 60_000);
});

describe("files of text", () => {
  const lines = Array.from({ length: 60 }, (_, n) => `${n % 7},${n},${(n * 13) % 11}`);

  it.each([
    ["short", "y,x,z", 40, "1,2", 'Line 42 of short.csv has 2 fields, and its header has 3: "1,2"'],
    ["long", "y,x,z", 3, "1,2,3,4", 'Line 5 of long.csv has 4 fields, and its header has 3: "1,2,3,4"'],
    ["header", "y,x", 0, "1,2,3", 'Line 1 of header.csv has 2 fields, and the others have 3: "y,x"'],
  ])("a line with another number of fields is named: %s", async (name, header, at, odd, expected) => {
    write(`${name}.csv`, [header, ...lines.slice(0, at), odd, ...lines.slice(at)].join("\n"));
    expect(await refusal([`${name}.csv`, "-f", "y ~ x"])).toBe(
      `ornstein: ${expected}; mend the line, or put a field that holds the delimiter into quotes.\n`,
    );
  });

  it("names that differ by case are two columns, and a name that is there twice is refused", async () => {
    write("case.csv", ["y,x,X", ...lines].join("\n"));
    const { x, X } = await fitted(["case.csv", "-f", "y ~ x + X", "--family", "gaussian"]);
    write("named.csv", ["y,a,b", ...lines].join("\n"));
    const { a, b } = await fitted(["named.csv", "-f", "y ~ a + b", "--family", "gaussian"]);
    expect([x, X]).toEqual([a, b]);
    write("twice.csv", ["y,x,x", ...lines].join("\n"));
    const message = await refusal(["twice.csv", "-f", "y ~ x", "--family", "gaussian"]);
    expect(message).toContain('column "x" is one of 2 of that name in the file, so it is not known which is meant');
    const query = ["twice.csv", "--sql", offered(message), "-f", "y ~ x_a + x_b", "--family", "gaussian"];
    const { x_a, x_b } = await fitted(query);
    expect([x_a, x_b]).toEqual([a, b]);
  });

  it("UTF-16 is read, and other encodings are named with a query that reads Latin-1", async () => {
    const text = ["y,größe", ...lines.map((line) => line.split(",").slice(0, 2).join())].join("\n");
    const expected = await fitted([write("utf8.csv", text), "-f", "y ~ größe", "--family", "gaussian"]);
    const little = Buffer.from(`\ufeff${text}`, "utf16le");
    for (const bytes of [little, Buffer.from(little).swap16()]) {
      write("utf16.csv", bytes);
      expect(await fitted(["utf16.csv", "-f", "y ~ größe", "--family", "gaussian"])).toEqual(expected);
    }
    write("latin1.csv", Buffer.from(text, "latin1"));
    const message = await refusal(["latin1.csv", "-f", "y ~ größe", "--family", "gaussian"]);
    expect(message).toMatch(/^ornstein: latin1\.csv is not UTF-8; /);
    expect(await fitted(["--sql", offered(message), "-f", "y ~ größe", "--family", "gaussian"])).toEqual(expected);
  });

  it("lines before the header and comments are said", async () => {
    write("titled.csv", ["A title", "", "y,x,z", ...lines].join("\n"));
    const { stdout } = await command(["fit", "titled.csv", "-f", "y ~ x", "--family", "gaussian"]);
    expect(stdout).toContain("The first 2 lines of titled.csv stand before the header, and are not read.");
  });
});

describe("rows that can be read once only", () => {
  const csv = ["y,x", ...Array.from({ length: 80 }, (_, n) => `${n + (n % 7)},${n}`)].join("\n");
  it("standard input, by its names, in any format", async () => {
    const expected = await fitted([write("plain.csv", csv), "-f", "y ~ x"]);
    expect(await fitted(["-", "-f", "y ~ x"], gzipSync(csv))).toEqual(expected);
    const tabs = csv.replaceAll(",", "\t");
    expect(await fitted(["/dev/stdin", "-f", "y ~ x", "--sql", "select y, x from data"], tabs)).toEqual(expected);
    const lines = csv
      .split("\n")
      .slice(1)
      .map((line) => `{"y":${line.split(",")[0]},"x":${line.split(",")[1]}}`);
    expect(await fitted(["-", "-f", "y ~ x"], lines.join("\n"))).toEqual(expected);
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    await connection.run(`copy (from '${inFolder("plain.csv")}') to '${inFolder("plain.parquet")}'`);
    expect(await fitted(["-", "-f", "y ~ x"], readFileSync(inFolder("plain.parquet")))).toEqual(expected);
    expect((await command(["fit", "-", "-f", "y ~ x"], "")).stderr).toBe(
      "ornstein: standard input is empty; it needs at least a row of data.\n",
    );
  }, 60_000);

  it("process substitution, for fits and predictions", async () => {
    const run = (command: string) =>
      execFileSync("bash", ["-c", command.replaceAll("ornstein ", `${process.execPath} ${bin} `)], {
        cwd: folder,
        encoding: "utf8",
      });
    write("plain.csv", csv);
    run("ornstein fit <(cat plain.csv) -f 'y ~ x' --quiet --save plain.nc");
    const { stdout } = await ornstein("predict", "plain.nc", "plain.csv", "--out", "-", "--quiet");
    expect(run("ornstein predict plain.nc <(cat plain.csv) --out - --quiet")).toBe(stdout);
  }, 60_000);
});

const cases = new URL("../../../shared/cases/", import.meta.url).pathname;
describe.skipIf(!existsSync(cases))("cases (skipped where ../shared/cases is absent)", () => {
  const path = (name: string) => join(cases, name);

  it("ver.csv: 1.10 stays 1.10", async () => {
    await fitted([path("ver.csv"), "-f", "y ~ version", "--save", "ver.nc", "--draws", "1000"]);
    for (const name of ["ver_new.csv", "ver_new2.csv"]) {
      const { stdout } = await command(["predict", "ver.nc", path(name), "--out", "-"]);
      expect(predicted(stdout)[0]).toBeCloseTo(9.99, 2);
    }
    const posterior = await fit({ path: path("ver.csv"), formula: "y ~ version" });
    expect((await predict(posterior, { path: path("ver_new.csv") })).columns.mean[0]).toBeCloseTo(9.99, 2);
    expect((await predict(posterior, { version: ["1.10"] })).columns.mean[0]).toBeCloseTo(9.99, 2);
    await expect(predict(posterior, { version: [1.1] })).rejects.toThrow('which may be any of "1.1" and "1.10"');
  });

  it("train.csv: NO, 01234 and yes stay themselves", async () => {
    const names = Object.keys(
      await fitted([
        path("train.csv"),
        "-f",
        "y ~ country + zip + member",
        "--save",
        "train.nc",
        "--sampler",
        "auto",
        "--draws",
        "1000",
      ]),
    );
    expect(names).toContain("member[yes]");
    const raw = `from read_csv('${path("no.csv")}')`;
    for (const rows of [
      [path("no.csv")],
      [path("no.csv"), "--sql", "from data"],
      ["--sql", `from '${path("no.csv")}'`],
      ["--sql", raw],
    ]) {
      const { stdout } = await command(["predict", "train.nc", ...rows, "--out", "-"]);
      expect(predicted(stdout)[0]).toBeCloseTo(6.904, 3);
    }
    const posterior = await fit({ path: path("train.csv"), formula: "y ~ country + zip + member" });
    const rows = [{ country: "NO", zip: 1234, member: true }];
    expect((await predict(posterior, rows)).columns.mean[0]).toBeCloseTo(6.904, 3);
  });

  it.each(["semicolon_decimalcomma", "money", "percent", "thousands"])("%s.csv: x is a number", async (name) => {
    const input = { path: path(`${name}.csv`), formula: "y ~ x + z + city" };
    const { x, z } = await means({ ...input, sql: offered(await refusedBy(input)) });
    expect(name === "percent" ? x / 1e4 : x).toBeCloseTo(0.01016, 4);
    expect(z).toBeCloseTo(1.966, 2);
  });

  it("ragged.csv, utf16.csv, latin1.csv, duphead.csv and inf.csv", async () => {
    const input = (name: string, formula = "y ~ x + z + city") => ({ path: path(name), formula });
    const ragged = await refusal([path("ragged.csv"), "-f", "y ~ x + z + city"]);
    expect(ragged).toMatch(/^ornstein: Line 252 of .*ragged.csv has 2 fields, and its header has 4: "18.32,1245.62"; /);
    expect((await means(input("utf16.csv"))).z).toBeCloseTo(1.966, 2);
    const sql = offered(await refusedBy(input("latin1.csv")));
    expect((await means({ sql, formula: "y ~ x + z + city" })).z).toBeCloseTo(1.966, 2);
    expect(await refusedBy(input("duphead.csv", "y ~ x"))).toContain('column "x" is one of 2 of that name');
    expect(await refusedBy(input("inf.csv", "y ~ x"))).toContain('"inf" in data row 1');
  });

  it("dec39neg.parquet: 0.5018, by itself and within a query", async () => {
    expect((await fitted([path("dec39neg.parquet"), "-f", "y ~ x"])).x[0]).toBeCloseTo(0.5018, 3);
    const { coefficients } = await fit({
      sql: `select y, 10 * x as z from '${path("dec39neg.parquet")}' where x < 1e9`,
      formula: "y ~ z",
    });
    expect(coefficients[0].mean).toBeCloseTo(0.05018, 4);
    expect(await refusal(["--sql", `from read_parquet('${path("dec39neg.parquet")}')`, "-f", "y ~ x"])).toMatch(
      /holds decimals of 39 digits, of which DuckDB reads no more than 38 right; name the file without read_parquet\(\)/,
    );
  });

  it("ordered.parquet: categories keep their order, also through queries, and as a target", async () => {
    const names = ["severity[medium]", "severity[high]", "Intercept", "sigma"];
    const file = path("ordered.parquet");
    expect(Object.keys(await fitted([file, "-f", "y ~ severity", "--save", "ordered.nc"]))).toEqual(names);
    expect(Object.keys(await fitted(["--sql", `select * from '${file}' where y > 1`, "-f", "y ~ severity"]))).toEqual(
      names,
    );
    const { data } = await fit({ path: file, formula: "severity ~ y" }, few);
    expect(data.classes).toEqual(["low", "medium", "high"]);
    const { stdout } = await command(["predict", "ordered.nc", file, "--out", "-"]);
    const again = await command([
      "predict",
      "ordered.nc",
      "--sql",
      `select severity::varchar as severity from '${file}'`,
      "--out",
      "-",
    ]);
    expect(predicted(again.stdout)).toEqual(predicted(stdout));
  });
});
