// Every relative link in the packed Markdown leads to a file of the package, and to a heading where it names one.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const packing = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root, encoding: "utf8" });
if (packing.status !== 0) {
  console.error(packing.stderr);
  process.exit(1);
}
const packed = new Set(JSON.parse(packing.stdout)[0].files.map(({ path }) => path));
const folders = new Set([...packed].flatMap((path) => ancestors(path)));

function ancestors(path) {
  const folder = posix.dirname(path);
  return folder === "." ? [] : [folder, ...ancestors(folder)];
}

const textOf = (path) => readFileSync(join(root, path), "utf8");
const withoutCode = (text) => text.replace(/^ *```[\s\S]*?^ *```/gm, "").replace(/`[^`\n]*`/g, "");

/** The anchors of a page: its headings in lower case, without punctuation, blanks as hyphens. */
function anchorsOf(path) {
  const headings = [
    ...textOf(path)
      .replace(/^ *```[\s\S]*?^ *```/gm, "")
      .matchAll(/^#+ +(.+)$/gm),
  ];
  return headings.map(([, heading]) =>
    heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/\s/g, "-"),
  );
}

let dead = 0;
let count = 0;
for (const page of [...packed].filter((path) => path.endsWith(".md"))) {
  const targets = [...withoutCode(textOf(page)).matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)].map(
    ([, link, attribute]) => link ?? attribute,
  );
  for (const target of targets.filter((link) => !/^[a-z]+:/i.test(link))) {
    count++;
    const [path, anchor] = target.split("#");
    const file = path === "" ? page : posix.join(posix.dirname(page), decodeURI(path));
    const isThere = packed.has(file) || folders.has(file.replace(/\/$/, ""));
    if (isThere && (anchor === undefined || !file.endsWith(".md") || anchorsOf(file).includes(anchor))) continue;
    console.error(`${page}: the link ${target} leads to nothing in the package.`);
    dead++;
  }
}
if (count === 0) throw new Error("No links were found; is the check itself right?");
console.log(`${count} links of the packed Markdown, ${dead} of them dead`);
process.exit(dead === 0 ? 0 : 1);
