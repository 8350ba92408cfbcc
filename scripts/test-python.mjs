// Installs the Python package into an environment of its own, as users do, and runs its tests. Needs Python 3.10 or later with venv.
// Arguments go to pytest: npm run test:python -- -k tables
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const environment = join(root, "node_modules", ".cache", "ornstein-python");
const isWindows = process.platform === "win32";
const python = join(environment, isWindows ? "Scripts/python.exe" : "bin/python");

function run(program, args, cwd) {
  const { status, error } = spawnSync(program, args, { cwd, stdio: "inherit" });
  if (error) console.error(`${program} could not be started: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(python))
  run(process.env.PYTHON ?? (isWindows ? "python" : "python3"), ["-m", "venv", environment], root);
const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
const wheels = mkdtempSync(join(tmpdir(), "ornstein-wheel-"));
try {
  run(python, [...pip.with(2, "wheel"), "--no-deps", "--wheel-dir", wheels, "./python"], root);
  const wheel = join(wheels, readdirSync(wheels)[0]);
  // The package anew each time, what it needs only where it is missing.
  run(python, [...pip, `${wheel}[test]`], root);
  run(python, [...pip, "--force-reinstall", "--no-deps", wheel], root);
} finally {
  rmSync(wheels, { recursive: true, force: true });
}
run(python, ["-m", "pytest", "-q", ...process.argv.slice(2)], join(root, "python"));
