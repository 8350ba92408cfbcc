import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { commandFolder } from "../command.ts";

// What a fit leaves behind, as users of the command meet it.
const { folder, at, ornstein, ornsteinAlone } = commandFolder("save");

beforeAll(() => {
  const lines = ["y,x,city,count"];
  for (let n = 0; n < 300; n++) {
    const x = Math.sin(1.7 * n) + 0.3 * Math.cos(0.11 * n * n);
    const y = 1 + 2 * x + Math.sin(12.9898 * n * n);
    lines.push([y.toFixed(6), x.toFixed(6), ["Rome/IT", "Oslo", "São Paulo"][n % 3], n % 4].join());
  }
  writeFileSync(at("table.csv"), `${lines.join("\n")}\n`);
});

describe("ornstein fit --save, ornstein check", () => {
  it("prints the same table, certificate and JSON again, from the file alone", async () => {
    const fit = await ornstein(
      "fit",
      "table.csv",
      "-f",
      "y ~ x + city",
      "--quiet",
      "--save",
      "fit.nc",
      "--json",
      "fit.json",
    );
    expect(fit).toMatchObject({ status: 0, stderr: "" });
    expect(ornsteinAlone(["check", "fit.nc"])).toEqual(fit);
    expect(await ornstein("check", "fit.nc", "--json", "-")).toEqual({
      status: 0,
      stdout: readFileSync(at("fit.json"), "utf8"),
      stderr: "",
    });
  });

  it("ends with status 1 where the certificate failed, as the fit did", async () => {
    const args = ["--sampler", "nuts", "--draws", "20", "--quiet", "--save", "few.nc"];
    const fit = await ornstein("fit", "table.csv", "-f", "y ~ x", ...args);
    expect(fit.status).toBe(1);
    expect(await ornstein("check", "few.nc")).toEqual(fit);
  });

  it.each<[string, string[], RegExp]>([
    ["no file", ["check", "absent.nc"], /There is no file "absent\.nc"/],
    ["a table", ["check", "table.csv"], /"table\.csv" is no netCDF-4 file/],
    ["a folder for a file", ["fit", "table.csv", "-f", "y ~ x", "--save", "."], /"\." cannot be written: it is a fol/],
    [
      "a folder that is absent",
      ["fit", "table.csv", "-f", "y ~ x", "--save", "no/fit.nc"],
      /its folder does not exist/,
    ],
    ["standard output", ["fit", "table.csv", "-f", "y ~ x", "--save", "-"], /--save takes a file/],
    ["data without a file", ["fit", "table.csv", "-f", "y ~ x", "--save-data"], /give --save a file too/],
  ])("refuses %s in one sentence with status 2", async (_, args, sentence) => {
    const run = await ornstein(...args);
    expect(run).toMatchObject({ status: 2, stdout: "" });
    expect(run.stderr).toMatch(sentence);
    expect(run.stderr.trim().split("\n")).toHaveLength(1);
  });

  it("refuses a damaged file in one sentence, and prints nothing of HDF5's", async () => {
    expect((await ornstein("fit", "table.csv", "-f", "y ~ x", "--quiet", "--save", "whole.nc")).status).toBe(0);
    const bytes = readFileSync(at("whole.nc"));
    writeFileSync(at("cut.nc"), bytes.subarray(0, bytes.length / 2));
    const run = await ornstein("check", "cut.nc");
    expect(run).toMatchObject({ status: 2, stdout: "" });
    expect(run.stderr).toMatch(/^ornstein: "cut\.nc" is damaged and cannot be read \(.*\): fit again, or take .*\n$/);
  });
});

describe("ornstein fit --draws-out FILE.csv", () => {
  it("writes a file for each chain in CmdStan's form", async () => {
    const args = ["-f", "y ~ x + city", "--sampler", "control-variate", "--quiet", "--chains", "2", "--draws", "400"];
    expect((await ornstein("fit", "table.csv", ...args, "--draws-out", "draws.csv")).status).toBe(0);
    expect(readdirSync(folder).filter((name) => name.startsWith("draws"))).toEqual(["draws_1.csv", "draws_2.csv"]);
    const lines = readFileSync(at("draws_2.csv"), "utf8").split("\n");
    const comments = lines.filter((line) => line.startsWith("#"));
    expect(comments).toEqual(expect.arrayContaining(["# id = 2", "# beta.1 = x", "# beta.2 = city[Rome/IT]"]));
    const [header, ...rows] = lines.filter((line) => line !== "" && !line.startsWith("#"));
    expect(header).toBe("lp__,beta.1,beta.2,beta.3,beta.4,sigma");
    expect(rows).toHaveLength(400);
  });

  it("writes what NUTS says of each draw too, and one file for one chain", async () => {
    const args = ["-f", "y ~ x", "--sampler", "nuts", "--chains", "1", "--draws", "400"];
    await ornstein("fit", "table.csv", ...args, "--quiet", "--draws-out", "one.csv");
    expect(existsSync(at("one_1.csv"))).toBe(false);
    expect(readFileSync(at("one.csv"), "utf8")).toContain(
      "\nlp__,accept_stat__,stepsize__,treedepth__,divergent__,energy__,beta.1,beta.2,sigma\n",
    );
  });
});
