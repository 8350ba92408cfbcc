// Installs pyspark into an environment of its own, as docs/spark.md says, and runs the tests on a real cluster of this machine: a master
// and workers, whose processes are killed. Needs Python 3.10 or later with venv, Java 17 or later, and Linux.
// Arguments go to vitest: npm run test:spark -- -t straggler
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import "./prepare.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const environment = join(root, "node_modules", ".cache", "ornstein-spark");
const python = process.env.ORNSTEIN_SPARK_PYTHON ?? join(environment, "bin/python");
const packages = ["pyspark==4.3.0", "pyarrow>=18", "pandas>=2.2,<3"];

function run(program, args, env = process.env) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: "inherit", env });
  if (error) console.error(`${program} could not be started: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

if (spawnSync("java", ["-version"]).status !== 0) {
  console.error("Spark needs Java 17 or later, and there is none in the path.");
  process.exit(1);
}
if (!existsSync(python)) run(process.env.PYTHON ?? "python3", ["-m", "venv", environment]);
if (spawnSync(python, ["-c", "import pyspark, pyarrow, pandas"]).status !== 0)
  run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages]);
run("npx", ["vitest", "run", "--config", "vitest.spark.config.ts", ...process.argv.slice(2)], {
  ...process.env,
  ORNSTEIN_SPARK_PYTHON: python,
});
