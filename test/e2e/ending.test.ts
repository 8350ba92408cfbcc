import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, expect, it } from "vitest";

// Idle threads do not keep a process alive, but whoever waits for them must not be ended either, which Node does in silence
// (status 13). So it is looked at from outside.
const folder = mkdtempSync(join(tmpdir(), "ornstein-ending-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A worker leaves the team by a message that comes when the executor is being closed already. */
const program = `
import { EngineMemory } from "./src/engine/memory.ts";
import { createNodeExecutor } from "./src/engine/node-executor.ts";

const nothing = { kernel: "passRows", address: 0, argument: 0, times: 0 };
for (let time = 0; time < 3; time++) {
  const executor = await createNodeExecutor(new EngineMemory({ shared: true }), { threads: 2 });
  for (let run = 0; run < 3; run++) await executor.run([nothing, nothing], { duration: "medium" });
  const waiting = performance.now() + 60;
  while (performance.now() < waiting);
  await executor.close();
}
console.log("closed");
`;

it("a process whose threads leave while they are ended goes on to its end", async () => {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: process.cwd(), loader: "ts" },
    ...{ bundle: true, format: "esm", platform: "node", write: false },
  });
  const path = join(folder, "program.mjs");
  writeFileSync(path, outputFiles[0].text);
  const { stdout } = await promisify(execFile)(process.execPath, [path]);
  expect(stdout).toBe("closed\n");
});
