import { describe, expect, test } from "vitest";
import { InputError } from "../errors.ts";
import { parseFormula } from "../formula/formula.ts";
import { type ColumnData, tableFromColumns } from "../table/table.ts";
import type { TableSource } from "../table/table-source.ts";
import { buildDesign, designFromArrays } from "./design.ts";
import type { Design, DesignOptions } from "./design-types.ts";

const people = {
  y: [1, 2, 4, 8, 16, 32],
  x: [0, 1, 2, 3, 4, 5],
  same: [7, 7, 7, 7, 7, 7],
  city: ["b", "a", "b", "c", "a", "b"],
  flag: [true, false, true, false, true, true],
  hour: [10, 9, 10, 2, 9, 2],
};

function design(
  formula: string,
  columns: Record<string, ColumnData> = people,
  options: DesignOptions = {},
): Promise<Design> {
  return buildDesign(tableFromColumns(columns), parseFormula(formula), options);
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  return (error as Error).message.split("\n")[0];
}

const names = ({ columns }: Design) => columns.map(({ name }) => name);
const column = ({ rows, stride, numRows }: Design, j: number) =>
  Array.from({ length: numRows }, (_, n) => rows[n * stride + j]);
const target = (made: Design) => column(made, made.stride - 1);
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const raw = { standardize: "none" } as const;

describe("layout", () => {
  test.each([
    [1, 8, 8],
    [6, 8, 8],
    [7, 8, 16],
    [8, 16, 16],
  ])("%d features and the intercept", async (numFeatures, paddedColumns, stride) => {
    const features = Object.fromEntries(
      Array.from({ length: numFeatures }, (_, j) => [`x${j}`, people.x.map((x) => (x + 1) ** (j + 1))]),
    );
    const made = await design("y ~ .", { y: people.y, ...features }, raw);
    expect([made.paddedColumns, made.stride, made.rows.length]).toEqual([paddedColumns, stride, 6 * stride]);
    expect(made.hasIntercept && made.columns.at(-1)?.isIntercept).toBe(true);
    expect(column(made, numFeatures)).toEqual([1, 1, 1, 1, 1, 1]);
    for (let j = numFeatures + 1; j < stride - 1; j++) expect(column(made, j)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(target(made)).toEqual(people.y);
  });

  test("rows go to the store that is given", async () => {
    const store = new Float32Array(1000);
    const memory = { allocateRows: (numRows: number, stride: number) => store.subarray(100, 100 + numRows * stride) };
    const made = await design("y ~ x", people, { ...raw, memory });
    expect(made.rows.byteOffset).toBe(400);
    expect([...store.subarray(108, 110)]).toEqual([1, 1]);
  });
});

describe("coding", () => {
  test.each([
    ["y ~ city", "city[b] city[c] Intercept"],
    ["y ~ 0 + city", "city[a] city[b] city[c]"],
    ["y ~ flag", "flag[true] Intercept"],
    ["y ~ C(hour)", "C(hour)[9] C(hour)[10] Intercept"],
    ["y ~ C(x > 2)", "C(x > 2)[true] Intercept"],
    ["y ~ I(x > 2)", "I(x > 2) Intercept"],
    ["y ~ x*flag", "x flag[true] x:flag[true] Intercept"],
    ["y ~ city:x", "city[a]:x city[b]:x city[c]:x Intercept"],
    ["y ~ city + city:flag", "city[b] city[c] city[a]:flag[true] city[b]:flag[true] Intercept"],
    ["y ~ x + log(y)", "x log(y) Intercept"],
    ["y ~ 1", "Intercept"],
  ])("%s has the columns %s", async (formula, expected) =>
    expect(names(await design(formula)).join(" ")).toBe(expected),
  );

  test("indicators and products are what their names say", async () => {
    const made = await design("y ~ city + x:city + x + C(hour) + C(hour):flag", people, raw);
    expect(Object.fromEntries(made.columns.map(({ name }, j) => [name, column(made, j).join("")]))).toMatchObject({
      "city[b]": "101001",
      "city[c]": "000100",
      "x:city[b]": "002005",
      "x:city[c]": "000300",
      "C(hour)[9]:flag[true]": "000010",
      "C(hour)[2]:flag[true]": "000001",
      "C(hour)[10]:flag[true]": "101000",
    });
    expect(made.columns.filter(({ isIndicator }) => isIndicator).length).toBe(made.columns.length - 1 - 3);
  });

  test("levels of dropped rows do not count", async () => {
    const made = await design("y ~ city + x", { y: [1, 2, 3, 5], x: [1, 2, 4, null], city: ["b", "c", "b", "a"] });
    expect(names(made)).toEqual(["city[c]", "x", "Intercept"]);
    expect([made.numRows, made.droppedRows]).toEqual([3, 1]);
  });

  test("levels are sorted by codepoint", async () => {
    const made = await design("y ~ 0 + c", { y: [1, 2, 3, 5], c: ["\u{1f600}", "\uffee", "Z", "a"] });
    expect(names(made)).toEqual(["c[Z]", "c[a]", "c[\uffee]", "c[\u{1f600}]"]);
  });
});

describe("standardising", () => {
  test("every column has mean 0 and population sd 1, over several chunks", async () => {
    const numRows = 10_000;
    const x = Float64Array.from({ length: numRows }, (_, n) => 1e6 + Math.sin(n));
    const city = Array.from({ length: numRows }, (_, n) => (n % 7 === 0 ? null : ["a", "b", "c"][n % 3]));
    const y = Float64Array.from({ length: numRows }, (_, n) => 3 + (n % 11));
    const made = await design("y ~ x * city", { x, y, city });
    expect(made.droppedRows).toBe(Math.ceil(numRows / 7));
    for (const j of [0, 1, 2, 3, 4, made.stride - 1]) {
      const values = column(made, j);
      expect(Math.abs(mean(values))).toBeLessThan(1e-6);
      expect(mean(values.map((value) => value * value))).toBeCloseTo(1, 5);
    }
    expect(made.columns[0].mean).toBeCloseTo(1e6, 1);
    expect(made.columns[0].scale).toBeCloseTo(Math.SQRT1_2, 3);
  });

  test("the target is standardised for gaussian with auto only", async () => {
    const auto = await design("y ~ x");
    expect([auto.target.mean, auto.target.scale]).toEqual([
      10.5,
      Math.sqrt(mean(people.y.map((y) => (y - 10.5) ** 2))),
    ]);
    const features = await design("y ~ x", people, { standardize: "features" });
    expect([features.target.mean, features.target.scale]).toEqual([0, 1]);
    expect(features.columns[0].mean).toBe(2.5);
    expect(target(features)).toEqual(people.y);
  });

  test("without an intercept nothing is centred: columns and target are divided by their root mean square", async () => {
    const made = await design("y ~ 0 + x");
    expect(names(made)).toEqual(["x"]);
    const rootMeanSquare = (values: number[]) => Math.sqrt(mean(values.map((value) => value ** 2)));
    people.x.forEach((value, n) => {
      expect(column(made, 0)[n]).toBeCloseTo(value / rootMeanSquare(people.x), 6);
    });
    people.y.forEach((value, n) => {
      expect(target(made)[n]).toBeCloseTo(value / rootMeanSquare(people.y), 6);
    });
    expect([made.columns[0].mean, made.target.mean]).toEqual([0, 0]);
  });

  test("without an intercept a constant column stands for it", async () => {
    const made = await design("y ~ 0 + same + x");
    expect(names(made)).toEqual(["same", "x"]);
    expect(column(made, 0)).toEqual(people.y.map(() => 1));
  });

  test("numbers far from 0 that differ are no constant", async () => {
    const ids = people.y.map((_, n) => 1e15 + n);
    const made = await design("y ~ x + id", { ...people, id: ids });
    expect(names(made)).toEqual(["x", "id", "Intercept"]);
    expect(column(made, 1)[1] - column(made, 1)[0]).toBeCloseTo(1 / made.columns[1].scale, 6);
  });

  test("constant columns are left out and named", async () => {
    const made = await design("y ~ x + same + I(x - x + 0.1)");
    expect(names(made)).toEqual(["x", "Intercept"]);
    expect(made.leftOut).toEqual(["same", "I(x - x + 0.1)"]);
    expect(made.warnings).toEqual(["Left out, as they have the same value in every row: same, I(x - x + 0.1)."]);
    const kept = await design("y ~ 0 + same + I(x - x)", people, raw);
    expect(names(kept)).toEqual(["same"]);
  });

  test("a constant is found across chunks and among rounded values", async () => {
    const numRows = 9000;
    const made = await design("y ~ x + c", {
      y: Float64Array.from({ length: numRows }, (_, n) => n),
      x: Float64Array.from({ length: numRows }, (_, n) => n * n),
      c: new Float64Array(numRows).fill(0.1),
    });
    expect(made.leftOut).toEqual(["c"]);
  });

  test("warnings of twins and levels that never meet", async () => {
    expect((await design("y ~ x + I(x)")).warnings).toEqual([
      "I(x) is the same as x in every row; leave one of them out of the formula.",
    ]);
    expect((await design("y ~ flag*city")).warnings).toEqual([
      "1 column of flag:city left out: no row has those levels together.",
      "flag[true]:city[b] is the same as city[b] in every row; leave one of them out of the formula.",
    ]);
  });
});

describe("target", () => {
  const two = {
    x: [1, 2, 3, 4],
    b: [true, false, true, true],
    z: [0, 1, 1, 0],
    k: [2, 1, 2, 2],
    s: ["no", "yes", "no", "no"],
  };
  test.each([
    ["b ~ x", undefined, "b", "b = true", ["false", "true"], [1, 0, 1, 1]],
    ["b ~ x", false, "b = false", "b = false", ["true", "false"], [0, 1, 0, 0]],
    ["b ~ x", "Yes", "b", "b = true", ["false", "true"], [1, 0, 1, 1]],
    ["z ~ x", undefined, "z", "z = 1", ["0", "1"], [0, 1, 1, 0]],
    ["z ~ x", "0", "z = 0", "z = 0", ["1", "0"], [1, 0, 0, 1]],
    ["k ~ x", undefined, "k = 2", "k = 2", ["1", "2"], [1, 0, 1, 1]],
    ["k ~ x", "1.0", "k = 1", "k = 1", ["2", "1"], [0, 1, 0, 0]],
    ["s ~ x", undefined, "s = yes", "s = yes", ["no", "yes"], [0, 1, 0, 0]],
    ["s ~ x", "no", "s = no", "s = no", ["yes", "no"], [1, 0, 1, 1]],
    ["x > 2 ~ z", undefined, "x > 2", "x > 2", ["false", "true"], [0, 0, 1, 1]],
    ["x > 2 ~ z", false, "not (x > 2)", "not (x > 2)", ["true", "false"], [1, 1, 0, 0]],
    ['s == "no" ~ x', undefined, 's == "no"', 's == "no"', ["false", "true"], [1, 0, 1, 1]],
  ])("%s with the event %s is %s", async (formula, given, name, event, levels, stored) => {
    const made = await design(formula, two, { event: given });
    expect([made.family, made.familyGuessed, made.target]).toEqual([
      "bernoulli",
      true,
      { name, event, kind: "binary", mean: 0, scale: 1, levels },
    ]);
    expect(target(made)).toEqual(stored);
  });

  test("text of three values or more is categorical, and so is what is told to be", async () => {
    const three = { s: ["b", "a", "c", "b"], n: [10, 9, -2, 9], b: [true, false, true, true], x: [1, 2, 3, 5] };
    for (const [formula, family, levels, stored] of [
      ["s ~ x", undefined, ["a", "b", "c"], [1, 0, 2, 1]],
      ["n ~ x", "categorical", ["-2", "9", "10"], [2, 1, 0, 1]],
      ["b ~ x", "categorical", ["false", "true"], [1, 0, 1, 1]],
      ['s == "b" ~ x', "categorical", ["false", "true"], [1, 0, 0, 1]],
    ] as const) {
      const made = await design(formula, three, { family });
      expect([made.family, made.familyGuessed, made.target.kind, made.target.levels]).toEqual([
        "categorical",
        family === undefined,
        "classes",
        levels,
      ]);
      expect(target(made)).toEqual(stored);
    }
  });

  test("numbers of three values are gaussian, and a family that is given is kept", async () => {
    expect((await design("x ~ z", two)).family).toBe("gaussian");
    const made = await design("b ~ x", two, { family: "gaussian", standardize: "none" });
    expect([made.family, made.familyGuessed]).toEqual(["gaussian", false]);
    expect(target(made)).toEqual([1, 0, 1, 1]);
  });
});

describe("errors", () => {
  const many = Array.from({ length: 10_001 }, (_, n) => n);
  const very = Array.from({ length: 200_001 }, (_, n) => n);
  test.each<[string, Record<string, ColumnData>, DesignOptions, string]>([
    ["y ~ xx", people, {}, 'Formula error at column 5: the data has no column "xx"; did you mean x?'],
    ["y ~ . - z", people, {}, ""],
    [
      'y ~ I("a")',
      people,
      {},
      'Formula error at column 5: I("a") is a text in quotes, not a column; a name goes without quotes.',
    ],
    ["y ~ I(city)", people, {}, "Formula error at column 5: I() needs numbers, and city is text."],
    [
      "'y' ~ x",
      people,
      {},
      "Formula error at column 1: the target is a text in quotes; a column's name goes without quotes.",
    ],
    [
      "y ~ log(x)",
      people,
      {},
      "log(x) is infinite in data row 1, where x is 0; change the expression, or drop such rows with --sql.",
    ],
    [
      "y ~ sqrt(x - 1)",
      people,
      {},
      "sqrt(x - 1) is not a number in data row 1, where x is 0; change the expression, or drop such rows with --sql.",
    ],
    [
      "y ~ sqrt(x)",
      { y: [1, 2, 3], x: [null, 4, -1] },
      {},
      "sqrt(x) is not a number in data row 3, where x is -1; change the expression, or drop such rows with --sql.",
    ],
    [
      "log(x) ~ y",
      people,
      {},
      "log(x) is infinite in data row 1, where x is 0; change the expression, or drop such rows with --sql.",
    ],
    [
      "y ~ x",
      { y: [1, 2, 3], x: [null, Infinity, 1] },
      {},
      'Column "x" is infinite in data row 2; drop such rows, or make the value missing, with --sql.',
    ],
    [
      "y ~ I(x^200):I(x^300)",
      { y: [1, 2, 3], x: [1, 2, 10] },
      {},
      "I(x^200):I(x^300) is infinite in data row 3; its factors are too large, so divide them first, as in I(x / 1e6).",
    ],
    ["y ~ x", { y: [], x: [] }, {}, "There are no rows in the table; check the file or the query."],
    [
      "y ~ x + z",
      { y: [1, 2, 3], x: [null, null, 1], z: [1, 2, null] },
      {},
      'None of the 3 rows is complete: each misses a value that the formula uses, most often in column "x" (2 rows); leave that column out, or fill it in.',
    ],
    [
      "same ~ x",
      people,
      {},
      "The target same is 7 in every row, so there is nothing to learn from it; use another target, or rows where it differs.",
    ],
    [
      "y > 99 ~ x",
      people,
      {},
      "The target y > 99 is false in every row, so there is nothing to learn from it; use another target, or rows where it differs.",
    ],
    [
      "s ~ x",
      { s: ["a", "a"], x: [1, 2] },
      {},
      'The target s is "a" in every row, so there is nothing to learn from it; use another target, or rows where it differs.',
    ],
    [
      "s ~ x",
      { s: many.slice(0, 101).map((n) => `s${n}`), x: many.slice(0, 101) },
      {},
      'The target s is text with 101 different values, and the categorical family takes 100 at most; make two of them, as in s == "s0" ~ …, or use a target of numbers.',
    ],
    [
      "s ~ x",
      { s: ["1", "2", "3", "?"], x: [1, 2, 3, 5] },
      {},
      'Column "s" holds numbers, and among them "?" in data row 4; give numbers, with null in place of what is no number, or use --family categorical if these are classes.',
    ],
    [
      "y ~ x",
      { y: many, x: many.map((n) => n % 7) },
      { family: "categorical" as const },
      "The categorical family takes a target of at most 100 values, and y has more; use --family gaussian for numbers, or put them into classes first.",
    ],
    [
      "city ~ x",
      people,
      { family: "gaussian" },
      "The target city is text, and the gaussian family needs numbers; use another target.",
    ],
    [
      "s ~ x",
      { s: ["1", "2", "?"], x: [1, 2, 4] },
      { family: "gaussian" },
      'Column "s" holds numbers, and among them "?" in data row 3; give numbers, with null in place of what is no number, or use --family categorical if these are classes.',
    ],
    [
      "city ~ x",
      people,
      { family: "bernoulli" },
      'The bernoulli family needs a target of two values, and city has 3 ("a", "b" and "c"); make two of them, as in city == "a" ~ …, or use --family categorical, or gaussian for numbers.',
    ],
    [
      "y ~ x",
      people,
      { family: "bernoulli" },
      "The bernoulli family needs a target of two values, and y has more than 5 (1, 2 and 4 among them); make two of them, as in y == 1 ~ …, or use --family categorical, or gaussian for numbers.",
    ],
    ["y ~ 0", people, {}, "The formula leaves nothing to estimate; add a term or the intercept."],
    [
      "y ~ 0 + I(x - x)",
      people,
      {},
      "The formula leaves nothing to estimate: I(x - x) has the same value in every row; add a term or the intercept.",
    ],
    [
      "y ~ x",
      people,
      { maxBytes: 100 },
      'The design of 6 rows × 2 columns takes 1.79e-7 GiB, and 9.31e-8 GiB is the limit; use fewer rows (--sql "select … using sample 10%") or fewer columns.',
    ],
    [
      "y ~ x*a*b*c*hour",
      { ...people, a: [1, 3, 2, 4, 5, 9], b: [1, 3, 2, 7, 5, 6], c: [3, 1, 2, 7, 6, 5] },
      {},
      "The formula makes 16 products of three factors or more, and there are 6 rows to tell them apart; take products of two, as in (a + b + c)^2, or fewer factors.",
    ],
    [
      "y ~ C(x)",
      { y: very, x: very },
      {},
      'Column "C(x)" is categorical and has more than 200,000 levels, where 200,000 are the most; leave it out of the formula, or group its rare levels with --sql.',
    ],
    [
      "y ~ s",
      { y: very, s: very.map((n) => `s${n}`) },
      {},
      'Column "s" is text with 200,001 different values in 200,001 rows, such as "s0" in data row 1: a name for each row rather than levels; leave it out of the formula, count its words by words(s), or group them with --sql.',
    ],
    [
      "y ~ s",
      { y: many, s: many.map((n) => (n === 5 ? "abc" : `${n}`)) },
      {},
      'Column "s" holds numbers, and among them "abc" in data row 6; give numbers, with null in place of what is no number, or write C(s) if these are levels.',
    ],
  ])("%s of %#", async (formula, columns, options, expected) => {
    if (expected === "") return expect((await design(formula, columns, options)).numRows).toBe(6);
    expect(await messageOf(design(formula, columns, options))).toBe(expected);
  });

  test("an infinite value in a row that is dropped does no harm", async () => {
    expect((await design("y ~ x + z", { y: [1, 2, 3, 7], x: [Infinity, 1, 2, 4], z: [null, 1, 2, 2] })).numRows).toBe(
      3,
    );
  });

  test("columns of a type that no formula can use are refused by name, by the dot too", async () => {
    const table: TableSource = {
      ...tableFromColumns(people),
      columns: [
        { name: "y", type: "number" },
        { name: "l", type: "unsupported", sourceType: "BLOB" },
      ],
    };
    expect(await messageOf(buildDesign(table, parseFormula("y ~ ."), {}))).toBe(
      'Formula error at column 5: column "l" is of a type (BLOB) that a formula cannot use; leave it out, or make a number or a text of it with --sql.',
    );
  });

  test.each([5, 7])("data that changes between the passes is refused (%d rows)", async (later) => {
    const sizes = [6, later];
    const table = tableFromColumns(people);
    const source: TableSource = {
      ...table,
      chunks: (wanted) =>
        tableFromColumns({
          y: people.y.concat(9).slice(0, sizes[0]),
          x: people.x.concat(6).slice(0, sizes.shift()),
        }).chunks(wanted),
    };
    const message = await messageOf(buildDesign(source, parseFormula("y ~ x"), {}));
    expect(message).toBe("The data changed while it was being read; run the command again when nothing writes to it.");
  });

  test("an abort ends the work with its reason", async () => {
    const controller = new AbortController();
    const options = { signal: controller.signal, onProgress: () => controller.abort(new Error("enough")) };
    await expect(design("y ~ x", people, options)).rejects.toThrow("enough");
  });
});

test("progress counts the rows of both passes", async () => {
  const seen: string[] = [];
  const x = Float64Array.from({ length: 5000 }, (_, n) => n);
  await design("y ~ x", { y: x, x }, { onProgress: (rows, pass) => seen.push(`${pass}:${rows}`) });
  expect(seen).toEqual(["1:4096", "1:5000", "2:4096", "2:5000"]);
});

describe("arrays", () => {
  test("make the same design as a table", async () => {
    const x = people.x.flatMap((value, n) => [value, people.y[n] ** 2]);
    const made = await designFromArrays({ x: Float64Array.from(x), y: people.y, names: ["x", "z"] });
    const same = await design("y ~ x + z", { y: people.y, x: people.x, z: people.y.map((y) => y * y) });
    expect(made).toEqual(same);
    const nested = people.x.map((value, n) => [value, people.y[n] ** 2]);
    expect((await designFromArrays({ x: nested, y: people.y })).rows).toEqual(same.rows);
    expect(names(await designFromArrays({ x: nested, y: people.flag, intercept: false }))).toEqual(["x1", "x2"]);
  });

  test("rows with NaN are dropped", async () => {
    expect((await designFromArrays({ x: [[1], [Number.NaN], [3], [5]], y: [1, 2, 3, 4] })).droppedRows).toBe(1);
  });

  test.each([
    [{ x: [[1], [2]], y: [1, 2, 3] }, "x has 2 rows and y 3; they need as many."],
    [{ x: [[1], [2, 3]], y: [1, 2] }, "Row 2 of x has 2 numbers and row 1 has 1; make them equal."],
    [{ x: new Float64Array(5), y: [1, 2] }, "x holds 5 numbers, which make no 2 rows; x is row-major, N × D."],
    [
      { x: new Float64Array(4), y: [1, 2], names: ["a"] },
      "x holds 4 numbers, which make no 2 rows of 1 columns; x is row-major, N × D.",
    ],
    [{ x: [[1], [2]], y: [1, 2], names: ["a", "b"] }, "There are 2 names for 1 columns of x; give one for each."],
    [
      { x: [[1], [2]], y: [1, 2], names: ["y"] },
      'The name "y" is given twice; give each column and the target its own.',
    ],
    [{ x: [], y: [] }, "y is empty; give a row of x and a value of y at least."],
  ])("%#: %s", async (arrays, expected) => expect(await messageOf(designFromArrays(arrays))).toBe(expected));
});
