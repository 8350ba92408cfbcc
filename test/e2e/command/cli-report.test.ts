import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { commandFolder } from "../command.ts";

// ornstein report, and fit --report, as their users meet them.
const { folder, ornstein } = commandFolder("report");
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const fitted = ["fit", "rows.csv", "-f", "late ~ x + city", "--save", "fit.nc", "--draws", "250", "--quiet"];

beforeAll(async () => {
  const lines = Array.from({ length: 300 }, (_, n) => {
    const x = Math.sin(1.7 * n * n);
    return [x.toFixed(6), ["Lima", "Oslo", "Rome"][n % 3], x + (n % 3) + 2 * Math.sin(7 * n * n) > 1].join();
  });
  writeFileSync(join(folder, "rows.csv"), `x,city,late\n${lines.join("\n")}\n`);
  const run = await ornstein(...fitted, "--report", "fit.html");
  expect(run).toMatchObject({ status: 0, stderr: "" });
}, 120_000);

describe("a report", () => {
  it("is written by the fit, and is the one of the saved fit", async () => {
    const run = await ornstein("report", "fit.nc", "--out", "again.html", "--quiet");
    expect(run).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(read("again.html")).toBe(read("fit.html"));
    // A command that a shell takes as it stands.
    expect(read("fit.html")).toContain("ornstein fit rows.csv -f &#39;late ~ x + city&#39; --save fit.nc");
  });

  it("has effects and checks over rows, under a title", async () => {
    const { stdout } = await ornstein(
      "report",
      "fit.nc",
      "rows.csv",
      "--title",
      "Late <trains>",
      "--out",
      "-",
      "--quiet",
    );
    expect(stdout).toContain("<h1>Late &#60;trains&#62;</h1>");
    expect(stdout).toContain("Differences of average predictions over 300 rows");
    expect(stdout).toMatch(/<dt>Accuracy<\/dt><dd>\d\d\.\d%<\/dd>/);
  });

  it.each([
    ["no page", ["report", "fit.nc", "--out", "fit.txt"], /--out writes a page: give it a file that ends in \.html/],
    ["no page of a fit", [...fitted.slice(0, 4), "--report", "fit.pdf"], /--report writes a page/],
    ["the file that is read", ["report", "fit.nc", "rows.csv", "--out", "rows.csv"], /ends in \.html/],
    ["no such file", ["report", "absent.nc", "--out", "a.html"], /There is no file "absent\.nc"/],
    ["standard input", ["report", "fit.nc", "-", "--out", "a.html"], /standard input can be read once/],
  ])("refuses %s in one sentence", async (_, args, message) => {
    expect(await ornstein(...args, "--quiet")).toMatchObject({
      status: 2,
      stdout: "",
      stderr: expect.stringMatching(message),
    });
  });
});
