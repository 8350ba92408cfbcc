import { build } from "esbuild";
import { expect, it } from "vitest";

it("the library bundles for the browser without Node's modules, under 862 kB", async () => {
  const contents = 'import { fit } from "ornstein"; globalThis.fit = fit;';
  const resolveDir = new URL("../../..", import.meta.url).pathname;
  const bundle = await build({
    stdin: { contents, resolveDir },
    bundle: true,
    format: "esm",
    platform: "browser",
    minify: true,
    write: false,
    logLevel: "silent",
  });
  expect(bundle.warnings).toEqual([]);
  const text = bundle.outputFiles[0].text;
  expect(text).not.toMatch(/from"node:|require\("node:/);
  // Most of it: the kernels deflated, as base64 (61 kB), notices of licences (23 kB), ml-matrix (71 kB), special functions (45 kB), the formula parser (40 kB),
  // effects (32 kB) and leave-one-out (18 kB) and updates (15 kB), which come with every posterior, rows in blocks and checkpoints (17 kB), rows that
  // stand elsewhere (16 kB), dense linear algebra in WebAssembly (13 kB), what scores tell (10 kB).
  expect(text.length).toBeLessThan(862_000);
});
