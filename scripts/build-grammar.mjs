// Compiles the formula grammar to a module: src/data/formula.peggy → src/data/formula-parser.generated.js
import { readFile, writeFile } from "node:fs/promises";
import peggy from "peggy";

const source = "src/data/formula.peggy";
const parser = peggy.generate(await readFile(source, "utf8"), {
  output: "source",
  format: "es",
  grammarSource: source,
  allowedStartRules: ["Formula", "Lone"],
});
await writeFile("src/data/formula-parser.generated.js", parser);
await writeFile(
  "src/data/formula-parser.generated.d.ts",
  `export function parse(text: string, options?: { startRule?: string; grammarSource?: string }): unknown;
export class SyntaxError extends Error {
  location: { start: { offset: number; line: number; column: number }; end: { offset: number } };
  expected: unknown[] | null;
  found: string | null;
}
`,
);
