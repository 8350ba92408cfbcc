import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseFormula } from "../../formula/formula.ts";
import { tableFromColumns } from "../../table/table.ts";
import { buildDesign } from "../design.ts";
import type { Design, DesignOptions } from "../design-types.ts";
import { RowEncoder } from "../recipe/encode-rows.ts";

type Columns = Readonly<Record<string, readonly (number | string | boolean | null)[]>>;

const designOf = (columns: Columns, formula: string, options: DesignOptions = {}) =>
  buildDesign(tableFromColumns(columns), parseFormula(formula), options);

const refusal = (columns: Columns, formula: string, options: DesignOptions = {}) =>
  designOf(columns, formula, options).then(
    () => "no refusal",
    (error: Error) => error.message.split("\n")[0],
  );

const table: Columns = {
  y: [1, 2, 3.5, 4, 5, 6, 7, 8],
  x: [1, 2, 3, 4, 5, 6, 7, 9],
  z: ["a", "b", "a", "b", "c", "c", "a", "b"],
  city: ["q", "p", "q", "p", "r", "r", "p", "q"],
  code: [10, 3, 10, 3, 7, 8, 3, 10],
  w: [1, 2, 3, 4, 5, 6, 7, 8],
  e: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
};

/** What a row in memory holds, by the words of the design. */
function rowsOf({ rows, stride, numRows, columns, groups, hasOffset, hasWeights }: Design) {
  const all = [...columns, ...(groups?.extraColumns ?? [])];
  return Array.from({ length: numRows }, (_, n) => {
    const row = rows.subarray(n * stride, (n + 1) * stride);
    return {
      values: Object.fromEntries(all.map(({ name, mean, scale }, j) => [name, mean + scale * row[j]])),
      levels: Object.fromEntries((groups?.factors ?? []).map((f) => [f.name, f.levelName(f.levelOf[n])])),
      target: row[stride - 1],
      offset: hasOffset ? row[stride - 2] : 0,
      weight: hasWeights ? row[stride - 3] : 1,
    };
  });
}

const levelsOf = ({ groups }: Design) =>
  groups!.factors.map(({ name, numLevels, levelName }) => [
    name,
    ...Array.from({ length: numLevels }, (_, k) => levelName(k)),
  ]);
const termsOf = ({ groups }: Design) =>
  groups!.factors.flatMap(({ name, terms }) =>
    terms.map(({ text, isCorrelated, effects }) => [name, text, isCorrelated, effects.map((effect) => effect.name)]),
  );

describe("rows with groups", () => {
  it("are those of the table, sorted by group, with target, offset, weight and order of the table", async () => {
    const options = { weights: "w", standardize: "features" } as const;
    const design = await designOf(table, "y ~ x + offset(e) + (0 + log(x) + z | city) + (1 | code)", options);
    expect(design.groups?.structure).toBe("nested");
    const order = [1, 3, 6, 0, 2, 7, 4, 5];
    expect([...design.rowOrder!]).toEqual(order);
    rowsOf(design).forEach((row, n) => {
      const at = (name: string) => table[name][order[n]] as number;
      expect(row.levels).toEqual({ city: at("city"), code: String(at("code")) });
      expect([row.target, row.weight]).toEqual([Math.fround(at("y")), at("w")]);
      expect(row.offset).toBeCloseTo(at("e"), 6);
      expect(row.values.x).toBeCloseTo(at("x"), 5);
      expect(row.values["log(x)"]).toBeCloseTo(Math.log(at("x")), 5);
      for (const level of ["a", "b", "c"])
        expect(row.values[`z[${level}]`]).toBeCloseTo((table.z[order[n]] as string) === level ? 1 : 0, 5);
    });
    // What the kernels read of a row beyond the fixed effects' columns meets no coefficient; the stride holds all.
    expect([design.columns.length, design.paddedColumns, design.stride]).toEqual([2, 8, 16]);
  });

  it("stand as in the table where that is sorted", async () => {
    const design = await designOf({ ...table, code: [1, 1, 2, 2, 2, 3, 5, 5] }, "y ~ x + (1 | code)");
    expect(design.rowOrder).toBeUndefined();
    expect(rowsOf(design).map(({ levels }) => levels.code)).toEqual(["1", "1", "2", "2", "2", "3", "5", "5"]);
  });

  it("are left out where a group is missing", async () => {
    const city = ["q", null, "q", "p", "r", "r", "p", "q"];
    const design = await designOf({ ...table, city }, "y ~ x + (1 | city)", { standardize: "none" });
    expect([design.droppedRows, design.numRows]).toEqual([1, 7]);
    expect(rowsOf(design).map(({ target }) => target)).toEqual([4, 7, 1, 3.5, 8, 5, 6]);
  });

  it("are the same rows with the same levels in whichever order they are given", async () => {
    const row = fc.record({
      y: fc.integer({ min: 0, max: 50 }),
      x: fc.integer({ min: -20, max: 20 }),
      a: fc.constantFrom("k", "l", "m"),
      b: fc.integer({ min: -2, max: 3 }),
      z: fc.constantFrom("u", "v"),
    });
    const rows = fc.array(row, { minLength: 6, maxLength: 60 });
    const formulas = ["y ~ x + (1 + x + z | a/b)", "y ~ z + (x || a) + (z | b)", "y ~ 0 + x + (0 + z | b)"];
    const key = (rows: object[]) => rows.map((row) => JSON.stringify(row)).sort();
    await fc.assert(
      fc.asyncProperty(rows, fc.constantFrom(...formulas), fc.infiniteStream(fc.nat()), async (all, text, keys) => {
        const shuffled = all.map((row) => ({ row, by: keys.next().value }));
        shuffled.sort((p, q) => p.by - q.by);
        const columns = (of: readonly object[]) =>
          Object.fromEntries(["y", "x", "a", "b", "z"].map((name) => [name, of.map((r) => r[name as never])]));
        const made = (of: readonly object[]) =>
          designOf(columns(of), text, { standardize: "none", family: "gaussian" }).catch((error: Error) => error);
        const [first, second] = [await made(all), await made(shuffled.map(({ row }) => row))];
        if (first instanceof Error || second instanceof Error) {
          // Which of several faults is told may depend on which row comes first.
          expect([first, second].every((result) => result instanceof Error)).toBe(true);
          return;
        }
        expect(levelsOf(second)).toEqual(levelsOf(first));
        expect(termsOf(second)).toEqual(termsOf(first));
        expect(second.groups?.structure).toBe(first.groups?.structure);
        expect(key(rowsOf(second))).toEqual(key(rowsOf(first)));
        for (const { groups } of [first, second]) {
          const { factors, sortedBy } = groups!;
          const { levelOf } = factors[sortedBy];
          expect([...levelOf]).toEqual([...levelOf].sort((p, q) => p - q));
        }
      }),
      { numRuns: 150, seed: 15 },
    );
  });
});

describe("levels", () => {
  it.each([
    ["(1 | city)", "single", [["city", "p", "q", "r"]]],
    ["(1 | code)", "single", [["code", "3", "7", "8", "10"]]],
    ["(1 | C(code))", "single", [["code", "3", "7", "8", "10"]]],
    ["(1 | C(e))", "single", [["e", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8"]]],
    ["(1 | C(x > 4))", "single", [["x > 4", "false", "true"]]],
    ["(1 | city:z)", "single", [["city:z", "p:a", "p:b", "q:a", "q:b", "r:c"]]],
    // Nested in the data: each code lies in one city. Its levels stand city by city.
    [
      "(1 | code) + (1 | city)",
      "nested",
      [
        ["city", "p", "q", "r"],
        ["code", "3", "10", "7", "8"],
      ],
    ],
    [
      "(1 | city/code)",
      "nested",
      [
        ["city", "p", "q", "r"],
        ["city:code", "p:3", "q:10", "r:7", "r:8"],
      ],
    ],
    [
      "(1 | w) + (1 | city) + (1 | code)",
      "nested",
      [
        ["city", "p", "q", "r"],
        ["code", "3", "10", "7", "8"],
        ["w", "2", "4", "7", "1", "3", "8", "5", "6"],
      ],
    ],
    [
      "(1 | z) + (1 | code)",
      "crossed",
      [
        ["z", "a", "b", "c"],
        ["code", "3", "7", "8", "10"],
      ],
    ],
  ] as const)("of %s are %s", async (terms, structure, levels) => {
    const design = await designOf(table, `y ~ ${terms}`);
    expect(design.groups?.structure).toBe(structure);
    expect(levelsOf(design)).toEqual(levels);
    for (const row of rowsOf(design).entries()) {
      const at = design.rowOrder?.[row[0]] ?? row[0];
      const { code, city, z } = row[1].levels;
      if (code !== undefined) expect(code).toBe(String(table.code[at]));
      if (city !== undefined) expect(city).toBe(table.city[at]);
      if (z !== undefined) expect(z).toBe(table.z[at]);
    }
  });

  it("may be more than those of categorical terms, texts or numbers, and none is too rare", async () => {
    const numRows = 300_000;
    const numbers = Array.from({ length: numRows }, (_, n) => (n * 7919) % numRows);
    const columns = { y: numbers.map((n) => n % 5), text: numbers.map((n) => `user ${n}`), id: numbers };
    for (const name of ["text", "id"]) {
      const design = await designOf(columns, `y ~ (1 | ${name})`, { family: "poisson" });
      expect(design.groups?.factors[0].numLevels).toBe(numRows);
    }
  });
});

describe("terms", () => {
  it.each([
    ["x + (x | city)", [["city", "(x | city)", true, ["Intercept", "x"]]], []],
    ["(x | city)", [["city", "(x | city)", true, ["Intercept", "x"]]], ["x"]],
    [
      "x + (x || city)",
      [
        ["city", "(1 | city)", false, ["Intercept"]],
        ["city", "(0 + x | city)", false, ["x"]],
      ],
      ["x"],
    ],
    ["z + (z | city)", [["city", "(z | city)", true, ["Intercept", "z[b]", "z[c]"]]], []],
    ["z + (0 + z | city)", [["city", "(0 + z | city)", true, ["z[a]", "z[b]", "z[c]"]]], ["z[a]", "z[b]", "z[c]"]],
    ["0 + z + (z | city)", [["city", "(z | city)", true, ["Intercept", "z[b]", "z[c]"]]], []],
    ['C(z, ref = "b") + (C(z) | city)', [["city", "(C(z) | city)", true, ["Intercept", "C(z)[a]", "C(z)[c]"]]], []],
    [
      "x + (0 + z:x | city)",
      [["city", "(0 + z:x | city)", true, ["z[a]:x", "z[b]:x", "z[c]:x"]]],
      ["z[a]:x", "z[b]:x", "z[c]:x"],
    ],
    [
      "(poly(x, 2) | city)",
      [["city", "(poly(x, 2) | city)", true, ["Intercept", "poly(x, 2)[1]", "poly(x, 2)[2]"]]],
      ["poly(x, 2)[1]", "poly(x, 2)[2]"],
    ],
    [
      "(1 | city) + (0 + x | city)",
      [
        ["city", "(1 | city)", false, ["Intercept"]],
        ["city", "(0 + x | city)", false, ["x"]],
      ],
      ["x"],
    ],
  ] as const)("of y ~ %s", async (right, terms, extra) => {
    const design = await designOf(table, `y ~ ${right}`);
    expect(termsOf(design)).toEqual(terms);
    expect(design.groups?.extraColumns.map(({ name }) => name)).toEqual(extra);
    const all = [...design.columns, ...design.groups!.extraColumns];
    for (const { effects } of design.groups!.factors.flatMap((factor) => factor.terms)) {
      for (const { name, column, mean, scale } of effects) {
        if (column < 0) expect([name, mean, scale]).toEqual(["Intercept", 0, 1]);
        else expect(all[column]).toMatchObject({ name, mean, scale });
      }
    }
  });

  it("are centred where an intercept of their own term, and of the formula, takes up what that leaves", async () => {
    const meanOf = async (formula: string) => (await designOf(table, formula)).groups?.extraColumns[0].mean;
    expect(await meanOf("y ~ (x | city)")).toBeCloseTo(37 / 8, 10);
    for (const formula of ["y ~ (0 + x | city)", "y ~ x + (x || city)", "y ~ 0 + z + (x | city)"])
      expect(await meanOf(formula)).toBe(0);
  });

  it("tell a column from a product of the same name", async () => {
    const columns = { ...table, "x:e": [5, 3, 8, 1, 0, 2, 9, 4] };
    const design = await designOf(columns, "y ~ `x:e` + (0 + x:e | city)", { standardize: "none" });
    expect(design.groups?.extraColumns.map(({ name }) => name)).toEqual(["x:e"]);
    const row = design.rows.subarray(0, design.stride);
    const n = design.rowOrder![0];
    expect(row[0]).toBe(columns["x:e"][n]);
    expect(row[2]).toBeCloseTo((table.x[n] as number) * (table.e[n] as number), 6);
  });
});

describe("refusals", () => {
  it.each([
    ["y ~ (1 | town)", 'Formula error at column 10: the data has no column "town"; did you mean'],
    [
      "y ~ (1 | e)",
      'Rows are grouped by "e", which is 0.1 in data row 1, and codes of groups are whole numbers; write (… | C(e))',
    ],
    ["y ~ (1 | one)", "The grouping factor one has one level in all rows"],
    ["y ~ (one | city)", "The slope one of (one | city) has the same value in every row"],
    ["y ~ (1 | city) + (1 | town2)", "town2 groups the rows in the same way as city"],
  ])("%s", async (formula, sentence) => {
    const columns = { ...table, one: table.x.map(() => 1), town2: table.city.map((name) => `${name}!`) };
    expect(await refusal(columns, formula)).toContain(sentence);
  });

  it("sparse rows, and a level for every row of numbers with noise", async () => {
    expect(await refusal(table, "y ~ x + (1 | city)", { storage: "sparse" })).toContain(
      "Rows with group terms are stored dense",
    );
    expect((await designOf(table, "y ~ x + (1 | w)")).warnings.join()).toContain("cannot be told apart");
    expect((await designOf(table, "w ~ x + (1 | x)", { family: "poisson" })).warnings.join()).not.toContain(
      "told apart",
    );
  });
});

describe("other rows", () => {
  it.each([
    "y ~ x + (1 + x + z | city/code)",
    "y ~ z + (z || code) + (1 | city)",
    "y ~ (log(x) | C(code)) + (1 | C(x > 4))",
  ])("of the fit itself have its levels and slopes: %s", async (formula) => {
    const design = await designOf(table, formula);
    const recipe = JSON.parse(JSON.stringify(design.recipe)) as Design["recipe"];
    const encoder = new RowEncoder(recipe, tableFromColumns(table));
    const { value: rows } = await encoder.encode().next();
    const { factors, slopes } = recipe.groups!;
    const size = slopes.length;
    design.groups!.factors.forEach((factor, f) => {
      expect(factors[f].name).toBe(factor.name);
      factor.levelOf.forEach((level, n) => {
        expect(rows!.groups!.levels![f][design.rowOrder?.[n] ?? n]).toBe(level);
      });
      factor.terms.forEach((term, t) => {
        term.effects.forEach(({ column }, e) => {
          const { slope } = factors[f].terms[t].effects[e];
          expect(slope < 0).toBe(column < 0);
          if (column < 0) return;
          for (let n = 0; n < design.numRows; n++)
            expect(rows!.groups!.slopes[(design.rowOrder?.[n] ?? n) * size + slope]).toBeCloseTo(
              design.rows[n * design.stride + column],
              5,
            );
        });
      });
    });
  });

  it("have the level −1 where the fit has none, as texts, numbers or combinations", async () => {
    const { recipe, groups } = await designOf(table, "y ~ x + (1 | city/z) + (1 | code)");
    const other = { x: [1, 2, 3, 4], city: ["r", "new", "p", "p"], z: ["a", "a", "b", "c"], code: [9, 3, 10, 1e12] };
    const { value: rows } = await new RowEncoder(recipe, tableFromColumns(other)).encode().next();
    const names = groups!.factors.map(({ name }) => name);
    const levels = Object.fromEntries(names.map((name, f) => [name, [...rows!.groups!.levels![f]]]));
    const named = (name: string, levelsOfRows: readonly number[]) =>
      levelsOfRows.map((level) => (level < 0 ? null : groups!.factors[names.indexOf(name)].levelName(level)));
    expect(named("city", levels.city)).toEqual(["r", null, "p", "p"]);
    expect(named("city:z", levels["city:z"])).toEqual([null, null, "p:b", null]);
    expect(named("code", levels.code)).toEqual([null, "3", "10", null]);
  });

  it("need no groups where all are new", async () => {
    const { recipe } = await designOf(table, "y ~ x + (x | city)");
    const source = tableFromColumns({ x: [1, 9] });
    const { value: rows } = await new RowEncoder(recipe, source, { readGroups: false }).encode().next();
    expect(rows!.groups!.levels).toBeUndefined();
    expect(rows!.groups!.slopes[0]).toBeCloseTo((1 - 37 / 8) / recipe.groups!.slopes[0].scale, 10);
    expect(() => new RowEncoder(recipe, source)).toThrow('the data has no column "city"');
  });

  it("codes that stand as texts or numbers in other files are the same codes", async () => {
    const texts = { ...table, code: table.code.map((code) => (code === 3 ? "003" : `c${code}`)) };
    const { recipe, groups } = await designOf(texts, "y ~ x + (1 | code)");
    const { value: rows } = await new RowEncoder(recipe, tableFromColumns({ x: [1], code: [3] })).encode().next();
    expect(groups!.factors[0].levelName(rows!.groups!.levels![0][0])).toBe("003");
  });
});
