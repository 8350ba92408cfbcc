import axe from "axe-core";
import type { BrowserContextOptions, Page } from "playwright-core";
import { expect, it } from "vitest";
import { describeInStudio, staticStudio } from "./studio-host.ts";

/** What axe finds wrong, a line each. */
async function faultsOf(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: axe.source });
  return page.evaluate(async () => {
    // biome-ignore lint/suspicious/noExplicitAny: put into the page by axe
    const { violations } = await (globalThis as any).axe.run(document);
    // biome-ignore lint/suspicious/noExplicitAny: axe's own
    return violations.flatMap(({ id, nodes }: any) => nodes.map(({ html }: any) => `${id}: ${html.slice(0, 200)}`));
  });
}

/** A window that people look at the page through. */
const windows: Readonly<Record<string, BrowserContextOptions>> = {
  "wide and light": { viewport: { width: 1200, height: 900 } },
  "a phone, dark": { viewport: { width: 380, height: 800 }, isMobile: true, hasTouch: true, colorScheme: "dark" },
};

/** From the empty page over a result to the tour: axe finds nothing, nothing is wider than the window, and nothing jumps. */
export function describeAccess(names: readonly string[]): void {
  describeInStudio("the studio for everybody", staticStudio, (studio) => {
    it.each(names)("axe finds nothing, nothing is wider than the window and nothing jumps: %s", async (name) => {
      const context = await studio.browser.newContext({ ...windows[name], reducedMotion: "reduce" });
      const page = await context.newPage();
      await page.addInitScript(() => {
        const shifts: number[] = [];
        new PerformanceObserver((list) => {
          // biome-ignore lint/suspicious/noExplicitAny: not among TypeScript's types
          for (const { value, hadRecentInput } of list.getEntries() as any) if (!hadRecentInput) shifts.push(value);
        }).observe({ type: "layout-shift", buffered: true });
        Object.assign(globalThis, { shifts });
      });
      await page.goto(studio.address);
      const requireGood = async (what: string) => {
        expect(await faultsOf(page), what).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), what).toBeLessThanOrEqual(
          0,
        );
      };
      await requireGood("at first");
      await page.getByRole("button", { name: "Take an example" }).click();
      await page.getByText("rides.csv: 4,000 rows").waitFor();
      await page.locator("#formula").pressSequentially("late ~ di");
      await page.getByRole("option", { name: "distance" }).waitFor();
      await requireGood("with a completion open");
      await page.locator("#formula").fill("late ~ distance + rain + (1 | quarter)");
      await page.getByText("More:").click();
      await page.locator("#draws").fill("50");
      await page.locator("#sampler").selectOption("laplace");
      await page.getByRole("button", { name: "Fit", exact: true }).click();
      await page
        .getByText("Chains of quarter")
        .or(page.locator(".report section h2").first())
        .first()
        .waitFor({ timeout: 60_000 });
      await page.getByRole("heading", { name: "The groups" }).waitFor({ timeout: 60_000 });
      await requireGood("with a result");
      await page.getByRole("link", { name: "Tour" }).click();
      await page.getByText(/The fit finds τ/).waitFor({ timeout: 30_000 });
      await requireGood("in the tour");
      // Google's limit for a page that does not jump is 0.1 in all.
      const shifts = await page.evaluate(() => (globalThis as unknown as { shifts: number[] }).shifts);
      expect(shifts.reduce((sum, value) => sum + value, 0)).toBeLessThan(0.1);
      await context.close();
    });
  });
}
