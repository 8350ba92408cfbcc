import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { describeInterruptedRuns, slowCases } from "../conformance/interrupted-runs.ts";
import { drawsOf, eventsTable, killGroup, startKillable } from "../e2e/killed-runs.ts";

describeInterruptedRuns(slowCases);

const folder = mkdtempSync(join(tmpdir(), "killed-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const kills = 10;
/** Runs of some seconds; ten random moments each. */
const runs = {
  nuts: ["y ~ x + z", "--sampler", "nuts", "--draws", "400"],
  "control variates": ["y ~ x + z", "--sampler", "control-variate", "--tolerance", "0.004"],
  groups: ["y ~ x + z + (1 | g)", "--tolerance", "0.01"],
  "nuts over groups": ["y ~ x + (1 | g)", "--sampler", "nuts", "--draws", "100"],
  "crossed factors": ["y ~ x + (1 | g) + (1 | h)", "--draws", "200"],
};

it.each(Object.entries(runs))("%s: killed at 10 random moments", async (name, [formula, ...options]) => {
  const rows = eventsTable(20_000).trim().split("\n");
  writeFileSync(join(folder, "t.csv"), rows.map((row, n) => `${row},${n === 0 ? "h" : `h${(n * 7) % 31}`}\n`).join(""));
  const random = createRandom([...name].length, 0, 2);
  const fit = ["fit", "t.csv", "-f", formula, ...options, "--quiet"];
  const started = performance.now();
  expect((await startKillable(folder, [...fit, "--draws-out", "whole.csv"]).ended).status).toBeLessThan(2);
  const whole = performance.now() - started;
  let args = [...fit, "--draws-out", "resumed.csv", "--checkpoint", "run"];
  let made = 0;
  for (; made < kills; made++) {
    const run = startKillable(folder, args);
    const wait = new Promise((resolve) => setTimeout(resolve, (0.15 + 0.35 * random.uniform()) * whole));
    const first = await Promise.race([run.ended, wait.then(() => undefined)]);
    if (first) break;
    killGroup(run);
    await run.ended;
    args = ["resume", "run"];
  }
  expect(made).toBeGreaterThan(2);
  if (made === kills) expect((await startKillable(folder, args).ended).status).toBeLessThan(2);
  console.info(`${name}: ${(whole / 1000).toFixed(1)} s undisturbed, killed ${made} times`);
  expect(drawsOf(folder, "resumed", 4)).toBe(drawsOf(folder, "whole", 4));
  rmSync(join(folder, "run"), { recursive: true });
});
