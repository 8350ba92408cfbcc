import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { commandFolder } from "../command.ts";

// Families, priors, offsets and weights as users of the command meet them.
const { folder, ornstein } = commandFolder("models");

beforeAll(() => {
  const lines = ["y,count,late,x,city,exposure,weight,few"];
  for (let n = 0; n < 300; n++) {
    const x = Math.sin(1.7 * n) + 0.3 * Math.cos(0.11 * n * n);
    const y = 1 + 2 * x + Math.sin(12.9898 * n * n);
    const count = Math.max(0, Math.round(Math.exp(x)));
    lines.push(
      [
        y.toFixed(6),
        count,
        y > 1.5 ? "yes" : "no",
        x.toFixed(6),
        ["Rome", "Oslo", "Lima"][n % 3],
        n % 5,
        n === 7 ? -1 : 1 + (n % 2),
        n < 2 ? 1 : 0,
      ].join(),
    );
  }
  writeFileSync(join(folder, "table.csv"), `${lines.join("\n")}\n`);
});

const fit = (...args: string[]) => ornstein("fit", "table.csv", ...args, "--quiet");

describe("ornstein fit refuses in one sentence with status 2", () => {
  it.each<[string, string[], RegExp]>([
    [
      "an offset that is infinite",
      ["-f", "y ~ x + offset(log(exposure))"],
      /log\(exposure\) is infinite in data row 1/,
    ],
    ["an offset taken away", ["-f", "y ~ x - offset(exposure)"], /an offset is only added/],
    ["an offset of text", ["-f", "y ~ x + offset(city)"], /offset\(\) needs numbers, and city is text/],
    ["an offset of classes", ["-f", "city ~ x + offset(exposure)"], /categorical family has one for every class/],
    ["a negative weight", ["-f", "y ~ x", "--weights", "weight"], /weight is -1 in data row 8;/],
    ["a weight of an unknown column", ["-f", "y ~ x", "--weights", "wieght"], /did you mean weight\?/],
    ["weights of 0", ["-f", "y ~ x", "--weights", "0 * x"], /weight 0/],
    ["a prior of an unknown name", ["-f", "y ~ x + city", "--prior", "ctiy: normal(0, 1)"], /did you mean city\?/],
    ["two priors", ["-f", "y ~ x", "--prior", "normal(0, 1)", "--prior", "laplace(0, 1)"], /Two priors/],
    ["a horseshoe", ["-f", "y ~ x", "--prior", "horseshoe(1)"], /cannot be a horseshoe/],
    [
      "a prior learned for some",
      ["-f", "y ~ x", "--prior", "learned", "--prior", "x: normal(0, 1)"],
      /for all coefficients or for none/,
    ],
    ["a prior of sigma that is none", ["-f", "y ~ x", "--sigma-prior", "normal(0, 1)"], /write exponential\(1\)/],
    ["a prior of a fixed sigma", ["-f", "y ~ x", "--sigma", "1", "--sigma-prior", "exponential(1)"], /of no use/],
    [
      "a fraction as a count",
      ["-f", "y ~ x", "--family", "poisson"],
      /poisson family needs whole numbers.*data row 1;/,
    ],
    ["text as a count", ["-f", "city ~ x", "--family", "negative-binomial"], /negative-binomial family needs numbers/],
    [
      "two rows for student-t",
      ["-f", "y ~ x", "--family", "student-t", "--weights", "few"],
      /no mode to start from with these 2 rows/,
    ],
    ["text for student-t", ["-f", "city ~ x", "--family", "student-t"], /student-t family needs numbers/],
    ["nu of a count", ["-f", "count ~ x", "--family", "poisson", "--nu", "4"], /nu is for the student-t family/],
    ["nu of the gaussian family", ["-f", "y ~ x", "--nu", "4"], /nu is for the student-t family/],
    ["sigma of a binary target", ["-f", "late ~ x", "--sigma", "2"], /sigma is for the gaussian and student-t/],
    ["a dispersion that is no number", ["-f", "y ~ x", "--dispersion", "much"], /"much" is not a number/],
  ])("%s", async (_what, args, sentence) => {
    const run = await fit(...args);
    expect(run.stderr).toMatch(sentence);
    expect(run.stderr).not.toMatch(/\n\s+at /);
    expect([run.status, run.stdout]).toEqual([2, ""]);
  });
});

it("a target that looks like counts is taken for gaussian, with a warning", async () => {
  const run = await fit("-f", "count ~ x", "--json", "-");
  expect(run.status).toBe(0);
  const json = JSON.parse(run.stdout);
  expect(json.family).toBe("gaussian");
  expect(json.warnings.filter((warning: string) => /look like counts.*--family poisson/.test(warning))).toHaveLength(1);
});

it.each([
  ["poisson", "count ~ x + city + offset(log(1 + exposure))", ["city[Oslo]"]],
  ["negative-binomial", "count ~ x", ["dispersion"]],
  ["student-t", "y ~ x + city", ["sigma", "nu"]],
])("%s by the command: finite numbers, a verdict and its exit status", async (family, formula, names) => {
  const run = await fit("-f", formula, "--family", family, "--draws", "100", "--json", "-");
  const { coefficients, certificate, family: used } = JSON.parse(run.stdout);
  expect(used).toBe(family);
  expect(coefficients.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining([...names, "x"]));
  for (const { name, mean, sd } of coefficients) {
    expect(Number.isFinite(mean), name).toBe(true);
    expect(sd, name).toBeGreaterThan(0);
  }
  expect(run.status).toBe(certificate.verdict === "failed" ? 1 : 0);
});

it("weights of 1 are none", async () => {
  const means = async (...args: string[]) =>
    JSON.parse((await fit("-f", "count ~ x", "--family", "poisson", "--draws", "50", "--json", "-", ...args)).stdout)
      .coefficients;
  expect(await means("--weights", "0 * x + 1")).toEqual(await means());
});
