import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { commandFolder } from "./command.ts";

// Which event and which levels the numbers are about: files, the built command, and right values by least squares.
const { folder, ornstein } = commandFolder("levels");

const days = ["Friday", "Monday", "Tuesday"];
interface Row {
  readonly day: string;
  readonly code: number;
  readonly x: number;
  readonly y: number;
  readonly well: boolean;
}
const rows: Row[] = Array.from({ length: 900 }, (_, n) => {
  const x = Math.sin(1.7 * n) + 0.3 * Math.cos(0.11 * n * n);
  const noise = Math.sin(12.9898 * n * n) + Math.sin(78.233 * n);
  const day = (n % 11) % 3;
  const code = [1, 2, 10][(n % 13) % 3];
  const y = 1 + 2 * x + [0, 1.5, -0.7][day] + (code === 2 ? 0.8 * x : 0) + noise;
  return {
    day: days[day],
    code,
    x: Number(x.toFixed(6)),
    y: Number(y.toFixed(6)),
    well: y + 2 * Math.sin(5.1 * n * n) > 1,
  };
});

beforeAll(() => {
  const lines = rows.map(({ day, code, x, y, well }, n) =>
    [day, code, x, y, well ? "well" : "sick", well, well ? 1 : 0, well ? 2 : 1, 1 + ((n % 29) % 4)].join(),
  );
  writeFileSync(join(folder, "t.csv"), `day,code,x,y,status,late,one,class,rating\n${lines.join("\n")}\n`);
});

interface Result {
  data: Record<string, unknown>;
  references: Record<string, string>;
  warnings: string[];
  certificate: { verdict: string };
  coefficients: { name: string; mean: number; sd: number; standardized: { laplaceMean: number; laplaceSd: number } }[];
}

const quick = ["--sampler", "laplace", "--draws", "1000", "--quiet"];
async function fit(formula: string, ...options: string[]): Promise<{ result: Result; header: string }> {
  const { stdout, stderr, status } = await ornstein(
    "fit",
    "t.csv",
    "-f",
    formula,
    "--json",
    "r.json",
    ...quick,
    ...options,
  );
  expect(stderr).toBe("");
  expect(status).toBeLessThan(2);
  return { result: JSON.parse(readFileSync(join(folder, "r.json"), "utf8")), header: stdout.split("\n\n")[0] };
}
const means = ({ coefficients }: Result) => Object.fromEntries(coefficients.map(({ name, mean }) => [name, mean]));

/** θ of A θ = b, by elimination. */
function solve(matrix: number[][], right: number[]): number[] {
  const a = matrix.map((row, i) => [...row, right[i]]);
  const size = right.length;
  for (let k = 0; k < size; k++) {
    const pivot = a.reduce((best, row, i) => (i > k && Math.abs(row[k]) > Math.abs(a[best][k]) ? i : best), k);
    [a[k], a[pivot]] = [a[pivot], a[k]];
    for (let i = 0; i < size; i++) {
      if (i === k) continue;
      const factor = a[i][k] / a[k][k];
      for (let j = k; j <= size; j++) a[i][j] -= factor * a[k][j];
    }
  }
  return a.map((row, i) => row[size] / row[i]);
}

/** Maximum likelihood by iterated least squares: of a linear model after one step, of a logistic one after 30. */
function maximumLikelihood(design: number[][], target: number[], family: "gaussian" | "bernoulli"): number[] {
  let theta = design[0].map(() => 0);
  for (let step = 0; step < (family === "gaussian" ? 1 : 30); step++) {
    const matrix = theta.map(() => theta.map(() => 0));
    const right = theta.map(() => 0);
    design.forEach((row, n) => {
      const eta = row.reduce((sum, value, j) => sum + value * theta[j], 0);
      const mean = family === "gaussian" ? eta : 1 / (1 + Math.exp(-eta));
      const weight = family === "gaussian" ? 1 : mean * (1 - mean);
      row.forEach((value, j) => {
        right[j] += value * (weight * eta + target[n] - mean);
        row.forEach((other, k) => {
          matrix[j][k] += weight * value * other;
        });
      });
    });
    theta = solve(matrix, right);
  }
  return theta;
}

/** Wide enough that the mode is the likelihood's maximum to five digits. */
const flat = ["--prior", "normal(0, 1000)", "--intercept-prior", "normal(0, 1000)"];

describe("the header and the JSON", () => {
  it.each([
    ["status", "status = well", "well", "P(status = well)"],
    ["late", "late", "true", "P(late = true)"],
    ["one", "one", "1", "P(one = 1)"],
    ["class", "class = 2", "2", "P(class = 2)"],
    ["y > 1", "y > 1", "true", "P(y > 1)"],
    ['status == "sick"', 'status == "sick"', "true", 'P(status == "sick")'],
  ])("say the event of %s", async (target, name, event, modelled) => {
    const { result, header } = await fit(`${target} ~ day + C(code) + x`);
    expect(result.data).toMatchObject({ target: name, event, modelled });
    expect(result.references).toEqual({ day: "Friday", "C(code)": "1" });
    expect(header.split("\n")[1]).toBe(`models ${modelled}; day: against Friday; C(code): against 1`);
  });

  it("say the classes, and nothing of factors that have all their levels", async () => {
    const { result, header } = await fit("day ~ x + C(code, ref=10)");
    expect(result.references).toEqual({ "C(code)": "10" });
    expect(header).toMatch("day: classes Friday, Monday, Tuesday, against Friday; C(code): against 10");
    expect(result.data).toMatchObject({ classes: days, referenceClass: "Friday" });
    const full = await fit("y ~ 0 + day + x");
    expect(full.result.references).toEqual({});
    expect(full.result.data).not.toHaveProperty("event");
    expect(full.header).not.toMatch("against");
    expect((await fit("day ~ x", "--class-coding", "symmetric")).header).toMatch(/Tuesday, all with coefficients/);
  });

  it("say the same of a saved fit, and of its predictions", async () => {
    const { header, result } = await fit("status ~ C(day, ref='Tuesday') + x", "--event", "sick", "--save", "f.nc");
    expect(header).toMatch("models P(status = sick); C(day): against Tuesday");
    expect((await ornstein("check", "f.nc", "--json", "c.json")).stdout).toMatch(header);
    const checked = JSON.parse(readFileSync(join(folder, "c.json"), "utf8"));
    expect([checked.data, checked.references]).toEqual([result.data, { "C(day)": "Tuesday" }]);
    const { stdout } = await ornstein("predict", "f.nc", "t.csv", "--json", "p.json", "--quiet");
    expect(stdout).toMatch("probability: P(status = sick)");
    expect(JSON.parse(readFileSync(join(folder, "p.json"), "utf8"))).toMatchObject({
      event: "sick",
      modelled: "P(status = sick)",
    });
  });
});

describe("--event", () => {
  it.each([
    ["status", "sick"],
    ["late", "false"],
    ["one", "0"],
    ["class", "1"],
    ["y > 1", "false"],
  ])("of %s %s flips every sign", async (target, event) => {
    const usual = (await fit(`${target} ~ day + x`)).result;
    const other = (await fit(`${target} ~ day + x`, "--event", event)).result;
    usual.coefficients.forEach(({ name, mean, sd, standardized }, j) => {
      const flipped = other.coefficients[j];
      expect([flipped.name, name]).toEqual([name, name]);
      expect(flipped.standardized.laplaceMean).toBeCloseTo(-standardized.laplaceMean, 6);
      expect(flipped.standardized.laplaceSd).toBeCloseTo(standardized.laplaceSd, 6);
      // Two means of 4,000 independent draws.
      expect(Math.abs(flipped.mean + mean)).toBeLessThan(5 * sd * Math.sqrt(2 / 4000));
    });
  });

  it("gives the other probability to the same rows, and the same scores", async () => {
    const written = async (...options: string[]) => {
      await fit("status ~ day + x", "--save", "e.nc", ...options);
      expect((await ornstein("predict", "e.nc", "t.csv", "--out", "e.csv", "--json", "e.json", "--quiet")).status).toBe(
        0,
      );
      const lines = readFileSync(join(folder, "e.csv"), "utf8").trim().split("\n").slice(1);
      const { scores } = JSON.parse(readFileSync(join(folder, "e.json"), "utf8"));
      return { lines: lines.map((line) => line.split(",")), scores };
    };
    const [usual, other] = [await written(), await written("--event", "sick")];
    usual.lines.forEach(([, prediction, probability], n) => {
      const sum = Number(probability) + Number(other.lines[n][2]);
      expect(Math.abs(sum - 1)).toBeLessThan(0.01);
      if (Math.abs(Number(probability) - 0.5) > 0.01) expect(other.lines[n][1]).toBe(prediction);
    });
    expect(Math.abs(usual.scores.logScore - other.scores.logScore)).toBeLessThan(1e-3);
    const truth = rows.filter(({ well }, n) => (other.lines[n][1] === "well") === well).length / rows.length;
    expect(other.scores.accuracy).toBeCloseTo(truth, 12);
  });

  it("is taken by compare", async () => {
    // Few rows: what takes the time is the reference.
    const few = ["t.csv", "--sql", "select * from data limit 60"];
    const args = [...few, "-f", "status ~ x", "--event", "sick", "--samplers", "laplace", "--draws", "200", "--quiet"];
    const { stdout, status } = await ornstein("compare", ...args, "--json", "k.json");
    expect(status).toBe(0);
    expect(stdout).toMatch("models P(status = sick)");
    expect(JSON.parse(readFileSync(join(folder, "k.json"), "utf8")).data).toMatchObject({ event: "sick" });
  });

  it.each([
    [
      "status ~ x",
      "ill",
      'The option event cannot be "ill": status is "sick" or "well", and the event is one of these two.',
    ],
    ["y ~ x", "1", "this fit of y is of the gaussian family: leave it out, or make two values of the target"],
    [
      "day ~ x",
      "Friday",
      "this fit of day is of the categorical family: leave it out, or make two values of the target",
    ],
  ])("of %s is not %s", async (formula, event, message) => {
    const { status, stderr } = await ornstein("fit", "t.csv", "-f", formula, "--event", event, "--quiet");
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});

describe("C(x, ref = …)", () => {
  const design = (reference: string) => {
    const others = days.filter((day) => day !== reference);
    const row = ({ day, code, x }: Row) => [
      ...others.map((level) => Number(day === level)),
      x,
      ...[1, 10].map((level) => Number(code === level)),
      ...[1, 10].map((level) => (code === level ? x : 0)),
      1,
    ];
    const names = [
      ...others.map((level) => `C(day)[${level}]`),
      "x",
      ...["C(code)[1]", "C(code)[10]", "x:C(code)[1]", "x:C(code)[10]", "Intercept"],
    ];
    return { names, matrix: rows.map(row) };
  };

  it.each([
    ["gaussian", "y", "Tuesday", 'C(day, ref="Tuesday")'],
    ["gaussian", "y", "Monday", "C(day, Treatment('Monday'))"],
    ["bernoulli", "status", "Tuesday", 'C(day, Treatment(reference="Tuesday"))'],
  ] as const)("%s: %s against %s is the maximum likelihood of that coding", async (family, target, reference, term) => {
    const { names, matrix } = design(reference);
    const values = rows.map(({ y, well }) => (family === "gaussian" ? y : Number(well)));
    const right = maximumLikelihood(matrix, values, family);
    const { result } = await fit(`${target} ~ ${term} + x*C(code, ref=2)`, ...flat);
    expect(result.references).toEqual({ "C(day)": reference, "C(code)": "2" });
    const found = new Map(result.coefficients.map((coefficient) => [coefficient.name, coefficient]));
    names.forEach((name, j) => {
      const { mean, sd } = found.get(name)!;
      // The error of a mean of 4,000 independent draws.
      expect(Math.abs(mean - right[j]) / sd, name).toBeLessThan(5 / Math.sqrt(4000));
    });
  });

  it("shifts the coefficients as linear algebra says, in all of a factor's terms", async () => {
    const usual = means((await fit("y ~ x * C(day)", ...flat)).result);
    const moved = means((await fit("y ~ C(day) + x + x:C(day, ref='Monday')", ...flat)).result);
    const near = (value: number, right: number) => expect(Math.abs(value - right)).toBeLessThan(0.03);
    near(moved["C(day)[Friday]"], -usual["C(day)[Monday]"]);
    near(moved["C(day)[Tuesday]"], usual["C(day)[Tuesday]"] - usual["C(day)[Monday]"]);
    near(moved["x:C(day)[Friday]"], -usual["x:C(day)[Monday]"]);
    near(moved["x:C(day)[Tuesday]"], usual["x:C(day)[Tuesday]"] - usual["x:C(day)[Monday]"]);
    near(moved.x, usual.x + usual["x:C(day)[Monday]"]);
    near(moved.Intercept, usual.Intercept + usual["C(day)[Monday]"]);
    // All of a term goes, however its factor is written.
    const less = means((await fit("y ~ C(day)*x - C(day, ref='Monday')", ...flat)).result);
    expect(Object.keys(less)).toEqual(["x", "C(day)[Friday]:x", "C(day)[Tuesday]:x", "Intercept", "sigma"]);
  });

  it("predicts the same rows alike", async () => {
    writeFileSync(join(folder, "new.csv"), "day,x,code\nMonday,0.5,2\nFriday,-1,10\nTuesday,0,1\n");
    const predicted = async (formula: string) => {
      await fit(formula, "--save", "n.nc", ...flat);
      const { stdout } = await ornstein("predict", "n.nc", "new.csv", "--out", "-", "--quiet");
      return stdout
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => Number(line.split(",")[1]));
    };
    const usual = await predicted("y ~ day + C(code)*x");
    const other = await predicted("y ~ C(day, ref='Tuesday') + C(code, Treatment(10))*x");
    for (const [n, value] of other.entries()) expect(Math.abs(value - usual[n])).toBeLessThan(0.02);
    writeFileSync(join(folder, "odd.csv"), "day,x,code\nSunday,0,10\nTuesday,0,10\n");
    expect((await ornstein("predict", "n.nc", "odd.csv", "--quiet")).stderr).toMatch(
      'C(day) is "Sunday" in data row 1',
    );
    const taken = await ornstein(
      "predict",
      "n.nc",
      "odd.csv",
      "--unknown-levels",
      "reference",
      "--out",
      "-",
      "--quiet",
    );
    const [first, second] = taken.stdout
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(",").slice(1, 4).join());
    expect(first).toBe(second);
  });

  it("takes a prior by the term, with the reference level or without", async () => {
    const sds = async (name: string) => {
      const { result } = await fit("y ~ C(day, ref = 'Tuesday') + x", "--prior", `${name}: normal(0, 0.001)`);
      return result.coefficients.filter(({ name }) => name.startsWith("C(day)[")).map(({ mean }) => Math.abs(mean));
    };
    for (const name of ["C(day)", "C(day, ref='Tuesday')", 'C(day,Treatment("Tuesday"))'])
      for (const size of await sds(name)) expect(size).toBeLessThan(0.02);
  });

  it.each([
    ["y ~ C(day, ref='Tusday')", 'no complete row has C(day) = "Tusday"; did you mean "Tuesday"?'],
    [
      "y ~ C(day, Sum)",
      'C() takes a reference level, as in C(x, ref = "b") or C(x, Treatment("b")); Sum is not known to it.',
    ],
    ["y ~ C(day, ref=Friday)", 'a text in quotes, a number, true or false, as in C(x, ref = "Friday").'],
    [
      "y ~ C(day, ref='Friday') + x:C(day, ref='Monday')",
      'is compared with "Friday" in one place and with "Monday" here',
    ],
  ])("%s is refused in a sentence", async (formula, message) => {
    const { status, stderr } = await ornstein("fit", "t.csv", "-f", formula, "--quiet");
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\bat .*\.mjs/);
  });
});

describe("a whole-number rating", () => {
  it("is said to be taken for gaussian, unless that was asked for", async () => {
    const { result } = await fit("rating ~ x");
    expect(result.warnings).toEqual([
      expect.stringMatching(
        /^rating takes only 4 different values, all whole \(1, 2, 3 and 4\), in 900 rows, and was taken for gaussian; --family categorical/,
      ),
    ]);
    expect(result.certificate.verdict).toBe("warning");
    const asked = (await fit("rating ~ x", "--family", "gaussian")).result;
    expect([asked.warnings, asked.certificate.verdict]).toEqual([[], "ok"]);
    expect((await fit("rating ~ x", "--family", "categorical")).header).toMatch(
      "rating: classes 1, 2, 3, 4, against 1",
    );
  });
});
