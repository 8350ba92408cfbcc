import { expect, it } from "vitest";
import type { KernelWorker } from "./kernel-worker.ts";
import { Team, teamWords } from "./team.ts";

const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

it("keeps the process alive while it waits for workers to leave, which do not: it would end in silence", async () => {
  const team = new Team(new Int32Array(new SharedArrayBuffer(4 * teamWords)));
  let leave = () => {};
  const worker: KernelWorker = {
    hasEnded: false,
    run: () => Promise.resolve(),
    attend: () =>
      new Promise((resolve) => {
        leave = resolve;
      }),
    terminate: () => Promise.resolve(),
  };
  team.call([worker]);
  const before = timers();
  const dismissed = team.dismiss();
  expect(timers()).toBe(before + 1);
  leave();
  await dismissed;
  expect(timers()).toBe(before);
});
