import { existsSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { designFromArrays } from "../design/design.ts";
import { createInlineEngine } from "../engine/engine.ts";
import { createNodeEngine } from "../engine/node-engine.ts";
import { createModel } from "../models/create-model.ts";
import { rowBlockOf } from "../models/model.ts";
import { estimate } from "./estimate.ts";

const shared = new URL("../../../shared/", import.meta.url);
const hasShared = existsSync(shared);
if (!hasShared) console.warn("../shared is absent: the estimates are not compared with independent reference values");

interface Dataset {
  name: string;
  path: string;
  delimiter: string;
  header: boolean;
  target: number;
  family: "gaussian" | "bernoulli";
}

const datasets: Dataset[] = [
  {
    name: "wine-white",
    path: "data/wine/winequality-white.csv",
    delimiter: ";",
    header: true,
    target: 11,
    family: "gaussian",
  },
  { name: "casp", path: "data/casp/CASP.csv", delimiter: ",", header: true, target: 0, family: "gaussian" },
  { name: "skin", path: "data/skin/Skin_NonSkin.txt", delimiter: "\t", header: false, target: 3, family: "bernoulli" },
];

function read({ path, delimiter, header, target, family }: Dataset) {
  const lines = readFileSync(new URL(path, shared), "utf8")
    .trim()
    .split("\n")
    .slice(header ? 1 : 0);
  const table = lines.map((line) => line.split(delimiter).map(Number));
  // The references are of models without an intercept over centred columns.
  const means = table[0].map((_, j) => table.reduce((sum, row) => sum + row[j], 0) / table.length);
  const centred = table.map((row) => row.map((value, j) => value - means[j]));
  const y = table.map((row, n) => (family === "bernoulli" ? Number(row[target] === 1) : centred[n][target]));
  return { x: centred.map((row) => row.filter((_, j) => j !== target)), y, intercept: false };
}

describe.skipIf(!hasShared).each(datasets)("estimates on $name, against independent reference values", (dataset) => {
  const closers: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const close of closers) await close();
  });

  it.each([
    ["inline", createInlineEngine],
    ["two threads", () => createNodeEngine(2)],
  ])("mode within 1e-5 sd, A and C within 2e-6 of their largest entry (%s)", async (_name, create) => {
    const engine = await create();
    closers.push(() => engine.executor.close());
    let address = 0;
    const memory = {
      allocateRows(numRows: number, stride: number) {
        address = engine.memory.allocate(numRows * stride * 4);
        return engine.memory.f32(address, numRows * stride);
      },
    };
    const design = await designFromArrays(read(dataset), { family: dataset.family, memory });
    const { columns } = design;
    const rows = rowBlockOf(design, address);
    const model = createModel(engine.memory, rows, {
      family: dataset.family,
      priors: columns.map(() => ({ kind: "normal", mean: 0, sd: 1 })),
      auxiliaries: { sigma: 1 },
    });
    const local = await estimate({ executor: engine.executor, counter: { rowsVisited: 0 } }, model, 1);
    const reference = JSON.parse(readFileSync(new URL(`reference/${dataset.name}.json`, shared), "utf8"));
    reference.map.forEach((value: number, j: number) => {
      expect(Math.abs(local.mode[j] - value) / reference.laplace_sd[j]).toBeLessThan(1e-5);
    });
    for (const [found, expected] of [
      [local.hessian, reference.hessian],
      [local.noiseCovariance, reference.noise_covariance],
    ]) {
      const flat: number[] = expected.flat();
      const largest = Math.max(...flat.map(Math.abs));
      flat.forEach((value, k) => {
        expect(Math.abs(found.data[k] - value) / largest).toBeLessThan(2e-6);
      });
    }
    expect(local.modePasses).toBeLessThanOrEqual(6);
  });
});
