import { describe, expect, it } from "vitest";
import { curvatureKind } from "../../design/curvature-kind.ts";
import { createInlineEngine } from "../../engine/engine.ts";
import { resolveOptions } from "../../options/resolve-options.ts";
import { createRandom } from "../../rng/xoshiro.ts";
import { fit } from "../fit-inline.ts";
import { loadModel } from "./load-model.ts";

const numRows = 12;

function arrays(numColumns: number, target: "number" | "binary" | "classes") {
  const random = createRandom(numColumns, 0, 9);
  const x = Array.from({ length: numRows }, () => Float64Array.from({ length: numColumns }, () => random.normal()));
  const y = x.map((_, n) => (target === "number" ? random.normal() : target === "binary" ? n % 2 === 0 : `c${n % 3}`));
  return { x, y: y as number[] };
}

/** Columns beside the intercept, and what they make, for M parameters. */
const cases = [
  ["gaussian", { family: "gaussian" }, "number", (m: number) => m - 2],
  ["gaussian, sigma known", { family: "gaussian", sigma: 1 }, "number", (m: number) => m - 1],
  ["student-t", { family: "student-t" }, "number", (m: number) => m - 3],
  ["student-t, nu known", { family: "student-t", nu: 4 }, "number", (m: number) => m - 2],
  ["bernoulli", { family: "bernoulli" }, "binary", (m: number) => m - 1],
  ["3 classes, one the reference", { classCoding: "reference" }, "classes", (m: number) => m / 2 - 1],
  ["3 classes alike", { classCoding: "symmetric" }, "classes", (m: number) => m / 3 - 1],
] as const;

describe.each(cases)("%s: how rows are stored and how the model is fitted agree", (_, options, target, columnsFor) => {
  it.each(["auto", "dense", "sparse"] as const)("from 1,998 to 2,002 parameters, storage %s", async (storage) => {
    const engine = await createInlineEngine();
    for (let parameters = 1998; parameters <= 2002; parameters++) {
      const numColumns = columnsFor(parameters);
      if (!Number.isInteger(numColumns)) continue;
      const prepared = loadModel(
        arrays(numColumns, target),
        resolveOptions({ ...options, storage } as Parameters<typeof resolveOptions>[0]),
        engine,
        {},
      );
      if (storage === "dense" && parameters > 2000) {
        await expect(prepared).rejects.toThrow(/a dense design takes at most 2,000/);
        continue;
      }
      const { design, model } = await prepared;
      expect(model.dimension).toBe(parameters);
      expect(curvatureKind(model.dimension)).toBe(parameters > 2000 ? "low-rank" : "dense");
      if (parameters > 2000 || storage === "sparse") expect(design.sparse).toBeDefined();
      else expect(design.sparse).toBeUndefined();
    }
  });
});

it("1,999 columns of 12 rows with sigma learned: one sentence", async () => {
  await expect(fit(arrays(1999, "number"), { family: "gaussian" })).rejects.toThrow(
    "With 12 rows and 2,000 columns some coefficients fit the target exactly, so the data cannot tell sigma from 0: give --sigma a number, or use more rows or fewer columns.",
  );
});
