// Installs the Python package into an environment of its own, as users do, and runs its tests. Needs Python 3.10 or later with venv.
// Arguments go to pytest: npm run test:python -- -k tables
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
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
// The package anew each time, what it needs only where it is missing.
run(python, [...pip, "--force-reinstall", "--no-deps", "./python"], root);
run(python, [...pip, "./python[test]"], root);
run(python, ["-m", "pytest", "-q", ...process.argv.slice(2)], join(root, "python"));
