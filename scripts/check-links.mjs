// Every relative link in the packed Markdown leads to a file of the package, and to a heading where it names one. Every source file
// and every camelCase name that the Markdown has in backticks exists.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
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

/** What stands in backticks outside of code blocks. */
const spansOf = (page) =>
  [
    ...textOf(page)
      .replace(/^ *```[\s\S]*?^ *```/gm, "")
      .matchAll(/`([^`\n]+)`/g),
  ].map(([, span]) => span);
const sourcePath = /^(?:[\w.-]+\/)+[\w.-]+\.(?:ts|mjs|cjs|peggy)$|^(?:src|kernels|cli|paper)\/[\w./-]*$/;
const identifier = /^[a-z]\w*[A-Z]\w*$/;
const sources = ["src", "cli", "examples", "test"].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true })
    .filter((path) => /\.(ts|py)$/.test(path) && !path.includes(".generated."))
    .map((path) => readFileSync(join(root, folder, path), "utf8")),
);
const words = new Set(sources.flatMap((text) => text.match(/\w+/g)));
let named = 0;
let gone = 0;
// The changelog tells what has been.
for (const page of [...packed].filter((path) => path.endsWith(".md") && path !== "CHANGELOG.md")) {
  for (const span of spansOf(page)) {
    const isPath = sourcePath.test(span);
    if (!isPath && !identifier.test(span)) continue;
    named++;
    if (isPath ? existsSync(join(root, span)) : words.has(span)) continue;
    console.error(`${page}: there is no ${span} in the sources.`);
    gone++;
  }
}

if (count === 0 || named === 0) throw new Error("Nothing was found; is the check itself right?");
console.log(
  `${count} links of the packed Markdown, ${dead} of them dead; ${named} names of code, ${gone} of them gone`,
);
process.exit(dead + gone === 0 ? 0 : 1);
