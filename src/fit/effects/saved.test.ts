import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exportFit, importFit } from "../../persistence/portable-fit.ts";
import { loadFit, saveFit } from "../../persistence/saved-fit-node.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { fit } from "../fit-inline.ts";

const random = createRandom(7, 0, 9);
const g = Array.from({ length: 120 }, (_, n) => `level ${Math.floor(n / 8)}`);
const item = g.map((_, n) => n % 8);
const x = g.map(() => random.normal());
const effects = new Map<string | number, number>(
  [...new Set<string | number>([...g, ...item])].map((name) => [name, random.normal()]),
);
const y = x.map((value, n) => 1 + value + effects.get(g[n])! + 0.5 * random.normal());
const both = x.map((value, n) => 1 + value + effects.get(g[n])! + effects.get(item[n])! + 0.5 * random.normal());

const cases = {
  "of one factor": () => fit({ data: { g, x, y }, formula: "y ~ x + (1 + x | g)" }, { sampler: "laplace", draws: 100 }),
  "of crossed factors": () =>
    fit({ data: { g, item, x, both }, formula: "both ~ x + (1 | g) + (1 | item)" }, { draws: 100 }),
};

describe.each(Object.entries(cases))("a fit %s", (_, make) => {
  it("comes back from bytes and from a file, with its groups and what predicts them", async () => {
    const posterior = await make();
    const folder = mkdtempSync(join(tmpdir(), "ornstein-"));
    try {
      const path = join(folder, "fit.nc");
      await saveFit(posterior, path);
      const rows = { g: ["level 3", "none", "level 14"], x: [0.2, 0.4, -1], item: [1, 2, 77] };
      const expected = await posterior.predict(rows, { draws: 2 });
      for (const back of [importFit(exportFit(posterior)), await loadFit(path)]) {
        expect(back.groups).toEqual(JSON.parse(JSON.stringify(posterior.groups)));
        expect(back.groupEffects).toEqual(posterior.groupEffects);
        expect(back.groupEffects!.map(({ level, numLevels }) => level(numLevels - 1))).toEqual(
          posterior.groupEffects!.map(({ level, numLevels }) => level(numLevels - 1)),
        );
        expect(await back.predict(rows, { draws: 2 })).toEqual(expected);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

it("effects of crossed factors are near those that made the rows", async () => {
  const { groupEffects: found } = await cases["of crossed factors"]();
  for (const { factor, mean, sd, numLevels, level } of found!) {
    const own = Array.from(
      { length: numLevels },
      (_, k) => effects.get(factor === "item" ? Number(level(k)) : level(k))!,
    );
    const shift = own.reduce((a, b) => a + b, 0) / numLevels;
    // Of the levels' own mean the intercept takes a part.
    own.forEach((value, k) => {
      expect(Math.abs(mean[k] - (value - shift))).toBeLessThan(5 * sd[k]);
    });
  }
});
