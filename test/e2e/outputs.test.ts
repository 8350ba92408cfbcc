import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";
import { beforeAll, describe, expect, it } from "vitest";
import { bin, commandFolder } from "./command.ts";

// What the command writes, where, and what it says where it cannot.
const { folder, at, ornstein } = commandFolder("outputs");
const text = (name: string) => readFileSync(at(name), "utf8");

/** In a shell, where `ornstein` is the command. */
function shell(line: string) {
  const script = line.replaceAll("ornstein ", `${process.execPath} ${bin} `);
  const { status, stdout, stderr } = spawnSync("bash", ["-c", script], { cwd: folder, encoding: "utf8" });
  return { status, stdout, stderr };
}

const few = ["--draws", "200", "--quiet"];
const fitted = `-f 'y ~ x' ${few.join(" ")}`;

beforeAll(async () => {
  const lines = ["y,x,A,a,draw,class"];
  for (let n = 0; n < 200; n++) {
    const [x, noise] = [Math.sin(1.7 * n), Math.sin(12.9898 * n * n)];
    const label = ["yes", "Yes", "no"][(n + (noise > 0.5 ? 1 : 0)) % 3];
    lines.push([(1 + 2 * x + noise).toFixed(5), x.toFixed(5), n % 3, n % 5, n % 7, label].join());
  }
  writeFileSync(at("table.csv"), `${lines.join("\n")}\n`);
  expect((await ornstein("fit", "table.csv", "-f", "y ~ x", ...few, "--save", "fit.nc")).status).toBe(0);
}, 30_000);

describe("what is no regular file", () => {
  it("links lead to their targets, which are written whole", async () => {
    mkdirSync(at("elsewhere"));
    symlinkSync("elsewhere/result.json", at("link.json"));
    expect((await ornstein("check", "fit.nc", "--json", "link.json")).status).toBe(0);
    expect(lstatSync(at("link.json")).isSymbolicLink()).toBe(true);
    expect(JSON.parse(text("elsewhere/result.json")).formula).toBe("y ~ x");
    expect(readdirSync(at("elsewhere"))).toEqual(["result.json"]);
  });

  it("devices, pipes, descriptors and process substitutions get the bytes", async () => {
    expect(shell("mknod null c 1 3 || ln -s /dev/null null; ornstein check fit.nc --json null").status).toBe(0);
    expect(statSync(at("null")).isCharacterDevice()).toBe(true);
    const piped = shell("mkfifo pipe; cat pipe > piped.json & ornstein check fit.nc --json pipe; wait");
    expect(piped.status).toBe(0);
    expect(statSync(at("pipe")).isFIFO()).toBe(true);
    const others = shell(
      `echo before >&1; exec 3> third.json; ornstein fit table.csv ${fitted} --json /dev/fd/3 --draws-out >(cat > p.parquet) --save >(cat > s.nc); sleep 0.3`,
    );
    expect(others.stderr).toBe("");
    for (const name of ["piped.json", "third.json"]) expect(JSON.parse(text(name)).formula).toBe("y ~ x");
    expect(text("p.parquet").slice(0, 4)).toBe("PAR1");
    expect((await ornstein("check", "s.nc")).stdout).toBe(others.stdout.replace("before\n", ""));
    const standard = shell("ornstein check fit.nc --json /dev/stdout > out.json");
    expect([standard.status, text("out.json")]).toEqual([0, (await ornstein("check", "fit.nc", "--json", "-")).stdout]);
  }, 30_000);

  it("keeps the permissions of a file that it replaces", async () => {
    writeFileSync(at("private.json"), "");
    chmodSync(at("private.json"), 0o600);
    await ornstein("check", "fit.nc", "--json", "private.json");
    expect(statSync(at("private.json")).mode & 0o777).toBe(0o600);
  });
});

describe("refused before anything is read", () => {
  beforeAll(() => {
    linkSync(at("table.csv"), at("hard.csv"));
    symlinkSync("round", at("about"));
    symlinkSync("about", at("round"));
  });

  it.each<[string, string, RegExp]>([
    ["data", "predict fit.nc table.csv --out hard.csv", /--out would overwrite "hard\.csv", which is read/],
    ["standard input's file", `fit - ${fitted} --json hard.csv < table.csv`, /would overwrite/],
    ["the fit", "predict fit.nc table.csv --json ./fit.nc", /would overwrite/],
    ["a chain's file", `fit table.csv ${fitted} --json d_2.csv --draws-out d.csv`, /Only one of .* the same file/],
    ["where the table goes", `fit table.csv ${fitted} --json table.txt > table.txt`, /where standard output goes/],
    ["a link in a circle", "check fit.nc --json round", /"round" cannot be written: its links lead round in a circle/],
    ["a folder", "check fit.nc --json elsewhere", /it is a folder/],
    ["data in a circle", `fit round ${fitted}`, /round cannot be read: its links lead round in a circle/],
    ["a fit in a circle", "check round", /"round" cannot be read: its links/],
    ["a fit that is a pipe", "check pipe", /"pipe" is no file, but a pipe/],
  ])("%s", (_, line, sentence) => {
    const before = text("table.csv");
    const run = shell(`ornstein ${line}`);
    expect(run.stderr).toMatch(sentence);
    expect(run.stderr.trim().split("\n")).toHaveLength(1);
    expect(run).toMatchObject({ status: 2, stdout: "" });
    expect(text("table.csv")).toBe(before);
  });
});

describe("what fails late", () => {
  it("is said once the others are written, with status 3", () => {
    symlinkSync("/dev/full", at("full.nc"));
    const outputs = "--save full.nc --draws-out large.parquet --json whole.json";
    // At most 4 KiB a file; standard output is none.
    const run = shell(`ulimit -f 8; ornstein fit table.csv ${fitted} ${outputs} | cat; exit \${PIPESTATUS[0]}`);
    expect(run.status).toBe(3);
    expect(run.stdout).toMatch(/Certificate: /);
    expect(run.stderr.trim().split("\n")).toEqual([
      expect.stringMatching(/^ornstein: "full\.nc" could not be written: .*\.$/),
      expect.stringMatching(/^ornstein: "large\.parquet" could not be written: it would be larger than files may be/),
    ]);
    expect(JSON.parse(text("whole.json")).formula).toBe("y ~ x");
    expect(existsSync(at("large.parquet"))).toBe(false);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("of predictions too: the scores are printed", async () => {
    const run = await ornstein(
      "predict",
      "fit.nc",
      "table.csv",
      "--quiet",
      "--out",
      "/dev/full",
      "--json",
      "scores.json",
    );
    expect(run).toMatchObject({
      status: 3,
      stdout: expect.stringMatching(/rmse/),
      stderr: 'ornstein: "/dev/full" could not be written: the disk is full.\n',
    });
    expect(existsSync(at("scores.json"))).toBe(true);
  });
});

describe("standard output", () => {
  it.each(["check fit.nc", "predict fit.nc table.csv --quiet --out -", "fit --help"])(
    "that is full has a sentence and status 3: %s",
    (line) => {
      const stderr = "ornstein: Standard output could not be written: the disk is full.\n";
      expect(shell(`ornstein ${line} > /dev/full`)).toEqual({ status: 3, stdout: "", stderr });
    },
  );

  it("that its reader closes has shown what was wanted; the fit's status stays", () => {
    const piped = (line: string) => shell(`ornstein ${line} | true; exit \${PIPESTATUS[0]}`);
    expect(piped("check fit.nc")).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(piped("fit --help")).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(piped("check fit.nc --json -")).toEqual({
      status: 3,
      stdout: "",
      stderr: "ornstein: Standard output could not be written: its reader closed it before the end.\n",
    });
  });

  it("is written to the end where its reader is slow", () => {
    const many = "--sql 'select (range % 7) / 7 as x from range(60000)'";
    const run = shell(`ornstein predict fit.nc ${many} --quiet --posterior-draws 10 --out - | (sleep 2; wc -l)`);
    expect(run.stdout.trim()).toBe("60001");
  });
});

describe("names that differ only by capitals, or are taken", () => {
  const columnsOf = async (path: string) => {
    const connection = await (await DuckDBInstance.create()).connect();
    return (await connection.runAndReadAll(`describe from '${at(path)}'`)).getRows().map(([name]) => name);
  };

  it("are made different in the draws' Parquet, and a note says how", async () => {
    const run = await ornstein("fit", "table.csv", "-f", "y ~ A + a + draw", ...few, "--draws-out", "draws.parquet");
    expect(run).toMatchObject({ status: 0, stdout: expect.stringMatching(/\ndraw +/) });
    expect(run.stderr).toMatch(/^Note: draws\.parquet .*: "a" is the column "a_2", "draw" is the column "draw_2"\.\n$/);
    expect(await columnsOf("draws.parquet")).toEqual([
      ...["chain", "draw", "A", "a_2", "draw_2", "Intercept", "sigma"],
    ]);
  });

  it("and in predictions, of every format", async () => {
    await ornstein("fit", "table.csv", "-f", "class ~ x", ...few, "--save", "classes.nc");
    const names = ["row", "prediction", "probability[Yes]", "probability[no]", "probability[yes]_2"];
    for (const out of ["p.parquet", "p.csv", "p.jsonl"]) {
      const run = await ornstein("predict", "classes.nc", "table.csv", "--quiet", "--out", out);
      expect(run).toMatchObject({ status: 0, stderr: expect.stringMatching(/"probability\[yes\]" is the column/) });
      expect(await columnsOf(out)).toEqual(names);
    }
    const { stdout } = await ornstein("predict", "classes.nc", "table.csv", "--quiet", "--out", "-");
    expect(stdout).toBe(text("p.csv"));
  }, 30_000);
});
