import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { commandFolder } from "../command.ts";

// ornstein update as its users meet it: rows arrive in files, month by month, and each month's rows are gone after it.
const { folder, ornstein, ornsteinAlone } = commandFolder("update");

function rows(first: number, count: number): string[] {
  return Array.from({ length: count }, (_, k) => {
    const n = first + k;
    const x = Math.sin(1.7 * n) + 0.3 * Math.cos(0.11 * n * n);
    const noise = (((Math.sin(12.9898 * n) * 43758.5453) % 1) + 1) % 1;
    return `${x.toFixed(5)},${["Rome", "Oslo"][n % 2]},${noise < 1 / (1 + Math.exp(1 - x)) ? "late" : "early"}`;
  });
}

const write = (name: string, lines: readonly string[]) =>
  writeFileSync(join(folder, name), `x,city,trip\n${lines.join("\n")}\n`);
const json = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));

beforeAll(async () => {
  write("may.csv", rows(0, 1200));
  write("june.csv", rows(1200, 300));
  write("july.csv", rows(1500, 300));
  write("all.csv", rows(0, 1800));
  expect(
    (await ornstein("fit", "may.csv", "-f", "trip ~ x + city", "--event", "late", "--save", "fit.nc")).status,
  ).toBe(0);
});

it("goes on from the saved fit, whose file takes the update, until it is the fit of all rows", async () => {
  const june = await ornstein("update", "fit.nc", "june.csv", "--save", "fit.nc");
  expect(june).toMatchObject({ status: 0 });
  expect(june.stdout).toContain("1,500 rows (300 added by an update)");
  // The rest comes on standard input.
  const july = ornsteinAlone(
    ["update", "fit.nc", "-", "--save", "fit.nc", "--json", "july.json"],
    readFileSync(join(folder, "july.csv")),
  );
  expect(july).toMatchObject({ status: 0 });
  expect(july.stdout).toContain("1,800 rows (600 added by 2 updates)");
  await ornstein("fit", "all.csv", "-f", "trip ~ x + city", "--event", "late", "--json", "all.json");
  const [updated, whole] = [json("july.json"), json("all.json")];
  expect(updated.data).toMatchObject({ rows: 1800, updates: [300, 300], modelled: "P(trip = late)" });
  whole.coefficients.forEach(({ mean, sd }: { mean: number; sd: number }, j: number) => {
    expect(Math.abs(updated.coefficients[j].mean - mean)).toBeLessThan(0.1 * sd);
    expect(Math.abs(updated.coefficients[j].sd / sd - 1)).toBeLessThan(0.05);
  });
  const loo = await ornstein("loo", "fit.nc", "all.csv");
  expect(loo).toMatchObject({ status: 0 });
  expect((await ornstein("loo", "fit.nc", "july.csv")).stderr).toContain("the fit was made of 1,800");
  for (const command of [["check"], ["predict", "july.csv"], ["effects", "--of", "x"], ["report", "--out", "r.html"]])
    expect(await ornstein(command[0], "fit.nc", ...command.slice(1))).toMatchObject({ status: 0 });
});

it("leaves the fit as it was where the rows cannot be used", async () => {
  const before = readFileSync(join(folder, "fit.nc"));
  write("bad.csv", ["1,Lima,late"]);
  const { status, stderr } = await ornstein("update", "fit.nc", "bad.csv", "--save", "fit.nc");
  expect(status).toBe(2);
  expect(stderr).toContain('city is "Lima" in data row 1, a level that no row of the fit has');
  expect((await ornstein("update", "fit.nc")).stderr).toContain("There are no new rows");
  expect(readFileSync(join(folder, "fit.nc")).equals(before)).toBe(true);
});
