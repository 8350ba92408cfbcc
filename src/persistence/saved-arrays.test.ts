import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { File, type Group, ready } from "h5wasm/node";
import { afterAll, expect, it } from "vitest";
import { createGroupOfDraws, RoomOfFile, readVectorByDraw, writeVectorByDraw } from "./saved-arrays.ts";

const folder = mkdtempSync(join(tmpdir(), "ornstein-arrays-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("writes and reads a vector in blocks of any size, the last one narrower", async () => {
  await ready;
  const labels = ["a/b", "ü", "c d", "e", "f", "g", "h"];
  const columns = labels.map((_, j) =>
    [0, 1].map((chain) => Float64Array.from({ length: 5 }, (_, draw) => 100 * j + 10 * chain + draw)),
  );
  for (const [written, read] of [
    [30, 1000],
    [1000, 20],
    [1, 40],
  ]) {
    const path = join(folder, `${written}.nc`);
    const made = new File(path, "w", { track_order: true });
    const drawsOf = (label: string) => columns[labels.indexOf(label)];
    writeVectorByDraw(createGroupOfDraws(made, "posterior", 2, 5), "beta", labels, drawsOf, written);
    made.close();
    const file = new File(path, "r");
    expect(readVectorByDraw(file.get("posterior") as Group, "beta", new RoomOfFile(7 * 10 * 8), read)).toEqual(columns);
    file.close();
  }
});
