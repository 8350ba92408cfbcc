import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { format } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import * as index from "../src/index.ts";
import * as jax from "../src/jax.ts";
import * as node from "../src/node.ts";
import * as tfjs from "../src/tfjs.ts";

// The examples in the doc comments of what the package exports: each runs by itself, in an empty folder, and prints what the
// comment behind each console.log says.

const source = new URL("../src/", import.meta.url);
const entries: Record<string, object> = {
  ornstein: index,
  "ornstein/node": node,
  "ornstein/jax": jax,
  "ornstein/tfjs": tfjs,
};

interface Example {
  readonly file: string;
  readonly name: string;
  readonly code: string;
}

/** A doc comment with an example, and what is declared after it. */
const documented =
  /\/\*\*(?:(?!\*\/).)*?@example\n((?:(?!\*\/).)*)\*\/\s*export (?:async )?(?:function|class|const) (\w+)/gs;
const examples: Example[] = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .flatMap((file) =>
    [...readFileSync(new URL(file, source), "utf8").matchAll(documented)].map(([, body, name]) => ({
      file,
      name,
      code: body.replace(/^ \* ?/gm, "").trimEnd(),
    })),
  );

const importOf = (from: string) => (from in entries ? entries[from] : import(/* @vite-ignore */ from));
const AsyncFunction = (async () => {}).constructor as new (...code: string[]) => (load: unknown) => Promise<void>;

/** Modules are loaded by a function, as the example is no module of its own. */
function runnable(code: string): (load: unknown) => Promise<void> {
  const body = code
    .replace(/^import "(.*)";$/gm, 'await load("$1");')
    .replace(/^import \* as (\w+) from "(.*)";$/gm, 'const $1 = await load("$2");')
    .replace(/^import (\{.*\}) from "(.*)";$/gm, (_, names: string, from: string) => {
      return `const ${names.replaceAll(" as ", ": ")} = await load("${from}");`;
    });
  return new AsyncFunction("load", body);
}

const folder = mkdtempSync(join(tmpdir(), "ornstein-examples-"));
const before = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

describe("examples in doc comments", () => {
  it.each(examples)("$name of src/$file prints what it says", async ({ code }) => {
    const printed: string[] = [];
    const log = vi.spyOn(console, "log").mockImplementation((...values) => void printed.push(format(...values)));
    try {
      await runnable(code)(importOf);
    } finally {
      log.mockRestore();
    }
    const said = [...code.matchAll(/^ *console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text);
    expect(printed).toEqual(said);
  });

  it("are there for every function that is exported", () => {
    const functions = Object.values(entries).flatMap((exported) =>
      Object.entries(exported).flatMap(([name, value]) => (typeof value === "function" ? [name] : [])),
    );
    const names = new Set(examples.map(({ name }) => name));
    expect(functions.filter((name) => !names.has(name))).toEqual([]);
    for (const file of ["library.ts", "node.ts", "jax.ts", "tfjs.ts"]) {
      const declared = readFileSync(new URL(file, source), "utf8").matchAll(/^export (?:async )?function (\w+)/gm);
      const own = examples.filter((example) => example.file === file).map(({ name }) => name);
      // A function with overloads is declared several times.
      expect(own.sort()).toEqual([...new Set([...declared].map(([, name]) => name))].sort());
    }
  });
});
