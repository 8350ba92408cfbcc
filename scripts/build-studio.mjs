// Builds the studio into dist/studio: static files, with scripts that are functions under a name, so that a page may load them as
// files too, and a worker be made of their text (studio/scripts.ts). Called by tsdown at the end of a build.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = join(root, "dist", "studio");

/** Where each script begins, and whether it runs when it is loaded as a page's script, or as a worker's. */
const scripts = [
  { name: "studio", entry: "studio/main.tsx", runs: "page" },
  { name: "tour", entry: "studio/tour/main.tsx", runs: "asked" },
  { name: "pictures", entry: "studio/pictures-worker.ts", runs: "worker" },
  { name: "worker", entry: "studio/worker/worker.ts", runs: "worker" },
];

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
/** Of package.json the version, by its name, which esbuild does not give of JSON. */
const manifest = {
  name: "manifest",
  setup: ({ onLoad }) =>
    onLoad({ filter: /package\.json$/ }, () => ({
      contents: `export const version = ${JSON.stringify(version)};`,
      loader: "js",
    })),
};
const packageOf = /node_modules\/((?:@[^/]+\/)?[^/]+)/;

export async function buildStudio() {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  for (const { name, entry, runs } of scripts) {
    const { outputFiles, metafile } = await build({
      entryPoints: [join(root, entry)],
      absWorkingDir: root,
      bundle: true,
      minify: true,
      format: "iife",
      globalName: "exported",
      platform: "browser",
      target: "es2022",
      plugins: [manifest],
      jsx: "automatic",
      jsxImportSource: "preact",
      // Canvases, of which linkedom makes no use here, and what only Node runs.
      external: ["canvas", "node:*"],
      metafile: true,
      write: false,
      legalComments: "none",
      logLevel: "warning",
    });
    // scripts/licences.mjs reads which packages are built in.
    const packages = Object.keys(metafile.inputs).flatMap((path) => packageOf.exec(path)?.[1] ?? []);
    const parts = [...new Set(packages)].sort().join(" ");
    const body = `function(){${outputFiles[0].text}return typeof exported==="undefined"?undefined:exported}`;
    const run = {
      page: `(${body})();`,
      asked: kept(name, body),
      worker: `${kept(name, body)}if(typeof document==="undefined")ornsteinParts.${name}();`,
    };
    writeFileSync(
      join(out, `${name}.js`),
      `/* Built of ornstein and ${parts}; licences in ../licences.txt */\n${run[runs]}\n`,
    );
  }
  const { outputFiles } = await build({
    stdin: { contents: 'export { style } from "./src/report/style.ts";', resolveDir: root, loader: "ts" },
    bundle: true,
    write: false,
    format: "esm",
  });
  const { style } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
  // The report's own look, then what a page has beside it.
  writeFileSync(join(out, "studio.css"), `${style}\n${readFileSync(join(root, "studio/studio.css"), "utf8")}`);
  for (const file of ["index.html", "icon.svg"]) copyFileSync(join(root, "studio", file), join(out, file));
}

const kept = (name, body) => `(globalThis.ornsteinParts??={}).${name}=${body};`;

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildStudio();
