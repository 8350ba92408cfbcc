import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { figure6 } from "../../../paper/figures/figure-6.ts";
import { buildDesign } from "../../../src/design/design.ts";
import { learnHyperparameters } from "../../../src/empirical-bayes/variational-em.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { createNodeEngine } from "../../../src/engine/node-engine.ts";
import { parseFormula } from "../../../src/formula/formula.ts";
import { cholesky, choleskySolve, logDeterminant } from "../../../src/linalg/cholesky.ts";
import { add, diagonalMatrix, dot } from "../../../src/linalg/matrix.ts";
import { createModel } from "../../../src/models/create-model.ts";
import { rowBlockOf } from "../../../src/models/model.ts";
import { rowsOf } from "../../../src/rows/rows-of.ts";
import { tableFromColumns } from "../../../src/table/table.ts";
import { centredColumns } from "../../centred-data.ts";

const dataFolder = join(import.meta.dirname, "../../../../shared/data");
const has = (file: string) => existsSync(join(dataFolder, file));

let engine: Engine;
beforeAll(async () => {
  engine = await createNodeEngine();
});
afterAll(() => engine.executor.close());

describe("variational EM on the paper's data", () => {
  it.skipIf(!has("wine"))(
    "finds the maximum of the evidence on white wine, sigma fixed (skipped where its data are absent)",
    async () => {
      const table = tableFromColumns(await centredColumns({ path: join(dataFolder, "wine/winequality-white.csv") }));
      let address = 0;
      const memory = {
        allocateRows(numRows: number, stride: number) {
          address = engine.memory.allocate(numRows * stride * 4, 64);
          return engine.memory.f32(address, numRows * stride);
        },
      };
      const design = await buildDesign(table, parseFormula("quality ~ 0 + ."), { memory });
      const { columns } = design;
      const rows = rowBlockOf(design, address);
      const model = createModel(engine.memory, rows, { family: "gaussian", auxiliaries: { sigma: 0.85 } });
      const workspace = { executor: engine.executor, counter: { rowsVisited: 0 } };
      const parameters = columns.map((_, j) => j);
      const learned = await learnHyperparameters(workspace, model, { groups: [{ name: "all", parameters }] });
      const [{ precision, error }] = learned.groups;

      // With σ fixed: log p(y | λ) = ½ D log λ − ½ log|XᵀX/σ² + λI| + ½ bᵀ(XᵀX/σ² + λI)⁻¹ b + constant, b = Xᵀy/σ².
      const zero = new Float64Array(model.dimension);
      const { gradient, gram } = await rowsOf(workspace, model).pass(zero, { gram: "curvature" });
      const evidence = (log: number) => {
        const factor = cholesky(add(gram, diagonalMatrix(zero.map(() => Math.exp(log)))));
        return 0.5 * (zero.length * log - logDeterminant(factor) + dot(gradient, choleskySolve(factor, gradient)));
      };
      let best = -5;
      for (let log = -5; log < 12; log += 0.001) if (evidence(log) > evidence(best)) best = log;
      console.info(`wine: log λ by EM ${Math.log(precision)} ± ${error}, by the evidence ${best}`);
      expect(Math.abs(Math.log(precision) - best)).toBeLessThan(4 * error);
      expect(error).toBeLessThan(0.04);
    },
  );

  it.skipIf(!has("mnist") || !has("covertype"))(
    "learns λ at the bottom of the validation curves (figure 6)",
    async () => {
      const workspace = { executor: engine.executor, counter: { rowsVisited: 0 } };
      const panels = await figure6({ dataFolder, engine, workspace, enter: () => {}, seed: 1 });
      for (const { dataSet, grid, learned, learnedByScalarRate, seconds } of panels) {
        console.info(
          `${dataSet}: λ ${learned.precision} ± ${learned.error}, validation loss ${learned.validationLoss}, ${learned.aboveBest} above the grid's best; scalar rate: λ ${learnedByScalarRate?.precision}, ${learnedByScalarRate?.aboveBest}; ${seconds} s; grid ${JSON.stringify(grid)}`,
        );
        expect(learned.aboveBest, dataSet).toBeLessThan(0.005);
        // The paper's scalar rate leaves out the spread of parameters with little gradient noise, so that λ comes out larger.
        if (learnedByScalarRate) expect(learnedByScalarRate.precision).toBeGreaterThan(2 * learned.precision);
      }
    },
  );
});
