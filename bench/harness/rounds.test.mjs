import { describe, expect, it } from "vitest";
import { inShort, runRounds } from "./rounds.mjs";

const done = (run, more = {}) => ({ status: "done", run, wall: run + 1, peakMiB: 10, processor: run, ...more });
const ours = { name: "ornstein", rounds: [done(1), done(2)] };

describe("rounds in short", () => {
  it("have their medians, and how many times faster ours is", () => {
    const short = inShort({ name: "peer", rounds: [done(3), done(6)] }, ours);
    expect(short.run).toEqual({ median: 4.5, low: 3, high: 6, rounds: 2 });
    expect(short.ratio.median).toBe(3);
    // Whole processes: 4/2 and 7/3.
    expect(short.wholeRatio.median).toBeCloseTo((2 + 7 / 3) / 2, 10);
  });

  it("compare speeds the other way round", () => {
    const own = { name: "ornstein", rounds: [done(1, { perSecond: 100 })] };
    expect(inShort({ name: "peer", rounds: [done(1, { perSecond: 25 })] }, own).ratio.median).toBe(4);
  });

  it("have no ratio where a round was not done, and say why", () => {
    const late = { status: "late", reason: "not done after 60 s", wall: 60, peakMiB: 20, processor: 60 };
    const short = inShort({ name: "peer", rounds: [late] }, ours);
    expect(short.stopped).toBe("not done after 60 s");
    expect(short.ratio).toBeUndefined();
    expect(short.run).toBeUndefined();
    expect(short.peakMiB.median).toBe(20);
  });

  it("have reached the posterior if every round has", () => {
    const errors = (mean, reached) => ({ errors: { mean, sd: 0.01, reached } });
    const short = inShort({ name: "peer", rounds: [done(1, errors(0.02, true)), done(1, errors(0.2, false))] }, ours);
    expect(short.errors).toEqual({ mean: 0.2, sd: 0.01, reached: false });
  });
});

describe("rounds of processes", () => {
  const contestant = (name, script) => ({
    command: process.execPath,
    contestant: { name, args: () => ["-e", script], read: (output) => ({ run: Number(output) }) },
  });
  const run = (contestants, rounds = 2) => {
    const said = [];
    return runRounds({ contestants, prepared: {}, cores: [0], rounds, limit: 20, say: (line) => said.push(line) }).then(
      (results) => ({ results, order: said.map((line) => line.trim().split(",")[0]) }),
    );
  };

  it("take turns, each round beginning with another", async () => {
    const { order, results } = await run([contestant("a", "console.log(1)"), contestant("b", "console.log(2)")]);
    expect(order).toEqual(["a", "b", "b", "a"]);
    expect(results.map(({ run }) => run.median)).toEqual([1, 2]);
  });

  it("are not repeated for one that failed, whose last words are the reason", async () => {
    const failing = contestant("b", "console.error('no such model'); process.exitCode = 3");
    const { order, results } = await run([contestant("a", "console.log(1)"), failing]);
    expect(order).toEqual(["a", "b", "a"].map((name) => expect.stringContaining(name)));
    expect(results[1].stopped).toBe("no such model");
  });

  it("end a process at the limit", async () => {
    const endless = contestant("b", "setInterval(() => {}, 1000)");
    const [result] = await runRounds({
      contestants: [endless],
      prepared: {},
      cores: [0],
      rounds: 3,
      limit: 1,
      say: () => {},
    });
    expect(result.stopped).toBe("not done after 1 s");
    expect(result.rounds.length).toBe(1);
  });

  it("leave out one that all together would take longer than the limit with", async () => {
    // 1.6 s and more: a second round would end after the limit.
    const slow = contestant("b", "setTimeout(() => console.log(1), 1600)");
    const rounds = { contestants: [slow], prepared: {}, cores: [0], rounds: 9, limit: 3, say: () => {} };
    expect((await runRounds(rounds))[0].rounds.length).toBe(1);
  });

  it("are none for what is not installed", async () => {
    const missing = { contestant: { name: "b" }, missing: "not installed: no wheel" };
    const { order, results } = await run([contestant("a", "console.log(1)"), missing], 1);
    expect(order).toEqual(["a"]);
    expect(results[1].missing).toBe("not installed: no wheel");
  });
});
