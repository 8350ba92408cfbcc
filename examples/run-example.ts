import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { build } from "esbuild";

const folder = new URL("./", import.meta.url);
const run = promisify(execFile);

/** What the example prints. Bundles its own code only: "ornstein" resolves to the built package, as it does for a user. */
export async function runExample(file: string): Promise<string> {
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
