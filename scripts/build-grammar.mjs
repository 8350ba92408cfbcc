// Compiles the formula grammar to a module: src/formula/formula.peggy → src/formula/formula-parser.generated.js
import { readFile, writeFile } from "node:fs/promises";
import peggy from "peggy";

const source = "src/formula/formula.peggy";
const parser = peggy.generate(await readFile(source, "utf8"), {
  output: "source",
  format: "es",
  grammarSource: source,
  allowedStartRules: ["Formula", "Lone"],
});
await writeFile("src/formula/formula-parser.generated.js", parser);
await writeFile(
  "src/formula/formula-parser.generated.d.ts",
  `export function parse(text: string, options?: { startRule?: string; grammarSource?: string }): unknown;
export class SyntaxError extends Error {
  location: { start: { offset: number; line: number; column: number }; end: { offset: number } };
  expected: unknown[] | null;
  found: string | null;
}
`,
);
