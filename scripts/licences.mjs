// Licences of what others wrote: of the packages that are built into dist, whose texts dist/licences.txt carries, and of those
// that an installation brings. Ends with status 1 where one is not among those below, or has no text.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const allowed = new Set(["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "BSL-1.0", "Unlicense"]);
// h5wasm names a file: HDF5's own licence, which is of BSD's kind.
const readByPeople = new Map([["h5wasm", "SEE LICENSE IN LICENSE.txt"]]);

const manifestOf = (folder) => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));

const faults = [];

/** Those whose modules the bundler's marks name. */
function builtIn() {
  const names = new Set();
  for (const file of readdirSync(join(root, "dist")).filter((name) => name.endsWith(".mjs"))) {
    const text = readFileSync(join(root, "dist", file), "utf8");
    for (const [, name] of text.matchAll(/#region node_modules\/((?:@[^/\s]+\/)?[^/\s]+)/g)) names.add(name);
  }
  // The studio's scripts name theirs at their beginning (scripts/build-studio.mjs).
  for (const file of readdirSync(join(root, "dist", "studio")).filter((name) => name.endsWith(".js"))) {
    const [, packages] =
      /^\/\* Built of ornstein and (.*);/.exec(readFileSync(join(root, "dist", "studio", file), "utf8")) ?? [];
    if (packages === undefined) faults.push(`dist/studio/${file}: it does not say of what it is built`);
    for (const name of packages?.split(" ").filter(Boolean) ?? []) names.add(name);
  }
  return [...names].sort();
}

/** The licence, and the notices that some ask to be passed on. */
function textOf(folder) {
  const files = readdirSync(join(root, folder)).filter((name) => /^(licen[sc]e|notice)\b/i.test(name));
  if (!files.some((name) => /^licen[sc]e/i.test(name))) return undefined;
  return files.map((file) => readFileSync(join(root, folder, file), "utf8").trim()).join("\n\n");
}

function check(name, licence) {
  const isAllowed = licence?.split(" AND ").every((part) => allowed.has(part));
  if (!isAllowed && readByPeople.get(name) !== licence) faults.push(`${name}: ${licence ?? "no licence"}`);
}

/** Packages by the text of their licence, as many share one. */
const texts = new Map();
for (const name of builtIn()) {
  const folder = join("node_modules", name);
  const { version, license } = manifestOf(folder);
  const text = textOf(folder);
  check(name, license);
  if (text === undefined) faults.push(`${name}: no text of its licence`);
  texts.set(text, [...(texts.get(text) ?? []), `${name} ${version} (${license})`]);
}
if (texts.size === 0) faults.push("dist: nothing is built in, or the bundler marks it in another way");
const parts = [...texts].map(([text, names]) => `${names.join("\n")}\n\n${text}\n`);
writeFileSync(
  join(root, "dist", "licences.txt"),
  `Parts of these packages are built into ornstein.\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`,
);

const counts = new Map();
for (const [path, { dev, devOptional, license }] of Object.entries(
  JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages,
)) {
  if (path === "" || dev || devOptional) continue;
  const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
  check(name, license ?? (existsSync(join(root, path)) ? manifestOf(path).license : undefined));
  counts.set(license, (counts.get(license) ?? 0) + 1);
}

console.log(
  `licences: ${[...texts.values()].flat().length} packages built in; installed ones ${[...counts].map(([licence, count]) => `${count} ${licence}`).join(", ")}`,
);
if (faults.length > 0) {
  console.error(`Not among the licences that are allowed:\n${faults.join("\n")}`);
  process.exit(1);
}
