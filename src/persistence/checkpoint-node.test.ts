import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { openCheckpoint, storedRun } from "./checkpoint-node.ts";

const parent = mkdtempSync(join(tmpdir(), "checkpoint-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

let count = 0;
let folder = "";
let warned: string[] = [];
beforeEach(() => {
  folder = join(parent, `run${count++}`);
  warned = [];
});
const identity = { version: "1.0.0", run: ["fit", "a.csv"], cwd: "/" };
const open = (of = identity) => openCheckpoint(folder, of, (message) => warned.push(message));
const states = () => readdirSync(folder).filter((name) => name.endsWith(".state"));

describe("a checkpoint in a folder", () => {
  it("gives a later process what an earlier one kept, bit by bit", () => {
    const value = { a: Float64Array.of(1, Number.NaN, -0), b: { n: Number.POSITIVE_INFINITY, u: Uint32Array.of(7) } };
    const first = open();
    expect(first.isContinued).toBe(false);
    const key = first.keyOf("pass", [Float64Array.of(1, 2)]);
    expect(first.recall(key)).toBeUndefined();
    first.keep(key, value);
    value.a[0] = 5;
    first.flush();
    const second = open();
    expect(second.isContinued).toBe(true);
    expect(second.recall(second.keyOf("pass", [Float64Array.of(1, 2)]))).toEqual({
      a: Float64Array.of(1, Number.NaN, -0),
      b: value.b,
    });
    // The second of two that are alike is another.
    expect(second.recall(second.keyOf("pass", [Float64Array.of(1, 2)]))).toBeUndefined();
    expect(second.recall(second.keyOf("pass", [Float64Array.of(1, 3)]))).toBeUndefined();
  });

  it("computes again what a disk has lost", () => {
    const first = open();
    const key = first.keyOf("pass", []);
    first.keep(key, Float64Array.of(1, 2, 3));
    first.flush();
    truncateSync(join(folder, states()[0]), 40);
    expect(open().recall(key)).toBeUndefined();
  });

  it("keeps the last state of a key alone, and no file beside", () => {
    const first = open();
    const key = first.keyOf("chain", []);
    for (const draw of [1, 2, 3]) {
      first.keep(key, { draw });
      first.flush();
    }
    expect(states()).toHaveLength(1);
    expect(open().recall(key)).toEqual({ draw: 3 });
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  it("once the run is done has a note of it alone, and begins anew", () => {
    const first = open();
    const key = first.keyOf("chain", []);
    first.keep(key, 1);
    first.flush();
    first.finish();
    expect(readdirSync(folder)).toEqual(["run.json"]);
    expect(storedRun(folder)?.isFinished).toBe(true);
    const next = open({ ...identity, run: ["fit", "b.csv"] });
    expect(next.isContinued).toBe(false);
    expect(storedRun(folder)?.run).toEqual(["fit", "b.csv"]);
  });

  it("that cannot be written any more says so once; the run goes on", () => {
    const first = open();
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "");
    for (const n of [1, 2]) {
      first.keep(first.keyOf("chain", [n]), n);
      first.flush();
    }
    expect(warned).toHaveLength(1);
    expect(warned[0]).toMatch(/could not be written: .+; the run goes on/);
  });

  it("is a few seconds old at most, and twenty times as old as its writing takes", () => {
    let now = performance.now();
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
    const checkpoint = open();
    expect(checkpoint.isDue).toBe(false);
    now += 2100;
    expect(checkpoint.isDue).toBe(true);
    checkpoint.keep("a", 1);
    expect(checkpoint.isDue).toBe(false);
    expect(states()).toHaveLength(1);
    clock.mockRestore();
  });
});

describe("what is refused", () => {
  it("another run in the folder of an interrupted one, and another version", () => {
    open();
    expect(() => open({ ...identity, run: ["fit", "b.csv"] })).toThrow(/asked for otherwise: ornstein resume/);
    expect(() => open({ ...identity, version: "2.0.0" })).toThrow(/of version 1.0.0, and this is 2.0.0/);
  });

  it("a folder with something else, a file, and a run that is under way", () => {
    open();
    rmSync(join(folder, "run.json"));
    writeFileSync(join(folder, "thesis.txt"), "");
    expect(() => open()).toThrow(/files that are no checkpoint's/);
    expect(readFileSync(join(folder, "thesis.txt"), "utf8")).toBe("");
    folder = join(parent, "file");
    writeFileSync(folder, "");
    expect(() => open()).toThrow(/cannot hold a checkpoint/);
    folder = join(parent, "owned");
    open();
    const own = readFileSync(join(folder, "owner"), "utf8");
    writeFileSync(join(folder, "owner"), own.replace(String(process.pid), String(process.ppid)));
    expect(() => open()).toThrow(/a run that is under way/);
    // The same number on another machine, or before it was started, is another process's.
    writeFileSync(join(folder, "owner"), `${process.ppid} elsewhere`);
    expect(open().isContinued).toBe(true);
    writeFileSync(join(folder, "run.json"), "{");
    expect(() => open()).toThrow(/does not describe a run/);
  });

  it("data that are not those of the interrupted run", () => {
    open().requireSame([Float32Array.of(1, 2)]);
    open().requireSame([Float32Array.of(1, 2)]);
    expect(() => open().requireSame([Float32Array.of(1, 3)])).toThrow(/not those of the interrupted run/);
  });

  it("states of other data, where the digest of these was lost", () => {
    const first = open();
    first.requireSame([Float32Array.of(1, 2)]);
    const [digest] = states();
    first.keep(first.keyOf("pass", []), 1);
    first.flush();
    rmSync(join(folder, digest));
    const other = open();
    other.requireSame([Float32Array.of(1, 3)]);
    expect(other.recall(other.keyOf("pass", []))).toBeUndefined();
  });
});
