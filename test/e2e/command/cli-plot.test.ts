import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, expect, it } from "vitest";
import { createRandom } from "../../../src/rng/xoshiro.ts";
import { commandFolder } from "../command.ts";

const { at, ornstein } = commandFolder("plot");
const random = createRandom(8, 0, 9);

beforeAll(async () => {
  const rows = ["y,x,city,g"];
  for (let n = 0; n < 240; n++) {
    const [x, city] = [random.normal(), ["Lima", "Oslo", "Rome"][n % 3]];
    const eta = 0.8 * x + (city === "Rome" ? 0.7 : 0) + 0.4 * ((n % 8) - 3.5);
    rows.push(`${random.uniform() < 1 / (1 + Math.exp(-eta)) ? "yes" : "no"},${x},${city},g${n % 8}`);
  }
  writeFileSync(at("rows.csv"), `${rows.join("\n")}\n`);
  const asked = ["--sampler", "laplace", "--draws", "250", "--quiet", "--save", "fit.nc"];
  const { status } = await ornstein("fit", "rows.csv", "-f", "y ~ x + city + (1 | g)", ...asked);
  expect([0, 1]).toContain(status);
});

it.each([
  ["coefficients", []],
  ["groups", []],
  ["traces", ["--parameter", "x"]],
  ["ranks", []],
  ["sds", []],
  ["effects", ["--of", "city"]],
  ["effects", ["--of", "x"]],
  ["effects", ["--at", "x=-1,0,1"]],
])("draws %s from the fit alone, %j", async (kind, asked) => {
  const { status, stderr } = await ornstein("plot", "fit.nc", "--kind", kind, ...asked, "--out", "p.svg", "--quiet");
  expect([status, stderr]).toEqual([0, ""]);
  const svg = readFileSync(at("p.svg"), "utf8");
  expect(svg).toMatch(/^<svg .*<\/svg>\s*$/s);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/);
});

it.each(["checks", "calibration", "effects"])("draws %s of rows", async (kind) => {
  const asked = kind === "effects" ? ["--of", "x"] : [];
  const { status, stderr } = await ornstein(
    ...["plot", "fit.nc", "rows.csv", "--kind", kind, ...asked, "--out", `${kind}.svg`, "--quiet"],
  );
  expect([status, stderr]).toEqual([0, ""]);
  const svg = readFileSync(at(`${kind}.svg`), "utf8");
  // The effect of a number is a curve over its range.
  expect(svg).toContain(kind === "effects" ? "on the scale of the response" : "<circle");
  if (kind === "effects") expect(svg).not.toContain("<circle");
});

it("says that rows were left out, and that the certificate failed", async () => {
  writeFileSync(at("gaps.csv"), `${readFileSync(at("rows.csv"), "utf8")}yes,,Oslo,g1\n`);
  const { status, stdout } = await ornstein(
    ...["plot", "fit.nc", "gaps.csv", "--kind", "effects", "--of", "city", "--out", "gaps.svg", "--quiet"],
  );
  expect(status).toBe(0);
  expect(stdout).toMatch(/certificate of the fit is "failed", so these\s+effects may be off/);
  expect(stdout).toMatch(/1 row without a prediction/);
});

it("writes PNG, and a page that stands by itself", async () => {
  expect((await ornstein("plot", "fit.nc", "--out", "p.png", "--quiet")).status).toBe(0);
  const png = readFileSync(at("p.png"));
  expect(png.subarray(1, 4).toString()).toBe("PNG");
  // Twice the 760 pixels of the SVG.
  expect(png.readUInt32BE(16)).toBe(1520);
  expect((await ornstein("plot", "fit.nc", "--out", "p.html", "--quiet")).status).toBe(0);
  const page = readFileSync(at("p.html"), "utf8");
  expect(page).toMatch(/<title>coefficients of y ~ x \+ city \+ \(1 \| g\)<\/title>/);
  expect(page).not.toMatch(/src=|href=/);
});

it.each([
  ["a format that it has not", ["--out", "p.pdf"], /A picture is .svg, .png or .html/],
  [
    "a flag of another kind",
    ["--kind", "sds", "--of", "x", "--out", "q.svg"],
    /--of does not apply to --kind sds: it is for effects/,
  ],
  ["checks without rows", ["--kind", "checks", "--out", "q.svg"], /--kind checks needs rows with their target/],
  ["effects of nothing", ["--kind", "effects", "--out", "q.svg"], /--kind effects needs a column: give --of, or --at/],
  [
    "an unknown parameter",
    ["--kind", "traces", "--parameter", "X", "--out", "q.svg"],
    /no parameter "X"; did you mean x/,
  ],
  [
    "rows for what takes none",
    ["rows.csv", "--out", "q.svg"],
    /--kind coefficients is drawn from the fit alone: leave rows.csv out/,
  ],
  ["the fit as output", ["--out", "fit.nc"], /A picture is|is read too/],
])("refuses %s in a sentence", async (_, asked, sentence) => {
  const { status, stderr } = await ornstein("plot", "fit.nc", ...asked);
  expect([status, stderr]).toEqual([2, expect.stringMatching(sentence)]);
  expect(existsSync(at("q.svg"))).toBe(false);
});
