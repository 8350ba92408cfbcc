import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const hasPython = spawnSync("python3", ["-c", "import venv, sys; sys.exit(sys.version_info < (3, 10))"]).status === 0;
const title = hasPython ? "" : " (skipped: there is no Python 3.10 or later with venv)";

it.skipIf(!hasPython)(`the Python package is installed by pip and passes its own tests${title}`, () => {
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, ["scripts/test-python.mjs"], {
    cwd: root,
    encoding: "utf8",
  });
  expect(status, `${stdout}\n${stderr}`).toBe(0);
  expect(stdout).toMatch(/\d+ passed/);
});
