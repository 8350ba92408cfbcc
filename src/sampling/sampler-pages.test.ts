import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { samplers } from "./registry.ts";

const folder = new URL("../../docs/samplers/", import.meta.url);
const pageOf = (name: string) => readFileSync(new URL(`${name}.md`, folder), "utf8");
const sections = ["When to use it", "Update", "Stationary law", "Settings", "Cost", "Source"];

describe("docs/samplers", () => {
  test.each(samplers.map((sampler) => [sampler.name, sampler] as const))("%s has a page", (name, sampler) => {
    expect(existsSync(new URL(`${name}.md`, folder))).toBe(true);
    for (const option of sampler.tuning)
      expect(pageOf(name)).toContain(`--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
    for (const preconditioner of sampler.preconditioners)
      expect(pageOf(name)).toMatch(new RegExp(`\`(--preconditioner )?${preconditioner}\``));
  });

  test.each(readdirSync(folder))("%s says what it has to", (file) => {
    const page = readFileSync(new URL(file, folder), "utf8");
    expect(page).toMatch(new RegExp(`^# \`${file.replace(".md", "")}\`: `));
    for (const section of sections) expect(page).toMatch(new RegExp(`\\*\\*${section}`));
    expect(page).toMatch(/(\*\*|## )What goes wrong/);
  });

  test("are all in the index and in the README", () => {
    for (const path of ["../../docs/README.md", "../../README.md"]) {
      const text = readFileSync(new URL(path, import.meta.url), "utf8");
      for (const file of readdirSync(folder)) expect(text).toContain(`samplers/${file}`);
    }
  });
});
