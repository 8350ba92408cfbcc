// Two builds of the same sources make the same package, byte for byte.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const npm = (...args) => spawnSync("npm", args, { cwd: root, encoding: "utf8", shell: process.platform === "win32" });
const pack = () => JSON.parse(npm("pack", "--dry-run", "--json", "--ignore-scripts").stdout)[0];

const first = pack();
npm("run", "build");
const second = pack();
if (first.integrity !== second.integrity) {
  const listed = ({ files }) => new Set(files.map(({ path, size }) => `${path} (${size} bytes)`));
  const [before, after] = [listed(first), listed(second)];
  const changed = [...before, ...after].filter((file) => !before.has(file) || !after.has(file));
  console.error(
    `npm pack made other bytes after a second build: ${changed.join(", ") || "files of the same size differ"}`,
  );
  process.exit(1);
}
console.log(`npm pack: ${second.entryCount} files, ${second.unpackedSize} bytes, the same after a second build`);
