import { describe, expect, it } from "vitest";
import { fit } from "./fit-inline.ts";
import type { DrawsSoFar } from "./watched.ts";

const x = Array.from({ length: 1000 }, (_, n) => Math.sin(1.7 * n));
const y = x.map((value, n) => ((n * 7919) % 101) / 101 < 1 / (1 + Math.exp(-value)));
const data = { x, y };

describe("draws so far", () => {
  it.each([
    ["constant-sgd", 20_000],
    ["nuts", 2000],
  ])("of %s are the first of those of the result", async (sampler, count) => {
    const heard: DrawsSoFar[] = [];
    const posterior = await fit(
      { data, formula: "y ~ x" },
      { sampler, draws: count, onDraws: (soFar) => heard.push(soFar) },
    );
    expect(heard.length).toBeGreaterThan(0);
    const { names, draws } = heard.at(-1)!;
    expect(names).toEqual(posterior.coefficients.map(({ name }) => name));
    for (const name of names) {
      const [whole, first] = [posterior.draws.get(name)![0], draws.get(name)![0]];
      expect(first.length).toBeGreaterThan(0);
      expect(first).toEqual(whole.slice(0, first.length));
    }
  });

  it("change nothing", async () => {
    const plain = await fit({ data, formula: "y ~ x" }, { draws: 500 });
    const watched = await fit({ data, formula: "y ~ x" }, { draws: 500, onDraws: () => {} });
    expect(watched.draws).toEqual(plain.draws);
  });

  it("are not told of where they are means over windows", async () => {
    const heard: DrawsSoFar[] = [];
    await fit({ data, formula: "y ~ x" }, { sampler: "iasg", onDraws: (soFar) => heard.push(soFar) });
    expect(heard).toEqual([]);
  });
});
