import { writeFileSync } from "node:fs";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../src/rng/xoshiro.ts";
import { executable, launchChromium, whyNoBrowser } from "../e2e/chromium.ts";
import { commandFolder } from "../e2e/command.ts";
import { type Host, servedStudio } from "../e2e/studio-host.ts";

const { at } = commandFolder("studio-speed");
const rows = 1_000_000;

describe.skipIf(!executable)(`the studio with ${rows.toLocaleString("en")} rows${whyNoBrowser}`, () => {
  let browser: Browser;
  let host: Host;
  beforeAll(async () => {
    const random = createRandom(2, 0, 1);
    const lines = Array.from({ length: rows }, () => {
      const x = random.normal();
      return `${random.uniform() < 1 / (1 + Math.exp(-x))},${x.toFixed(4)},${random.normal().toFixed(4)}`;
    });
    writeFileSync(at("rows.csv"), `late,x,z\n${lines.join("\n")}\n`);
    [browser, host] = [await launchChromium(), await servedStudio(at("rows.csv"))];
  });
  afterAll(async () => {
    await browser?.close();
    await host?.stop();
  });

  it("answers input within 100 ms while it samples", async () => {
    const page = await browser.newPage();
    await page.goto(host.address);
    await page.getByText("rows.csv: 1,000,000 rows").waitFor({ timeout: 60_000 });
    await page.locator("#formula").fill("late ~ x + z");
    await page.getByText("More:").click();
    await page.locator("#sampler").selectOption("constant-sgd");
    await page.locator("#draws").fill("50000");
    await page.evaluate(() => {
      const durations: number[] = [];
      new PerformanceObserver((list) => durations.push(...list.getEntries().map(({ duration }) => duration))).observe({
        type: "event",
        durationThreshold: 16,
      } as PerformanceObserverInit);
      Object.assign(globalThis, { durations });
    });
    await page.getByRole("button", { name: "Fit", exact: true }).click();
    await page.locator(".live").waitFor({ timeout: 120_000 });
    for (let k = 0; k < 60; k++) await page.locator("#weights").pressSequentially("x", { delay: 20 });
    expect(await page.locator("progress").count()).toBe(1);
    const worst = await page.evaluate(() =>
      Math.max(0, ...(globalThis as unknown as { durations: number[] }).durations),
    );
    console.log(`the slowest answer to a key: ${worst} ms`);
    expect(worst).toBeLessThanOrEqual(100);
  });
});
