import { describe, expect, it, vi } from "vitest";
import type { ProgressEvent } from "../../src/engine/progress.ts";
import { barLine, createProgress } from "./progress.ts";

const event: ProgressEvent = {
  ...{ stage: "sampling", fraction: 0.456, done: 456_000, total: 1_000_000, unit: "iterations" },
  ...{ perSecond: 123_456, secondsLeft: 4405 },
};
const unknown = { ...event, fraction: 0, done: null, total: null, unit: null, perSecond: null, secondsLeft: null };

describe("barLine", () => {
  it("stays within any terminal, whatever there is to say", () => {
    for (let columns = 0; columns <= 200; columns++) {
      for (const stage of ["sampling", "writing /a/very/long/path/to/some/file.parquet"])
        for (const what of [event, { ...event, fraction: 1 }, unknown])
          expect(barLine({ ...what, stage }, 70, columns).length).toBeLessThan(Math.max(1, columns));
    }
  });

  it("leaves out the rate, then the bar", () => {
    expect(barLine(event, 1, 100)).toMatch(/^sampling {13}━+ + 45% {2}123,000 iterations\/s {2}1 h 13 min left$/);
    expect(barLine(event, 1, 60)).toMatch(/^sampling {13}━+ + 45% {2}1 h 13 min left$/);
    expect(barLine(event, 1, 40)).toMatch(/^sampling +45% {2}1 h 13 min left$/);
  });

  it("counts the seconds where nothing is known", () => {
    expect(barLine(unknown, 4.2, 60)).toMatch(/^sampling +5 s$/);
  });

  it("has the bar in the same place all along", () => {
    const ends = [0.01, 0.5, 0.99].map((fraction) => {
      const line = barLine({ ...event, fraction, secondsLeft: 1000 * (1 - fraction) }, 1, 100);
      return line.indexOf("%");
    });
    expect(new Set(ends).size).toBe(1);
  });
});

describe("createProgress", () => {
  function recording() {
    const written: string[] = [];
    const stream = { isTTY: false, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
    return { written, stream };
  }

  it("writes a line a stage elsewhere than on a terminal, and one now and then while a stage goes on", () => {
    const { written, stream } = recording();
    const { update, done } = createProgress(stream, { quiet: false });
    for (const fraction of [0, 0.2, 0.4, 1]) update("sampling", fraction, { ...event, fraction });
    update("summarising", 0, { ...unknown, stage: "summarising" });
    done();
    expect(written).toEqual(["sampling …\n", "summarising …\n"]);
  });

  it("writes tens of lines in an hour, not hundreds", () => {
    let now = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
    const { written, stream } = recording();
    const { update } = createProgress(stream, { quiet: false });
    for (; now < 3.6e6; now += 200) update("sampling", now / 3.6e6, { ...event, fraction: now / 3.6e6 });
    clock.mockRestore();
    expect(written.length).toBeGreaterThan(20);
    expect(written.length).toBeLessThan(80);
    expect(written[1]).toMatch(/^sampling … {2}0% {2}123,000 iterations\/s {2}1 h 13 min left\n$/);
  });

  it("writes nothing when quiet", () => {
    const { written, stream } = recording();
    createProgress(stream, { quiet: true }).update("sampling", 0, event);
    expect(written).toEqual([]);
  });
});
