import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildDesign } from "../design/design.ts";
import type { Design, DesignOptions } from "../design/design-types.ts";
import { RowEncoder } from "../design/recipe/encode-rows.ts";
import { sparseHeadWords } from "../engine/bindings/sparse-row.ts";
import { InputError } from "../errors.ts";
import { type ColumnData, tableFromColumns } from "../table/table.ts";
import { parseFormula } from "./formula.ts";
import { wordsOf } from "./words.ts";

const reviews = {
  y: [1, 2, 4, 8, 16, 32],
  x: [0, 1, 2, 3, 4, 5],
  flag: [true, false, true, false, true, true],
  text: ["Good, good plot", "bad plot", "", "plot: it's GOOD", "bad. Bad? bad!", "the plot"],
};

function design(formula: string, options: DesignOptions = {}, columns: Record<string, ColumnData> = reviews) {
  return buildDesign(tableFromColumns(columns), parseFormula(formula), options);
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  return (error as Error).message;
}

/** A design's columns by name, from dense or sparse rows, as they are stored. */
function columnsOf({ rows, stride, numRows, columns, sparse }: Design): Record<string, number[]> {
  const bits = new Uint32Array(rows.buffer, rows.byteOffset, rows.length);
  const shift = sparse && new Float64Array(rows.buffer, rows.byteOffset, columns.length);
  const starts = sparse && new Uint32Array(rows.buffer, rows.byteOffset + sparse.startsAt, numRows);
  const valueAt = (n: number, j: number) => {
    if (!starts || !shift) return rows[n * stride + j];
    const head = (starts[n] - rows.byteOffset) / 4;
    const entries = Array.from({ length: bits[head] }, (_, e) => head + sparseHeadWords + 2 * e);
    // The kernels take the entries of a row to stand in the order of the columns.
    entries.slice(1).forEach((at) => {
      expect(bits[at]).toBeGreaterThan(bits[at - 2]);
    });
    const entry = entries.find((at) => bits[at] === j);
    return (entry === undefined ? 0 : rows[entry + 1]) - shift[j];
  };
  return Object.fromEntries(
    columns.map(({ name }, j) => [name, Array.from({ length: numRows }, (_, n) => valueAt(n, j))]),
  );
}

const raw = { standardize: "none" } as const;

describe("the words of a text", () => {
  test.each([
    ["Don't stop: it’s 5 o'clock!", "don't stop it's 5 o'clock"],
    ["'quoted' rock 'n' roll, the dogs' 80's", "quoted rock n roll the dogs 80's"],
    ["well-known snake_case a/b 3.5%", "well known snake case a b 3 5"],
    ["ÉTÉ Straße ΣΟΦΊΑ Привет 東京 हिन्दी", "été straße σοφία привет 東京 हिन्दी"],
    ["cafe\u0301", "caf\u00e9"],
    ["", ""],
    [" … — !? ", ""],
  ])("%s", (text, expected) => expect(wordsOf(text).join(" ")).toBe(expected));

  test("are the same whatever stands between them", () => {
    const word = fc.constantFrom("it's", "été", "7up", "слово", "東京", "हिन्दी", "a");
    const mark = fc.constantFrom(" ", ", ", "-", " '", "' ", "''", "\n\t", " … ", "_", "😀");
    fc.assert(
      fc.property(fc.array(fc.tuple(word, mark)), (parts) => {
        expect(wordsOf(parts.flat().join(""))).toEqual(parts.map(([own]) => own));
        expect(wordsOf(parts.flat().join("").toUpperCase())).toEqual(parts.map(([own]) => own));
      }),
    );
  });
});

describe("columns", () => {
  test("hold how often each word occurs in a row", async () => {
    const made = await design("y ~ words(text, 1) + x", raw);
    expect(columnsOf(made)).toEqual({
      "words(text, 1)[bad]": [0, 1, 0, 0, 3, 0],
      "words(text, 1)[good]": [2, 0, 0, 1, 0, 0],
      "words(text, 1)[it's]": [0, 0, 0, 1, 0, 0],
      "words(text, 1)[plot]": [1, 1, 0, 1, 0, 1],
      "words(text, 1)[the]": [0, 0, 0, 0, 0, 1],
      x: [0, 1, 2, 3, 4, 5],
      Intercept: [1, 1, 1, 1, 1, 1],
    });
    expect(made.columns.map(({ isIndicator }) => isIndicator)).not.toContain(true);
    expect(new Set(made.columns.map(({ term }) => term))).toEqual(new Set(["words(text, 1)", "x", "Intercept"]));
    expect(made.warnings).toEqual([]);
  });

  test("are those of words that occur in enough of the complete rows", async () => {
    const columns = { ...reviews, x: [0, null, 2, 3, 4, 5] };
    const made = await design("y ~ x + words(text, 2)", raw, columns);
    expect(made.columns.map(({ name }) => name)).toEqual([
      "x",
      "words(text, 2)[good]",
      "words(text, 2)[plot]",
      "Intercept",
    ]);
    expect(made.droppedRows).toBe(1);
    expect(made.warnings).toEqual([
      "words(text, 2) counts 2 words; 3 others, which occur in fewer than 2 rows, are left out (words(text, 1) keeps all).",
    ]);
    expect(made.recipe.levels).toEqual({ "words(text, 2)": ["good", "plot"] });
  });

  test.each([
    [4000, 5],
    [7001, 8],
  ])("of %d rows keep words of %d rows", async (numRows, least) => {
    const text = Array.from({ length: numRows }, (_, n) => {
      if (n < least) return "kept";
      return n < 2 * least - 1 ? "left" : "";
    });
    const made = await design("y ~ words(text)", {}, { y: text.map((_, n) => n), text });
    expect(made.columns.map(({ name }) => name)).toEqual(["words(text)[kept]", "Intercept"]);
    expect(made.warnings.join()).toContain(`1 other, which occurs in fewer than ${least} rows`);
  });

  test("a word that every row has equally often is left out", async () => {
    const text = reviews.text.map((own) => `${own} end end`);
    const made = await design("y ~ words(text, 2)", {}, { ...reviews, text });
    expect(made.leftOut).toEqual(["words(text, 2)[end]"]);
    const [{ columns }] = made.recipe.blocks;
    expect(columns.find(({ levels }) => levels[0] === "end")).toEqual({ levels: ["end"], column: -1 });
    expect(columns.map(({ levels }) => levels[0]).sort()).toEqual(["bad", "end", "good", "plot"]);
  });

  test("without an intercept every word has one too", async () => {
    const made = await design("y ~ 0 + flag + words(text, 2)", raw);
    expect(made.columns.map(({ name }) => name).join(" ")).toBe(
      "flag[false] flag[true] words(text, 2)[bad] words(text, 2)[good] words(text, 2)[plot]",
    );
  });

  test("are of any text, of which there may be several, and which may be a category besides", async () => {
    const columns = { ...reviews, "a title": ["a", "b", "a", "b", "c", "c"] };
    const made = await design("y ~ words(text, 3) + `a title` + words(`a title`, 1)", {}, columns);
    expect(made.columns.map(({ name }) => name)).toEqual([
      "words(text, 3)[plot]",
      "a title[b]",
      "a title[c]",
      "words(`a title`, 1)[a]",
      "words(`a title`, 1)[b]",
      "words(`a title`, 1)[c]",
      "Intercept",
    ]);
  });

  test("`.` is every other column, and a missing text is a missing value", async () => {
    const made = await design("y ~ words(text, 3) + .", {}, { ...reviews, text: [...reviews.text.slice(0, 5), null] });
    expect(made.columns.map(({ term }) => term)).not.toContain("text");
    expect(made.recipe.terms).toBe("y ~ 1 + words(text, 3) + x + flag");
    expect(made.droppedRows).toBe(1);
  });

  test("there may be more texts than levels of a categorical", async () => {
    const text = Array.from({ length: 200_001 }, (_, n) => `row ${n} is ${n % 2 ? "odd" : "even"}`);
    const made = await design("y ~ words(text, 1000)", {}, { y: text.map((_, n) => n), text });
    expect(made.columns.length).toBe(3);
    expect(made.warnings).toEqual([
      "Left out, as they have the same value in every row: words(text, 1000)[is], words(text, 1000)[row].",
      "words(text, 1000) counts 4 words; 200,001 others, which occur in fewer than 1,000 rows, are left out (words(text, 1) keeps all).",
    ]);
    expect(await messageOf(design("y ~ text", {}, { y: text.map((_, n) => n), text }))).toMatch(
      /200,001 different values/,
    );
  });
});

/** Rows of words, and the columns that count them. */
const texts = fc
  .array(fc.array(fc.constantFrom("ant", "bee", "cat", "dog", "eel"), { maxLength: 8 }), {
    minLength: 2,
    maxLength: 30,
  })
  .map((rows) => ({
    text: rows.map((words) => words.join(" ")),
    counts: ["ant", "bee", "cat", "dog", "eel"].map((word) => rows.map((row) => row.filter((w) => w === word).length)),
    y: rows.map((_, n) => n),
    x: rows.map((_, n) => Math.sin(n) ** 2),
    kind: rows.map((_, n) => "pqr"[n % 3]),
  }));

test("dense and sparse rows are those of columns that count", async () => {
  await fc.assert(
    fc.asyncProperty(texts, fc.integer({ min: 1, max: 3 }), async ({ text, counts, ...others }, least) => {
      const kept = counts.filter((column) => column.filter((count) => count > 0).length >= least);
      fc.pre(kept.length > 0);
      const made = Object.fromEntries(kept.map((column, j) => [`count${j}`, column]));
      const expected = await design(
        `y ~ kind + ${Object.keys(made).join(" + ")} + x`,
        { storage: "dense" },
        { ...others, ...made },
      );
      for (const storage of ["dense", "sparse"] as const) {
        const actual = await design(`y ~ kind + words(text, ${least}) + x`, { storage }, { ...others, text });
        expect(Boolean(actual.sparse)).toBe(storage === "sparse");
        const [left, right] = [actual, expected].map((own) => Object.values(columnsOf(own)));
        expect(left.length).toBe(right.length);
        left.forEach((column, j) => {
          column.forEach((value, n) => {
            expect(Math.abs(value - right[j][n])).toBeLessThan(2e-6 * (1 + Math.abs(value)));
          });
        });
      }
    }),
    { numRuns: 60 },
  );
});

test("other rows are encoded by the fit's words alone", async () => {
  // More words than the room that there is at first, over several chunks.
  const numWords = 1500;
  const text = Array.from({ length: 6000 }, (_, n) => `w${n % numWords} w${(7 * n) % numWords} all all`);
  const { recipe } = await design(
    "y ~ words(text, 2) + x",
    {},
    { y: text.map((_, n) => n), x: text.map((_, n) => Math.sin(n)), text },
  );
  const fresh = { x: [1, 2, null, 4], text: ["new W3 w3 other, all", "", "w4", "w999 nothing w999 w3 w999"] };
  const encoder = new RowEncoder(JSON.parse(JSON.stringify(recipe)), tableFromColumns(fresh));
  const { value: rows } = await encoder.encode().next();
  const [{ starts, columns, values }] = rows.blocks;
  expect([...rows.indices]).toEqual([0, 1, 3]);
  const found = [0, 1, 2].map((i) =>
    Array.from({ length: starts![i + 1] - starts![i] }, (_, e) => {
      const entry = starts![i] + e;
      return [columns[entry] < 0 ? "" : recipe.columns[columns[entry]].name, values![entry]];
    }),
  );
  // "all" was the same in every row, and has no column.
  expect(found).toEqual([
    [
      ["words(text, 2)[w3]", 2],
      ["", 1],
    ],
    [],
    [
      ["words(text, 2)[w999]", 3],
      ["words(text, 2)[w3]", 1],
    ],
  ]);
});

describe("mistakes", () => {
  test.each([
    [
      "y ~ words(x)",
      "column 11: words() counts the words of a column of texts, and x is a column of numbers; give it a text, or write the term without words().",
    ],
    ["y ~ words(flag)", "and flag is true or false; give it"],
    ["y ~ words(log(x))", "and log(x) is no column; give it"],
    ['y ~ words("text")', 'and "text" is no column; give it'],
    ["y ~ words(texts)", 'column 11: the data has no column "texts"; did you mean x or text?'],
    [
      "y ~ words()",
      "column 5: words() takes a column of texts and, perhaps, a number of rows, as in words(text, 20), and 0 arguments are given.",
    ],
    ["y ~ words(text, 2, 3)", "and 3 arguments are given."],
    [
      "y ~ words(text, 0)",
      "column 17: the second argument of words() is in how many rows a word has to occur, a whole number from 1 on, as in words(text, 20).",
    ],
    ["y ~ words(text, 2.5)", "the second argument"],
    ["y ~ words(text, x)", "the second argument"],
    [
      "y ~ words(text):x",
      "column 5: words(text) is many columns and takes part in no product; write it between plus signs.",
    ],
    ["y ~ (x + words(text))^2", "words(text) is many columns"],
    ["y ~ wrods(text)", 'there is no function "wrods"; did you mean words?'],
    ["y ~ C(words(text))", 'words() stands only by itself on the right of the "~".'],
    ["y ~ I(words(text) + 1)", 'words() stands only by itself on the right of the "~".'],
    ["words(text) ~ x", 'words() stands only by itself on the right of the "~".'],
    [
      "y ~ words(text)",
      "words(text) keeps none of its 5 words, as none occurs in 5 rows; give a smaller number, as in words(text, 1), or leave it out of the formula.",
    ],
    ["y ~ words(text, 20)", "none occurs in 20 rows; give a smaller number, as in words(text, 4), or"],
  ])("%s", async (formula, sentence) => expect(await messageOf(design(formula))).toContain(sentence));

  test("no words at all", async () => {
    const message = await messageOf(design("y ~ words(text)", {}, { ...reviews, text: ["", "!", " ", "", "", "?"] }));
    expect(message).toBe("words(text) finds no word in any row; leave it out of the formula.");
  });

  test("more words than a design takes", async () => {
    const text = Array.from({ length: 100 }, (_, n) =>
      Array.from({ length: 2001 }, (_, k) => `w${2001 * n + k}`).join(" "),
    );
    const columns = { y: text.map((_, n) => n), text };
    expect(await messageOf(design("y ~ words(text, 1)", {}, columns))).toBe(
      "words(text, 1) keeps 200,100 words, where 200,000 are the most; keep those that occur in more rows, as in words(text, 4).",
    );
    const fewer = { y: columns.y, text: text.map((own) => own.slice(0, 600)) };
    expect(await messageOf(design("y ~ words(text, 1)", { storage: "dense" }, fewer))).toMatch(
      /of them for the words of "words\(text, 1\)", and a dense design takes at most 2,000;.*or keep words that occur in more rows, as in words\(text, 200\)\.$/,
    );
  });
});
