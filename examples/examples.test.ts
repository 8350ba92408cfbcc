import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { promisify } from "node:util";
import { build } from "esbuild";
import { expect, it } from "vitest";

const folder = new URL("./", import.meta.url);
const run = promisify(execFile);

/** Bundles the example's own code only: "ornstein" resolves to the built package, as it does for a user. */
async function runExample(file: string): Promise<string> {
  const bundle = await build({
    entryPoints: [new URL(file, folder).pathname],
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    write: false,
  });
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", bundle.outputFiles[0].text], {
    cwd: new URL("..", folder),
  });
  return stdout;
}

const expected: Record<string, RegExp> = {
  "01-arrays.ts": /x +[12]\.\d{3} ± 0\.0\d+[\s\S]*certificate: ok/,
  "02-file.ts": /log-odds per 1000 miles: 0\.\d{3} ± 0\.0\d+\ncertificate: ok/,
  "04-predict.ts":
    /y = .*predicted .* to [\s\S]*90 % intervals hold (8[5-9]|9[0-5])\.\d % of 1000 targets\nlog score [\s\S]*somewhere else: 3\./,
  "03-constant-sgd.ts": /scalar .*\nfull .*\nfull-exact .*KL 0\.000\d predicted, 0\.00\d\d measured/,
};

for (const file of readdirSync(folder).filter((name) => /^\d\d-.*\.ts$/.test(name))) {
  it(`${file} runs and prints what it says`, async () => {
    expect(await runExample(file)).toMatch(expected[file]);
  });
}
