// Makes a fresh clone ready: installs what package-lock.json names when node_modules is absent or older than the
// lock file, and builds when a source file is newer than the last build. Uses nothing but Node, so it can run first.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const modified = (path) => (existsSync(join(root, path)) ? statSync(join(root, path)).mtimeMs : 0);

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
  if (result.status !== 0) {
    console.error(`\`${command} ${args.join(" ")}\` failed; nothing more was done.`);
    process.exit(result.status ?? 1);
  }
}

function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || entry.name.includes(".generated.") || entry.name.includes(".test.")) continue;
    latest = Math.max(latest, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs);
  }
  return latest;
}

const installStamp = "node_modules/.package-lock.json";
if (modified(installStamp) < modified("package-lock.json")) {
  console.error("Installing dependencies …");
  // Not `npm ci`: it refuses lock files that leave out the optional packages of other platforms, as npm 11 writes them.
  run("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]);
  const now = new Date();
  utimesSync(join(root, installStamp), now, now);
}

const buildStamp = "dist/.built";
const sources = Math.max(
  ...["src", "cli", "studio", "paper", "kernels", "scripts"].map(newest),
  modified("package.json"),
  modified("tsdown.config.ts"),
);
if (modified(buildStamp) < sources) {
  console.error("Building …");
  run("npm", ["run", "--silent", "build"]);
  writeFileSync(join(root, buildStamp), "");
}
