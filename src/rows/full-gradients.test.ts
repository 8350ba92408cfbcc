import { afterEach, describe, expect, it } from "vitest";
import { problemOf, skewedTarget } from "../../test/conformance/targets.ts";
import { createInlineEngine, createReferenceEngine, type Engine } from "../engine/engine.ts";
import { createNodeEngine } from "../engine/node-engine.ts";
import { addPriorGradientInto, priorLoss } from "../models/prior-terms.ts";
import { runChainsTogether } from "./full-gradients.ts";
import { rowsOf } from "./rows-of.ts";
import type { Workspace } from "./workspace.ts";

const engines: Engine[] = [];
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.executor.close()));
});

async function problemOn(create: () => Promise<Engine>) {
  const engine = await create();
  engines.push(engine);
  return (await problemOf(engine, skewedTarget())).local;
}

const pointOf = (chain: number, k: number) => Float64Array.of(0.3 * chain - 0.2 * k, -2 + 0.1 * k);

describe("full gradients", () => {
  it.each([
    ["inline", createInlineEngine],
    ["plain TypeScript", createReferenceEngine],
    ["two threads", () => createNodeEngine(2)],
  ])("are those of a pass and the prior, whichever chains ask together (%s)", async (_, create) => {
    const { workspace, model } = await problemOn(create);
    const before = model.memory.mark();
    // Chains of 1, 2, 3 and 4 evaluations: the batches shrink as they end.
    const results = await runChainsTogether(workspace, model, 4, async (evaluate, chain) => {
      const found = [];
      for (let k = 0; k <= chain; k++) found.push(await evaluate(pointOf(chain, k)));
      return found;
    });
    expect(model.memory.mark()).toBe(before);
    for (const [chain, found] of results.entries()) {
      for (const [k, { loss, gradient }] of found.entries()) {
        const position = pointOf(chain, k);
        const sums = await rowsOf(workspace, model).pass(position, { gram: "none" });
        const expected = sums.gradient.slice();
        addPriorGradientInto(model, position, expected);
        expect(gradient).toEqual(expected);
        expect(loss).toBe(sums.loss + priorLoss(model, position));
      }
    }
  });

  it("of all waiting chains are one run of the executor", async () => {
    const { workspace, model } = await problemOn(createInlineEngine);
    const sizes: number[] = [];
    const executor: Workspace["executor"] = {
      ...workspace.executor,
      run: (tasks, options) => {
        sizes.push(tasks.length);
        return workspace.executor.run(tasks, options);
      },
    };
    await runChainsTogether({ ...workspace, executor }, model, 3, async (evaluate, chain) => {
      // The chains reach their next request after different numbers of turns.
      for (let k = 0; k < 5 - chain; k++) {
        await evaluate(pointOf(chain, k));
        for (let turn = 0; turn < 7 * chain; turn++) await null;
      }
    });
    expect(sizes).toEqual([3, 3, 3, 2, 1]);
  });

  it("let the other chains end when one fails, then tell of it and give the memory back", async () => {
    const { workspace, model } = await problemOn(createInlineEngine);
    const before = model.memory.mark();
    let ended = 0;
    const run = runChainsTogether(workspace, model, 3, async (evaluate, chain) => {
      await evaluate(pointOf(chain, 0));
      if (chain === 1) throw new Error("chain 1 is broken");
      await evaluate(pointOf(chain, 1));
      ended++;
    });
    await expect(run).rejects.toThrow("chain 1 is broken");
    expect(ended).toBe(2);
    expect(model.memory.mark()).toBe(before);
  });

  it.each([
    ["inline", createInlineEngine],
    ["two threads", () => createNodeEngine(2)],
  ])("stop when the run is aborted (%s)", async (_, create) => {
    const { workspace, model } = await problemOn(create);
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("stopped by the user")), 50);
    const run = runChainsTogether({ ...workspace, signal: controller.signal }, model, 4, async (evaluate, chain) => {
      for (;;) await evaluate(pointOf(chain, 0));
    });
    await expect(run).rejects.toThrow("stopped by the user");
  });
});
