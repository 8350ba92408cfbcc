import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { bin, commandFolder } from "./command.ts";

const { at, folder, ornstein, ornsteinAlone } = commandFolder("watch");
const json = (file: string) => JSON.parse(readFileSync(at(file), "utf8"));
const meanOf = (file: string) => json(file).coefficients.map(({ mean }: { mean: number }) => mean);

const random = createRandom(5, 0, 3);
const lines = Array.from({ length: 3000 }, (_, n) => {
  const [x, city, late] = [50 + 10 * random.normal(), "abc"[n % 3], random.uniform() < 0.5];
  const eta = -1 + 0.08 * (x - 50) + 0.5 * (n % 3) + 0.3 * Number(late);
  const [y, happy] = [100 * (eta + random.normal()), random.uniform() < 1 / (1 + Math.exp(-eta)) ? "yes" : "no"];
  const count = Math.max(0, Math.round(Math.exp(0.3 * eta) + random.normal()));
  return JSON.stringify({ y, happy, count, x, city, late, days: 1 + (n % 5) });
});
const write = (file: string, rows: readonly string[]) => writeFileSync(at(file), `${rows.join("\n")}\n`);
write("all.jsonl", lines);
write("one.jsonl", lines.slice(0, 2000));
write("two.jsonl", lines.slice(2000));

/** Coefficients of a fit to the same rows, in its sds. */
async function distanceFromFit(formula: string, ...flags: string[]): Promise<number[]> {
  const watched = await ornstein("watch", "all.jsonl", "-f", formula, "--json", "watch.json", "--quiet", ...flags);
  expect(watched.stderr).toBe("");
  await ornstein("fit", "all.jsonl", "-f", formula, "--json", "fit.json", "--quiet", ...flags);
  const { coefficients } = json("fit.json");
  const streamed = json("watch.json").coefficients;
  expect(streamed.map(({ name }: { name: string }) => name)).toEqual(
    coefficients.map(({ name }: { name: string }) => name).filter((name: string) => name !== "sigma"),
  );
  return streamed.flatMap(({ mean, sd }: { mean: number; sd: number }, j: number) => [
    Math.abs(mean - coefficients[j].mean) / coefficients[j].sd,
    Math.abs(sd / coefficients[j].sd - 1),
  ]);
}

describe("the command on a stream", () => {
  // A fit's own Monte Carlo error is 0.02 of an sd, and the curvature at the mode is not the posterior's of counts and events.
  it.each([
    ["y ~ x * late + city", []],
    ["happy ~ x + city + late", ["--event", "no"]],
    ["count ~ x + city + offset(log(days))", ["--family", "poisson"]],
  ])("says of %s what a fit says", async (formula, flags) => {
    for (const distance of await distanceFromFit(formula, ...flags)) expect(distance).toBeLessThan(0.15);
  });

  it("goes on from its state as if it had not stopped, and adds up", async () => {
    const formula = ["-f", "y ~ x + city", "--first", "1000", "--quiet"];
    await ornstein("watch", "all.jsonl", ...formula, "--json", "all.json");
    await ornstein("watch", "one.jsonl", ...formula, "--state", "one.state");
    await ornstein("watch", "two.jsonl", "--from", "one.state", "--json", "on.json", "--quiet");
    await ornstein("watch", "two.jsonl", "--like", "one.state", "--state", "two.state", "--quiet");
    const merged = await ornstein("watch", "--merge", "one.state", "two.state", "--json", "merged.json");
    expect(merged.stdout).toContain("3,000 rows");
    for (const file of ["on.json", "merged.json"]) {
      expect(json(file).rows).toBe(3000);
      expect(json(file).sigma).toBeCloseTo(json("all.json").sigma, 6);
      meanOf("all.json").forEach((mean: number, j: number) => void expect(meanOf(file)[j]).toBeCloseTo(mean, 6));
    }
    const other = await ornstein("watch", "two.jsonl", ...formula, "--state", "other.state");
    expect(other.status).toBe(0);
    const refused = await ornstein("watch", "--merge", "one.state", "other.state");
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining("are not of one model")]);
    const twice = await ornstein("watch", "--merge", "one.state", "two.state", "one.state");
    expect([twice.status, twice.stderr]).toEqual([2, expect.stringContaining("are the same state")]);
  });

  it("counts what it cannot use, by its reason and line", async () => {
    const bad = [
      ...["{nonsense", "[1, 2]", '{"happy":"yes","x":50,"city":"nowhere","late":true}', ""],
      ...['{"happy":"yes","x":null,"city":"a","late":true}', '{"happy":"maybe","x":50,"city":"a","late":true}'],
      ...['{"happy":"yes","x":"fifty","city":"a","late":true}', '{"x":50,"city":"a","late":true}'],
    ];
    write("bad.jsonl", [...lines.slice(0, 1500), ...bad, ...lines.slice(1500)]);
    const { status, stdout, stderr } = await ornstein(
      ...["watch", "bad.jsonl", "-f", "happy ~ x + city + late", "--first", "1000", "--json", "bad.json", "--quiet"],
    );
    expect(status).toBe(0);
    expect(stdout).toContain("3,000 rows");
    const { unusable, rows } = json("bad.json");
    expect(rows).toBe(3000);
    expect(unusable).toEqual([
      { reason: "A line is no JSON object.", rows: 2 },
      { reason: 'city is "nowhere", a level that no row of the fit has.', rows: 1 },
      { reason: 'The value of "x" is missing.', rows: 1 },
      { reason: "The target happy = yes is missing, or no value that the model has.", rows: 2 },
      { reason: expect.stringContaining('Column "x" held numbers'), rows: 1 },
    ]);
    expect(stderr).toContain("Left out, line 1501: A line is no JSON object.");
    expect(stderr).toContain('line 1503: city is "nowhere"');
    const good = ["--first", "1000", "--json", "good.json", "--quiet"];
    await ornstein("watch", "all.jsonl", "-f", "happy ~ x + city + late", ...good);
    meanOf("good.json").forEach((mean: number, j: number) => void expect(meanOf("bad.json")[j]).toBeCloseTo(mean, 9));
    const stop = ["--first", "1000", "--unusable", "stop", "--state", "stop.state", "--quiet"];
    const stopped = await ornstein("watch", "bad.jsonl", "-f", "happy ~ x", ...stop);
    expect([stopped.status, stopped.stderr]).toEqual([2, "ornstein: Line 1501: A line is no JSON object.\n"]);
    expect(json("stop.state").rows).toBe(1500);
  });

  it.each([
    [["all.jsonl", "-f", "y ~ x + (1 | city)"], "no group terms"],
    [["all.jsonl", "-f", "city ~ x"], "families gaussian, bernoulli, poisson"],
    [["all.jsonl", "-f", "y ~ x", "--prior", "laplace(0, 1)"], "normal law"],
    [["all.jsonl", "-f", "y ~ x", "--first", "1"], "first cannot be 1: it takes a whole number from 2"],
    [["all.jsonl", "-f", "y ~ none"], 'no column "none"'],
    [["all.jsonl"], "needs a formula"],
    [["none.jsonl", "-f", "y ~ x"], "there is no such file"],
    [["all.jsonl", "--from", "all.jsonl"], "no state of a stream"],
    [["all.jsonl", "--from", "none.state"], "there is no such file"],
    [["all.jsonl", "-f", "y ~ x", "--rate", "0.9"], "rate cannot be 0.9: it takes a number from 0 to 0.5"],
    [["-f", "y ~ x", "--follow"], "--follow is for a file"],
    [["all.jsonl", "-f", "y ~ x", "--state", "all.jsonl"], "all.jsonl"],
  ])("refuses %j", async (args, sentence) => {
    const { status, stderr } = await ornstein("watch", ...args, "--quiet");
    expect([status, stderr]).toEqual([2, expect.stringMatching(new RegExp(sentence))]);
    expect(stderr).not.toContain("unforeseen");
  });

  it("refuses a stream of nothing, and reads the last line without its end", () => {
    const none = ornsteinAlone(["watch", "-f", "y ~ x", "--quiet"], "\n\n");
    expect([none.status, none.stderr]).toEqual([2, expect.stringContaining("The stream has no rows")]);
    const few = ornsteinAlone(
      ["watch", "-f", "y ~ x", "--family", "gaussian", "--quiet"],
      lines.slice(0, 2).join("\n"),
    );
    expect([few.status, few.stderr]).toEqual([2, expect.stringContaining("2 rows, too few for 2 coefficients")]);
    const some = ornsteinAlone(["watch", "-f", "y ~ x", "--json", "-", "--quiet"], lines.slice(0, 50).join("\n"));
    expect(JSON.parse(some.stdout).rows).toBe(50);
  });

  it("prints the intervals as they stand when it is interrupted, and writes the state", async () => {
    write("growing.jsonl", lines.slice(0, 1200));
    const often = ["--first", "1000", "--every", "1100"];
    const args = ["watch", "growing.jsonl", "--follow", "-f", "y ~ x", "--state", "growing.state", ...often];
    const child = spawn(process.execPath, [bin, ...args], { cwd: folder });
    let said = "";
    child.stdout.on("data", (text) => {
      said += text;
    });
    while (!said.includes("Intercept")) await new Promise((resolve) => setTimeout(resolve, 20));
    appendFileSync(at("growing.jsonl"), `${lines.slice(1200, 1300).join("\n")}\n`);
    const ended = once(child, "close");
    await new Promise((resolve) => setTimeout(resolve, 1000));
    child.kill("SIGINT");
    expect(await ended).toEqual([130, null]);
    expect(said).toMatch(/1,300 rows[\s\S]*Intercept.*\n\nsigma \d+\.\d+\n\n$/);
    expect(json("growing.state").rows).toBe(1300);
  });
});
