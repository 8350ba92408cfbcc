// Lints the kernels. AssemblyScript's decorators on functions are no TypeScript, so that the linter cannot read them: it is
// given copies in which they are comments, on the same lines.
import { spawnSync } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const folder = await mkdtemp(join(tmpdir(), "kernels-"));
try {
  await cp("kernels", join(folder, "kernels"), { recursive: true });
  for (const file of await readdir(folder, { recursive: true })) {
    if (!file.endsWith(".ts")) continue;
    const text = await readFile(join(folder, file), "utf8");
    await writeFile(
      join(folder, file),
      text.replace(/^\/\/ @ts-ignore: decorator\n@inline$/gm, "// An inline\n// function:"),
    );
  }
  const { linter } = JSON.parse(await readFile("biome.json", "utf8"));
  // Constant enums are what both compilers read, offsets may coincide, and the literals are f32, or written with the digits that their sources give.
  Object.assign(linter.rules.suspicious, {
    noConstEnum: "off",
    noDuplicateEnumValues: "off",
    noApproximativeNumericConstant: "off",
  });
  linter.rules.correctness.noPrecisionLoss = "off";
  await writeFile(join(folder, "biome.json"), JSON.stringify({ linter }));
  const biome = resolve("node_modules/.bin/biome");
  const { status } = spawnSync(biome, ["lint", "--error-on-warnings", "kernels"], { cwd: folder, stdio: "inherit" });
  process.exitCode = status ?? 1;
} finally {
  await rm(folder, { recursive: true });
}
