import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { ProgressEvent } from "../../../src/engine/progress.ts";
import { compare, effects, fit, loadFit, predict, saveFit } from "../../../src/node.ts";
import { commandFolder } from "../command.ts";

// Progress as it is seen and heard, and the help.
const { folder, ornstein } = commandFolder("progress");
let data = "";

beforeAll(() => {
  data = join(folder, "table.csv");
  const lines = ["y,x,city"];
  for (let n = 0; n < 5000; n++) {
    const x = Math.sin(1.7 * n) + 0.3 * Math.cos(0.11 * n * n);
    lines.push(`${x + Math.sin(12.9898 * n * n) > 0 ? 1 : 0},${x.toFixed(6)},${["Rome", "Oslo", "Lima"][n % 3]}`);
  }
  writeFileSync(data, `${lines.join("\n")}\n`);
});

describe("the library's events", () => {
  const heard = async (
    run: (onProgress: (stage: string, fraction: number, event: ProgressEvent) => void) => unknown,
  ) => {
    const events: ProgressEvent[] = [];
    await run((stage, fraction, event) => {
      expect([event.stage, event.fraction]).toEqual([stage, fraction]);
      events.push(event);
    });
    return events;
  };

  /** Each stage once, from its beginning to 1, never backwards. */
  function expectOrderly(events: readonly ProgressEvent[]): string[] {
    const stages: ProgressEvent[][] = [];
    for (const event of events) {
      if (stages.at(-1)?.[0].stage === event.stage) stages.at(-1)!.push(event);
      else stages.push([event]);
    }
    for (const [k, stage] of stages.entries()) {
      const fractions = stage.map(({ fraction }) => fraction);
      expect(fractions, stage[0].stage).toEqual([...fractions].sort((a, b) => a - b));
      expect(fractions.at(-1), `${stage[0].stage}, ${k}`).toBe(1);
      for (const { done, total } of stage) if (total !== null) expect(done).toBeLessThanOrEqual(total);
    }
    return stages.map(([{ stage }]) => stage);
  }

  it("of fits move through every stage", async () => {
    const formula = "y ~ x + city";
    const input = { path: data, formula };
    const quick = { draws: 50, tolerance: 0.1, threads: 1 };
    const usual = expectOrderly(
      await heard((onProgress) => fit(input, { onProgress, sampler: "control-variate", ...quick })),
    );
    expect(usual[0]).toBe("opening");
    expect(usual.slice(usual.indexOf("reading, pass 1 of 2"))).toEqual([
      ...["reading, pass 1 of 2", "reading, pass 2 of 2", "finding the mode", "measuring the noise"],
      ...["choosing the step", "sampling", "summarising"],
    ]);
    const ofNuts = await heard((onProgress) => fit(input, { onProgress, ...quick }));
    expect(expectOrderly(ofNuts).slice(-3)).toEqual(["warming up", "sampling", "summarising"]);
    const sampling = ofNuts.filter(({ stage }) => stage === "sampling").at(-1)!;
    expect(sampling).toMatchObject({ unit: "iterations", done: sampling.total, secondsLeft: 0 });
    const learned = await heard((onProgress) => fit(input, { onProgress, prior: "learned", ...quick }));
    expect(expectOrderly(learned)).toContain("learning the prior");
  });

  it("of comparisons, predictions and effects too", async () => {
    // What takes the time is the reference.
    const rows = { path: data, sql: "select * from data limit 100" };
    const options = { draws: 50, threads: 1, samplers: ["laplace", "control-variate", "nuts"] };
    const compared = await heard((onProgress) => compare({ ...rows, formula: "y ~ x" }, { ...options, onProgress }));
    expect(expectOrderly(compared).slice(-5)).toEqual([
      ...["the reference", "control-variate", "laplace", "nuts diagonal", "nuts full"],
    ]);
    await saveFit(await fit({ path: data, formula: "y ~ x" }, { draws: 100, threads: 1 }), join(folder, "fit.nc"));
    const saved = await loadFit(join(folder, "fit.nc"));
    const predicted = await heard((onProgress) => predict(saved, { path: data }, { onProgress }));
    expect(expectOrderly(predicted).at(-1)).toBe("predicting");
    expect(predicted.at(-1)).toMatchObject({ done: 5000, total: 5000, unit: "rows" });
    const averaged = await heard((onProgress) => effects(saved, { of: "x", onProgress }, { path: data }));
    expect(expectOrderly(averaged).slice(-2)).toEqual(["reading the rows", "averaging"]);
    expect(averaged.at(-1)).toMatchObject({ done: 5000, total: 5000, unit: "rows" });
  });
});

describe("the command's progress", () => {
  it("is a line a stage where there is no terminal, and the names of files that are written", async () => {
    const { stderr, status } = await ornstein("fit", data, "-f", "y ~ x", "--draws", "300", "--save", "fit.nc");
    expect(status).toBe(0);
    const lines = stderr.trim().split("\n");
    const stages = lines.filter((line) => line.endsWith(" …"));
    expect(new Set(stages).size).toBe(stages.length);
    expect(stages).toEqual(
      expect.arrayContaining(["opening …", "finding the mode …", "sampling …", "summarising …", "writing fit.nc …"]),
    );
    for (const line of lines) expect(line).toMatch(/^[\w ,.]+ …( {2}\S.*)?$/);
  });
});

describe("--help", () => {
  it("is in groups, with texts that say what an option does, and an example", async () => {
    const { stdout, status } = await ornstein("fit", "--help");
    expect(status).toBe(0);
    const headings = ["Data:", "Model:", "Priors:", "Sampling:", "Output:", "Example:"];
    const places = headings.map((heading) => stdout.indexOf(`\n${heading}\n`));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
    expect(stdout.replace(/\s+/g, " ")).toContain(
      "--seed <number> seed of the random numbers; the same seed gives the same draws (default: 1)",
    );
  });

  it.each(["fit", "predict", "effects", "compare", "check", "paper"])(
    "of %s has an example, and no text that is a bare value",
    async (name) => {
      const { stdout } = await ornstein(name, "--help");
      expect(stdout).toMatch(new RegExp(`\\nExample:\\n  ornstein ${name} `));
      expect(stdout).not.toMatch(/ {2}--\S+ <[^>]*> +[\d.]+\n/);
    },
  );
});
