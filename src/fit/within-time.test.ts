import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { createRandom } from "../rng/xoshiro.ts";
import { compare } from "./comparison/compare-inline.ts";
import { TimeLimitError, withinTime } from "./within-time.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Work that ends with its signal, or when it has had enough of waiting. */
function untilAborted(signal: AbortSignal, patience = 2000): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve("was never told"), patience);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

it("a limit is kept although garbage is collected meanwhile, with and without another signal", async () => {
  for (const other of [undefined, new AbortController().signal]) {
    const running = withinTime(0.3, other, (signal) => untilAborted(signal));
    const outcome = expect(running).rejects.toBeInstanceOf(TimeLimitError);
    for (let k = 0; k < 5; k++) {
      collectGarbage();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await outcome;
  }
});

it("the other signal's reason passes through, before and during the work; what is done in time is the result", async () => {
  const reason = new Error("enough");
  await expect(withinTime(5, AbortSignal.abort(reason), async (signal) => signal.throwIfAborted())).rejects.toBe(
    reason,
  );
  const controller = new AbortController();
  const running = withinTime(5, controller.signal, (signal) => untilAborted(signal));
  controller.abort(reason);
  await expect(running).rejects.toBe(reason);
  expect(await withinTime(1e9, undefined, async () => 7)).toBe(7);
});

it("work that never gave way is over time all the same", async () => {
  const busy = async () => {
    const end = performance.now() + 60;
    while (performance.now() < end);
    return "late";
  };
  await expect(withinTime(0.02, undefined, busy)).rejects.toBeInstanceOf(TimeLimitError);
});

it("a comparison with a limit of two seconds gives up a slow sampler near it", async () => {
  const random = createRandom(3, 0, 9);
  const x = Array.from({ length: 20_000 }, () => {
    const common = random.normal();
    return Float64Array.from({ length: 12 }, () => common + 0.02 * random.normal());
  });
  const y = x.map((row) => row[0] + random.normal());
  const { samplers, timing } = await compare(
    { x, y },
    { family: "gaussian", samplers: ["sgld"], timeLimit: 2, seed: 1, draws: 2000 },
  );
  expect(samplers[0].message).toBe("not done within 2 s");
  // A second for what does not give way on a busy machine.
  expect(timing.samplers).toBeLessThan(2 + 1);
});
