import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { oneOfSeveral, type ProgressEvent, progressMilliseconds, progressReporter } from "./progress.ts";

describe("progressReporter", () => {
  let now = 0;
  let events: ProgressEvent[] = [];
  const listener = (stage: string, fraction: number, event: ProgressEvent) => {
    expect([stage, fraction]).toEqual([event.stage, event.fraction]);
    events.push(event);
  };
  beforeEach(() => {
    now = 1000;
    events = [];
    vi.spyOn(performance, "now").mockImplementation(() => now);
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it("tells of a stage's beginning and end, and in between a few times a second", () => {
    const report = progressReporter(listener)!;
    for (let k = 0; k <= 1000; k++, now += 1) report("sampling", k / 1000, { done: k, total: 1000, unit: "steps" });
    expect(events).toHaveLength(2 + Math.floor(999 / progressMilliseconds));
    expect(events[0]).toMatchObject({ fraction: 0, done: 0, total: 1000, perSecond: null, secondsLeft: null });
    expect(events.at(-1)).toMatchObject({ fraction: 1, done: 1000, total: 1000, unit: "steps", secondsLeft: 0 });
    const middle = events[3];
    expect(middle.perSecond).toBeCloseTo(1000, 6);
    expect(middle.secondsLeft).toBeCloseTo(0.4, 6);
  });

  it("ends a stage at 1 where the next one begins, or the run ends", () => {
    const report = progressReporter(listener)!;
    report("finding the mode", 0, { done: 0, unit: "rows" });
    now += 300;
    report("finding the mode", 0.4, { done: 50, unit: "rows" });
    report("sampling", 0);
    report.finish();
    report.finish();
    expect(events.map(({ stage, fraction }) => [stage, fraction])).toEqual([
      ["finding the mode", 0],
      ["finding the mode", 0.4],
      ["finding the mode", 1],
      ["sampling", 0],
      ["sampling", 1],
    ]);
    expect(events[2]).toMatchObject({ done: 50, total: 50 });
  });

  it("never lets a fraction fall, however many runs a stage has, and ends it at 1 once", () => {
    const report = progressReporter(listener)!;
    const part = oneOfSeveral(report)!;
    for (let run = 0; run < 5; run++)
      for (let k = 0; k <= 10; k++, now += 250)
        part("choosing the step", k / 10, { done: k, total: 10, unit: "steps" });
    report.finish();
    const fractions = events.map(({ fraction }) => fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.filter((fraction) => fraction === 1)).toHaveLength(1);
    // Half of what is left each: the end of the k-th run is at 1 − 2^−k.
    expect(Math.max(...fractions.slice(0, -1))).toBeCloseTo(1 - 2 ** -5, 10);
    expect(events.at(-1)!.done).toBe(50);
    for (const { total, secondsLeft } of events.slice(0, -1)) expect([total, secondsLeft]).toEqual([null, null]);
  });

  it("passes a reporter on as it is, and takes impossible fractions for possible ones", () => {
    const report = progressReporter(listener)!;
    expect(progressReporter(report)).toBe(report);
    expect(progressReporter(undefined)).toBeUndefined();
    report("reading", Number.NaN);
    now += 300;
    report("reading", 7);
    expect(events.map(({ fraction }) => fraction)).toEqual([0, 1]);
  });
});
