import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { outputPlace } from "./output-place-node.ts";
import { writeAllWhole, writeWhole } from "./whole-files-node.ts";

let folder = "";
const at = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "whole-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (path: string, text: string) => writeWhole(path, (temporary) => writeFile(temporary, text));
const leftovers = () => readdirSync(folder).filter((name) => name.endsWith(".tmp"));

describe("writeWhole", () => {
  it("replaces a regular file, whose permissions stay", async () => {
    writeFileSync(at("plain"), "old");
    chmodSync(at("plain"), 0o600);
    await write(at("plain"), "new");
    expect(readFileSync(at("plain"), "utf8")).toBe("new");
    expect(statSync(at("plain")).mode & 0o777).toBe(0o600);
  });

  it("writes what a link leads to, there or not, over several links", async () => {
    mkdirSync(at("elsewhere"));
    symlinkSync("elsewhere/target", at("second"));
    symlinkSync("second", at("first"));
    for (const text of ["made", "made again"]) {
      await write(at("first"), text);
      expect(readFileSync(at("elsewhere/target"), "utf8")).toBe(text);
      for (const link of ["first", "second"]) expect(lstatSync(at(link)).isSymbolicLink()).toBe(true);
    }
    expect(readdirSync(at("elsewhere"))).toEqual(["target"]);
  });

  it("writes into devices and pipes, which stay what they are", async () => {
    symlinkSync("/dev/null", at("null"));
    await write(at("null"), "gone");
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
    execFileSync("mkfifo", [at("pipe")]);
    const reader = spawn("cat", [at("pipe")]);
    let read = "";
    reader.stdout.on("data", (piece) => {
      read += piece;
    });
    const text = "a line\n".repeat(50_000);
    const [status] = await Promise.all([new Promise((done) => reader.once("close", done)), write(at("pipe"), text)]);
    expect(status).toBe(0);
    expect(read).toBe(text);
    expect(statSync(at("pipe")).isFIFO()).toBe(true);
  });

  it("says why it could not, and leaves nothing", async () => {
    writeFileSync(at("kept"), "kept");
    const failing = writeAllWhole([at("one"), at("kept")], async (temporary, index) => {
      await writeFile(temporary, "half");
      if (index === 1) throw Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC" });
    });
    await expect(failing).rejects.toThrow(`"${at("kept")}" could not be written: the disk is full.`);
    expect(existsSync(at("one"))).toBe(false);
    expect(readFileSync(at("kept"), "utf8")).toBe("kept");
    symlinkSync("/dev/full", at("full"));
    await expect(write(at("full"), "text")).rejects.toThrow(`"${at("full")}" could not be written: the disk is full.`);
    expect(leftovers()).toEqual([]);
  });
});

describe("outputPlace", () => {
  it("refuses folders, sockets, disks and links in a circle", async () => {
    symlinkSync("round", at("about"));
    symlinkSync("about", at("round"));
    expect(() => outputPlace(at("round"))).toThrow("its links lead round in a circle");
    expect(() => outputPlace(join(at("round"), "x"))).toThrow("its links lead round in a circle");
    expect(() => outputPlace(folder)).toThrow("it is a folder");
    expect(() => outputPlace(at("absent/"))).toThrow("it is a folder");
    expect(() => outputPlace(at("absent/x"))).toThrow("its folder does not exist");
    expect(() => outputPlace("/dev/fd/999")).toThrow("descriptor 999 is not open");
    const server = createServer().listen(at("socket"));
    await new Promise((done) => server.once("listening", done));
    expect(() => outputPlace(at("socket"))).toThrow("it is a socket");
    server.close();
  });

  it("knows a file by all its names, and tells others apart", () => {
    writeFileSync(at("known"), "");
    symlinkSync("known", at("alias"));
    symlinkSync("unborn", at("promise"));
    const identity = (name: string) => outputPlace(at(name)).identity;
    expect(identity("alias")).toBe(identity("known"));
    expect(identity("promise")).toBe(identity("./elsewhere/../unborn"));
    expect(identity("unborn")).not.toBe(identity("known"));
    expect(outputPlace("/dev/null").identity).toBeUndefined();
  });
});
