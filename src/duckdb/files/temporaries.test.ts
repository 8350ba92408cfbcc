import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { makeTemporaryFolder, onTemporary, removeTemporaries, removeTemporary, temporaryPath } from "./temporaries.ts";

const folder = mkdtempSync(join(tmpdir(), "temporaries-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("tells of a path before anything is there, and removes files and folders", () => {
  const heard: string[] = [];
  onTemporary((path) => heard.push(path));
  const [file, other] = [temporaryPath(folder), temporaryPath(folder)];
  onTemporary(() => {});
  expect(heard).toEqual([file, other]);
  expect(existsSync(file)).toBe(false);
  writeFileSync(file, "");
  mkdirSync(join(other, "deep"), { recursive: true });
  removeTemporary(file);
  expect(existsSync(file)).toBe(false);
  removeTemporaries();
  expect(readdirSync(folder)).toEqual([]);
});

it("removes what ended processes left of this machine's, and nothing else", () => {
  const inside = join(folder, "stale");
  mkdirSync(inside);
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  const name = temporaryPath(folder).split("/").at(-1)!;
  const of = (owner: number) => name.replace(String(process.pid), String(owner));
  const kept = [of(process.ppid), name, `mine-${of(pid)}`, of(pid).replace(/-[0-9a-f]{8}-/, "-00000000-")];
  for (const file of [of(pid), ...kept]) writeFileSync(join(inside, file), "");
  mkdirSync(
    join(
      inside,
      of(pid).replace(/(.)\.tmp/, (_, last) => `${last === "0" ? "1" : "0"}.tmp`),
      "deep",
    ),
    { recursive: true },
  );
  temporaryPath(inside);
  expect(readdirSync(inside).sort()).toEqual(kept.sort());
});

it("says that a folder cannot be written to", () => {
  expect(() => makeTemporaryFolder(join(folder, "missing"))).toThrow(
    /^Temporary files cannot be written in the folder .*missing \(ENOENT\)\.$/,
  );
});
