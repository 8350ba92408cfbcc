import { afterAll, describe, expect, test } from "vitest";
import { Chain } from "../../kernels/layout/chain.ts";
import { Ziggurat } from "../../kernels/layout/tables.ts";
import { zigguratTables } from "../rng/ziggurat.ts";
import { writePassRecords } from "./bindings/pass-record.ts";
import type { Executor } from "./executor.ts";
import { createInlineExecutor } from "./inline-executor.ts";
import { EngineMemory, EngineMemoryError } from "./memory.ts";
import { createNodeExecutor } from "./node-executor.ts";
import { chainOutput, createChain } from "./reference/fixture-chain.ts";
import { createFixture } from "./reference/kernel-fixtures.ts";
import { createReferenceExecutor } from "./reference/reference-executor.ts";

const executors: Executor[] = [];
afterAll(() => Promise.all(executors.map((executor) => executor.close())));

async function inline() {
  const memory = new EngineMemory();
  return { memory, executor: await createInlineExecutor(memory) };
}

async function threaded(threads: number) {
  const memory = new EngineMemory({ shared: true });
  const executor = await createNodeExecutor(memory, { threads });
  executors.push(executor);
  return { memory, executor };
}

function chainsOn(memory: EngineMemory, numDraws: number) {
  const fixture = createFixture(memory, { family: "bernoulli", auxiliary: 0, numColumns: 9 });
  const addresses = [0, 1, 2].map((chain) =>
    createChain(fixture, {
      ...{ gradient: "minibatch", batchSize: 10, stepKind: "scalar", noiseKind: "scalar" },
      ...{ stepsPerDraw: 10, numDraws, burnInSteps: 0, chain },
    }),
  );
  const tasks = addresses.map((address) => ({ kernel: "runChain" as const, address, argument: 50, times: numDraws }));
  return { fixture, addresses, tasks };
}

describe.each([
  ["inline", inline],
  ["one worker", () => threaded(1)],
  ["two workers", () => threaded(2)],
])("%s", (_, create) => {
  test("leaves the same bits as any other executor", async () => {
    const results = await Promise.all(
      [create, inline].map(async (make) => {
        const { memory, executor } = await make();
        const { fixture, addresses, tasks } = chainsOn(memory, 50);
        await executor.run(tasks);
        return addresses.map((address) => chainOutput(fixture, address));
      }),
    );
    expect(results[0]).toEqual(results[1]);
  });

  test("stops between calls when it is aborted, reports progress, and can be used again", async () => {
    const { memory, executor } = await create();
    const { addresses, tasks } = chainsOn(memory, 20_000);
    const controller = new AbortController();
    let reports = 0;
    const endless = tasks.map((task) => ({ ...task, times: 1e9 }));
    setTimeout(() => controller.abort(new Error("enough")), 500);
    const started = performance.now();
    const run = executor.run(endless, { signal: controller.signal, onProgress: () => reports++ });
    await expect(run).rejects.toThrow("enough");
    expect(performance.now() - started).toBeLessThan(1500);
    expect(reports).toBeGreaterThan(0);
    const before = addresses.map((address) => memory.getU32(address, Chain.stepsDone));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(addresses.map((address) => memory.getU32(address, Chain.stepsDone))).toEqual(before);
    await executor.run([{ ...tasks[0], times: 1 }]);
    await expect(executor.run(tasks, { signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow("before");
  });

  test("reports a kernel's trap as an error", async () => {
    const { executor } = await create();
    const outside = { kernel: "passRows" as const, address: 0xffff_fff0, argument: 0, times: 1 };
    await expect(executor.run([outside])).rejects.toThrow(/memory access out of bounds/);
  });

  test("medium runs leave the same bits, between long ones and after pauses in which the workers leave", async () => {
    const { memory, executor } = await create();
    const { fixture, addresses, tasks } = chainsOn(memory, 600);
    const once = tasks.map((task) => ({ ...task, times: 1 }));
    for (let run = 0; run < 600; run++) {
      const duration = run % 100 === 99 ? "long" : "medium";
      await executor.run(once, { duration });
      if (run % 150 === 149) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const alone = await inline();
    const expected = chainsOn(alone.memory, 600);
    await alone.executor.run(expected.tasks);
    expect(addresses.map((address) => chainOutput(fixture, address))).toEqual(
      expected.addresses.map((address) => chainOutput(expected.fixture, address)),
    );
  });

  test("a medium run ends when it is aborted, or when a kernel fails, and others follow", async () => {
    const { memory, executor } = await create();
    const { addresses, tasks } = chainsOn(memory, 20_000);
    const once = tasks.map((task) => ({ ...task, times: 1 }));
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 100);
    const runs = async () => {
      for (;;) await executor.run(once, { signal: controller.signal, duration: "medium" });
    };
    await expect(runs()).rejects.toThrow("enough");
    const outside = { kernel: "passRows" as const, address: 0xffff_fff0, argument: 0, times: 1 };
    for (let time = 0; time < 5; time++) {
      await expect(executor.run([outside, outside, outside], { duration: "medium" })).rejects.toThrow(
        /memory access out of bounds|failed on a worker thread/,
      );
      const before = memory.getU32(addresses[1], Chain.stepsDone);
      await executor.run(once, { duration: "medium" });
      expect(memory.getU32(addresses[1], Chain.stepsDone)).toBeGreaterThan(before);
    }
  });
});

test("a memory that grows after the first medium run has grown for the workers too", { timeout: 60_000 }, async () => {
  for (let round = 0; round < 30; round++) {
    const { memory, executor } = await threaded(2);
    const { tasks } = chainsOn(memory, 50);
    await executor.run(
      tasks.map((task) => ({ ...task, times: 1 })),
      { duration: "medium" },
    );
    // At one moment or another of the start of the workers; the kernels clear their outputs, which lie beyond what the memory had, at once.
    for (let step = 0; step <= 3 * round; step++) {
      memory.allocate(2 ** 18);
      await new Promise((resolve) => setTimeout(resolve, 0.5));
    }
    const { fixture } = chainsOn(memory, 50);
    const passes = Array.from({ length: 8 }, () =>
      writePassRecords(fixture, fixture.position, { gram: "none" }, [{ from: 0, to: 200 }]),
    );
    await executor.run(passes.flatMap((pass) => pass.tasks));
    expect(passes.map((pass) => pass.sums()[0].count)).toEqual(passes.map(() => 200));
  }
});

test("the reference executor runs the same tasks", async () => {
  const memory = new EngineMemory();
  const { addresses, tasks } = chainsOn(memory, 3);
  await createReferenceExecutor(memory).run(tasks);
  expect(memory.getU32(addresses[2], Chain.stepsDone)).toBe(30);
});

test("the ziggurat's tables end where the kernels' own constants may begin", () => {
  expect(Ziggurat.end).toBe(Ziggurat.heights + 8 * zigguratTables.heights.length);
});

test("worker threads need a shared memory", async () => {
  await expect(createNodeExecutor(new EngineMemory())).rejects.toThrow(TypeError);
});

describe("EngineMemory", () => {
  test.each([false, true])("allocates upwards, clears f64, and takes back (shared: %s)", (shared) => {
    const memory = new EngineMemory({ shared });
    const mark = memory.mark();
    const first = memory.allocate(10);
    expect(first % 64).toBe(0);
    memory.u8(first, 10_000).fill(255);
    memory.release(mark);
    const big = memory.allocateF64(100_000);
    expect(big).toBe(first);
    expect(memory.f64(big, 100_000).every((value) => value === 0)).toBe(true);
    expect(() => memory.release(memory.mark() + 1)).toThrow(RangeError);
  });

  test("refuses what does not fit, in one plain sentence", () => {
    const memory = new EngineMemory();
    expect(() => memory.allocate(2 ** 32 - 65_536)).toThrow(EngineMemoryError);
    expect(() => memory.allocate(Number.NaN)).toThrow(EngineMemoryError);
    expect(() => new EngineMemory({ maximumBytes: 2 ** 20 }).allocate(2 ** 20)).toThrow(
      "The data need 0.00 GiB of memory, and the kernels reach only 0.00 GiB.",
    );
  });
});
