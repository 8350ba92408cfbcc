import { describe, expect, it } from "vitest";
import { speedChart, timeChart } from "./charts.mjs";
import { speedTable, speedVerdict, timeTable, verdict } from "./tables.mjs";
import { comparison, number, spread } from "./words.mjs";

const of = (median) => ({ median, low: 0.9 * median, high: 1.1 * median, rounds: 3 });
const result = (name, seconds, ratio, errors = { mean: 0.02, sd: 0.01, reached: true }) => ({
  name,
  version: "1.0",
  run: of(seconds),
  compile: of(0.5),
  wall: of(seconds + 2),
  peakMiB: of(500),
  ratio: of(ratio),
  errors,
});
const late = { name: "Slow NUTS", stopped: "not done after 60 s" };
const absent = { name: "SGMCMCJax", missing: "not installed: no wheel" };
const inexact = result("SVI", 0.2, 0.1, { mean: 0.4, sd: 0.2, reached: false });

describe("words", () => {
  it("have two or three figures", () => {
    expect([0.01234, 1.26, 99.4, 123.4, 2_612_345].map(number)).toEqual(["0.012", "1.3", "99", "123", "2,610,000"]);
    expect(number(undefined)).toBe("");
  });

  it("show the spread of several rounds", () => {
    expect(spread(of(10))).toBe("10 (9–11)");
    expect(spread({ median: 2, low: 2, high: 2, rounds: 1 })).toBe("2");
  });

  it("say plainly which is slower", () => {
    expect(comparison(of(12))).toBe("12× faster");
    expect(comparison(of(0.25))).toBe("**4× slower**");
    expect(comparison(of(1.01))).toBe("as fast");
  });
});

describe("tables", () => {
  const results = [result("ornstein auto", 1, 1), result("NUTS", 5, 5), inexact, late, absent];

  it("have a row for each contestant, also for those that did not come to an end", () => {
    const lines = timeTable({ results }).split("\n");
    expect(lines).toHaveLength(2 + results.length);
    expect(new Set(lines.map((line) => line.split("|").length)).size).toBe(1);
    expect(lines[3]).toContain("5× faster");
    expect(lines[4]).toContain("| no |");
    expect(lines[5]).toContain("not done after 60 s");
    expect(lines[6]).toContain("not installed: no wheel");
  });

  it("name the winner among those that reached the posterior", () => {
    expect(verdict({ results })).toBe("ornstein auto comes first: 1 s; next NUTS, 5 s.");
    expect(verdict({ results: [result("ornstein auto", 9, 1), result("NUTS", 5, 0.6)] })).toBe(
      "**NUTS wins**: 5 s, without its compilation; ornstein auto takes 9 s.",
    );
    expect(verdict({ results: [inexact, result("NUTS", 5, 5)] })).toContain("SVI does not reach the tolerance");
    expect(verdict({ results: [result("ornstein auto", 1, 1), late] })).toContain("Only ornstein auto reached");
  });

  it("of speeds do so too", () => {
    const speeds = [2e6, 3e5].map((value, k) => ({
      ...result(["ornstein sgld", "BlackJAX"][k], 1, 6.7),
      perSecond: of(value),
    }));
    expect(speedTable({ results: speeds })).toContain("2,000,000");
    expect(speedVerdict({ results: speeds })).toContain("ornstein makes 6.7 times");
    expect(speedVerdict({ results: speeds.toReversed() })).toContain("**ornstein sgld wins**");
  });
});

describe("pictures", () => {
  const one = { title: "German credit", limit: 60, results: [result("ornstein auto", 1, 1), inexact, late, absent] };

  it("show who was done, who was not within the tolerance, and who was not done", () => {
    const svg = timeChart([one], { measure: "run", label: "seconds →", ariaLabel: "Seconds" });
    expect(svg.match(/<circle/g)).toHaveLength(2);
    expect(svg).toContain("Slow NUTS");
    expect(svg).not.toContain("SGMCMCJax");
    expect(svg).toContain("prefers-color-scheme: dark");
  });

  it("stand by themselves", () => {
    const speeds = { results: [{ ...result("ornstein sgld", 1, 1), perSecond: of(2e6) }] };
    expect(speedChart(speeds)).toMatch(/^<svg[^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  });
});
