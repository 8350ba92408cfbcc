import { existsSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { expect, it } from "vitest";
import { commandFolder } from "./command.ts";
import { drawsOf, eventsTable, type KillableRun, killGroup, startKillable, statesIn } from "./killed-runs.ts";

const { folder, at, ornstein, ornsteinAlone } = commandFolder("checkpoint");
const fit = [
  "fit",
  "events.csv",
  "-f",
  "y ~ x + z",
  "--sampler",
  "nuts",
  "--draws",
  "1500",
  "--chains",
  "2",
  "--quiet",
];

it("a run that is interrupted and then killed is resumed to the draws of an undisturbed one", {
  timeout: 600_000,
}, async () => {
  writeFileSync(at("events.csv"), eventsTable(80_000));
  expect(ornsteinAlone([...fit, "--draws-out", "whole.csv"]).status).toBe(0);
  const args = [...fit, "--draws-out", "resumed.csv", "--json", "fit.json", "--checkpoint", "run"];
  const first = startKillable(folder, args);
  await statesAtLeast(3, first);
  first.child.kill("SIGINT");
  const { status, said } = await first.ended;
  expect(status).toBe(130);
  expect(said).toMatch(/^Interrupted; nothing was written; ornstein resume .*run goes on from there\.$/m);
  const second = startKillable(folder, ["resume", "run"]);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  killGroup(second);
  await second.ended;
  // Another command does not take the folder, and the same one goes on.
  const other = await ornstein("fit", "events.csv", "-f", "y ~ x", "--checkpoint", "run", "--quiet");
  expect([other.status, other.stderr]).toEqual([2, expect.stringMatching(/asked for otherwise: ornstein resume/)]);
  // From wherever the folder is now.
  renameSync(at("run"), at("moved"));
  const third = await startKillable(folder, ["resume", "moved"]).ended;
  expect(third).toEqual({ status: 0, said: "" });
  expect(drawsOf(folder, "resumed", 2)).toBe(drawsOf(folder, "whole", 2));
  expect(readdirSync(at("moved"))).toEqual(["run.json"]);
  expect(existsSync(at("run"))).toBe(false);
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  const done = await ornstein("resume", "moved");
  expect([done.status, done.stderr]).toEqual([0, expect.stringMatching(/^The run of "moved" is done: ornstein fit/)]);
});

/** @throws where the run ends before */
async function statesAtLeast(count: number, { ended }: KillableRun, name = "run"): Promise<void> {
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  while (statesIn(at(name)).length < count) {
    if (isOver) throw new Error("The run has ended before it had kept enough.");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

it("refuses folders without a run, data that changed, and rows that cannot be read again", async () => {
  const nothing = await ornstein("resume", "nowhere");
  expect([nothing.status, nothing.stderr]).toEqual([2, expect.stringMatching(/"nowhere" has no checkpoint/)]);
  const stream = ornsteinAlone(["fit", "-", "-f", "y ~ x", "--checkpoint", "other"], "y,x\n1,2\n");
  expect([stream.status, stream.stderr]).toEqual([2, expect.stringMatching(/rows that can be read again/)]);
  writeFileSync(at("events.csv"), eventsTable(20_000));
  const run = startKillable(folder, [...fit, "--checkpoint", "changed"]);
  // The free memory, and a digest of the data.
  await statesAtLeast(2, run, "changed");
  killGroup(run);
  await run.ended;
  writeFileSync(at("events.csv"), eventsTable(2000));
  const changed = await ornstein("resume", "changed");
  expect([changed.status, changed.stderr]).toEqual([2, expect.stringMatching(/not those of the interrupted run/)]);
});
