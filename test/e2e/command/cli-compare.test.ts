import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseHTML } from "linkedom";
import { beforeAll, describe, expect, it } from "vitest";
import { samplers } from "../../../src/sampling/registry.ts";
import { bin, commandFolder } from "../command.ts";

// The command as users meet it: the built file, real files, real processes.
const { folder, ornstein } = commandFolder("compare");

beforeAll(() => {
  const lines = Array.from({ length: 300 }, (_, n) => {
    const x = Math.sin(1.7 * n) + 0.3 * Math.cos(0.11 * n * n);
    const y = 1 + 2 * x + Math.sin(12.9898 * n * n);
    return `${y.toFixed(6)},${y > 1.5 ? "yes" : "no"},${x.toFixed(6)},${["Rome", "Oslo"][n % 2]}`;
  });
  writeFileSync(join(folder, "table.csv"), `y,late,x,city\n${lines.join("\n")}\n`);
});

const compare = (...args: string[]) => ornstein("compare", ...args);

const quick = ["--draws", "100", "--tolerance", "0.2", "--quiet"];

interface Row {
  sampler: string;
  preconditioner: string | null;
  settings: { sampler: string } | null;
  kl: Record<string, number | null>;
  worstSdError: number | null;
  verdict: string | null;
  message?: string;
}

describe("ornstein compare", () => {
  it("measures every sampler of the registry: a table, the JSON and a plot that name them all", async () => {
    const run = await compare("table.csv", "-f", "late ~ x", "--json", "all.json", "--plot", "all.svg", ...quick);
    expect(run.stderr).toBe("");
    expect(run.status).toBe(0);
    const json = JSON.parse(readFileSync(join(folder, "all.json"), "utf8"));
    expect(Object.keys(json)).toEqual([
      ...["version", "command", "data", "family", "formula", "reference", "samplers", "warnings", "timing"],
    ]);
    expect(Object.keys(json.reference)).toEqual(["sampler", "rows", "ess", "klFloor"]);
    expect(json.reference.rows).toBe(300);
    expect(JSON.stringify(json)).not.toMatch(/NaN|Infinity/);
    const rows: Row[] = json.samplers;
    const titles = rows.map(({ sampler, preconditioner }) => [sampler, preconditioner].filter(Boolean).join(" "));
    expect(titles).toEqual(
      samplers.flatMap(({ name, preconditioners }) =>
        preconditioners.length > 0 ? preconditioners.map((preconditioner) => `${name} ${preconditioner}`) : [name],
      ),
    );
    const { document } = parseHTML(readFileSync(join(folder, "all.svg"), "utf8"));
    const drawn = [...document.querySelectorAll("text")].map((text) => text.textContent).join("|");
    for (const title of titles) {
      expect(run.stdout).toContain(title);
      expect(drawn).toContain(title);
    }
    for (const row of rows) {
      if (row.settings === null) expect(row.message).toMatch(/\w/);
      else {
        expect(row.worstSdError).toBeGreaterThanOrEqual(0);
        expect(row.kl.laplacePredicted).toBeGreaterThanOrEqual(0);
        expect(row.verdict).toMatch(/ok|warning|failed/);
      }
    }
    expect(rows.find(({ sampler }) => sampler === "conjugate")?.message).toMatch(/gaussian/);
  }, 120_000);

  it("takes the exact posterior as the reference where it is known, and only the samplers that were named", async () => {
    const names = "constant-sgd,conjugate,laplace";
    const run = await compare("table.csv", "-f", "y ~ x + city", "--samplers", names, "--json", "-", ...quick);
    expect(run.status).toBe(0);
    const { reference, samplers: rows } = JSON.parse(run.stdout) as { reference: unknown; samplers: Row[] };
    expect(reference).toEqual({ sampler: "conjugate", rows: 300, ess: null, klFloor: 0 });
    expect(new Set(rows.map(({ sampler }) => sampler))).toEqual(new Set(names.split(",")));
    const errors = new Map(rows.map((row) => [row.preconditioner ?? row.sampler, row.worstSdError]));
    expect(errors.get("conjugate")).toBe(0);
    // One rate for all directions cannot give their sds; 4 × 100 draws know an sd to some percent.
    expect(errors.get("scalar")).toBeGreaterThan(0.3);
    expect(errors.get("full-exact")).toBeLessThan(0.2);
  });

  it("gives a sampler up after its time, and goes on", async () => {
    const limited = ["--samplers", "constant-sgd,laplace", "--time-limit", "0.1"];
    const run = await compare("table.csv", "-f", "y ~ x", ...limited, "--json", "-", "--quiet");
    expect(run.status).toBe(0);
    const rows: Row[] = JSON.parse(run.stdout).samplers;
    expect(rows.find(({ preconditioner }) => preconditioner === "scalar")).toMatchObject({
      settings: null,
      message: "not done within 0.1 s",
    });
    expect(rows.find(({ sampler }) => sampler === "laplace")?.verdict).not.toBeNull();
  });

  it.each<[string, string[], RegExp]>([
    ["a file that does not exist", ["absent.csv", "-f", "y ~ x"], /absent\.csv/],
    ["a sampler that does not exist", ["table.csv", "-f", "y ~ x", "--samplers", "sgd"], /no sampler "sgd".*laplace/],
    ["a time limit of nothing", ["table.csv", "-f", "y ~ x", "--time-limit", "0"], /timeLimit/],
    ["an option of one sampler", ["table.csv", "-f", "y ~ x", "--damping", "0.1"], /--damping/],
    ["a folder that is not there", ["table.csv", "-f", "y ~ x", "--plot", "nowhere/all.svg"], /nowhere/],
  ])("refuses %s in one sentence with status 2", async (_what, args, sentence) => {
    const before = readdirSync(folder).sort();
    const run = await compare(...args, "--quiet");
    expect(run.stderr).toMatch(sentence);
    expect(run.stderr).not.toMatch(/\n\s+at /);
    expect(run.stdout).toBe("");
    expect(run.status).toBe(2);
    expect(readdirSync(folder).sort()).toEqual(before);
  });

  it("stops when it is interrupted, with status 130 and nothing written", async () => {
    const args = ["compare", "table.csv", "-f", "late ~ x", "--samplers", "constant-sgd", "--draws", "100000"];
    const child = spawn(process.execPath, [bin, ...args, "--plot", "late.svg", "--json", "late.json"], { cwd: folder });
    let seen = "";
    child.stderr.on("data", (chunk) => {
      seen += chunk;
    });
    await expect.poll(() => seen, { timeout: 60_000 }).toMatch(/the reference/);
    const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
    child.kill("SIGINT");
    expect(await closed).toBe(130);
    expect(existsSync(join(folder, "late.svg")) || existsSync(join(folder, "late.json"))).toBe(false);
  }, 120_000);
});
