import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { BrowserContextOptions, Page } from "playwright-core";
import { expect, it } from "vitest";
import { describeInStudio, staticStudio } from "../../e2e/pages/studio-host.ts";

// Screenshots at an eighth of their size, in which letters are grey: fonts of other machines hardly show, what moves or vanishes does.
// ORNSTEIN_GOLDEN=write writes them anew; look at each then.
const golden = new URL("../../golden/studio/", import.meta.url);
const scale = 8;
/** A pixel of the small picture is another beyond this share of white, and so many may be. */
const allowed = { difference: 0.12, pixels: 0.03 };

const ways: [string, BrowserContextOptions][] = [
  ["wide", { viewport: { width: 1200, height: 900 } }],
  ["phone-dark", { viewport: { width: 380, height: 800 }, isMobile: true, hasTouch: true, colorScheme: "dark" }],
];

mkdirSync(golden, { recursive: true });

describeInStudio("the studio looks as it did", staticStudio, (studio) => {
  it.each(ways)("%s", async (way, options) => {
    const context = await studio.browser.newContext({ ...options, reducedMotion: "reduce" });
    const page = await context.newPage();
    await page.goto(studio.address);
    const differing: string[] = [];
    const look = async (what: string) => {
      const shot = await page.screenshot({ fullPage: true });
      const problem = await compare(await context.newPage(), shot, `${what}-${way}`);
      if (problem) differing.push(problem);
    };
    await look("empty");
    await page.getByRole("button", { name: "Take an example" }).click();
    await page.getByRole("cell", { name: /^2024-01-01 to \S+$/ }).waitFor();
    await page.locator("#formula").fill("late ~ log(distance) + rain + quarter");
    await page.getByText("More:").click();
    await page.locator("#draws").fill("250");
    await look("model");
    await page.getByRole("button", { name: "Fit", exact: true }).click();
    await page.getByRole("heading", { name: "The certificate" }).waitFor({ timeout: 60_000 });
    // Seconds differ from run to run.
    await page.locator("#take-title + p").evaluate((line) => line.replaceChildren("Fitted."));
    await look("result");
    await page.getByRole("link", { name: "Tour" }).click();
    await page.getByText(/The fit finds τ/).waitFor({ timeout: 30_000 });
    await look("tour");
    await context.close();
    expect(differing).toEqual([]);
  });
});

/** What is other than in the golden picture, if anything is. */
async function compare(page: Page, shot: Buffer, name: string): Promise<string | undefined> {
  const file = new URL(`${name}.png`, golden);
  const isNew = process.env.ORNSTEIN_GOLDEN === "write";
  if (!isNew && !existsSync(file)) return `${name}: there is no golden picture`;
  const before = isNew ? undefined : readFileSync(file).toString("base64");
  const { small, share } = await page.evaluate(
    async ({ shot, before, scale, difference }) => {
      const pixelsOf = async (base64: string, scale: number) => {
        const image = new Image();
        image.src = `data:image/png;base64,${base64}`;
        await image.decode();
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [Math.ceil(image.width / scale), Math.ceil(image.height / scale)];
        const drawing = canvas.getContext("2d")!;
        drawing.imageSmoothingQuality = "high";
        drawing.drawImage(image, 0, 0, canvas.width, canvas.height);
        return { canvas, data: drawing.getImageData(0, 0, canvas.width, canvas.height).data };
      };
      const now = await pixelsOf(shot, scale);
      const small = now.canvas.toDataURL("image/png").replace(/^.*,/, "");
      if (before === undefined) return { small, share: 0 };
      const old = await pixelsOf(before, 1);
      if (old.canvas.width !== now.canvas.width || Math.abs(old.canvas.height / now.canvas.height - 1) > 0.02)
        return { small, share: 1 };
      const count = Math.min(old.data.length, now.data.length);
      let others = 0;
      for (let k = 0; k < count; k += 4)
        if (
          Math.abs(old.data[k] + old.data[k + 1] + old.data[k + 2] - now.data[k] - now.data[k + 1] - now.data[k + 2]) >
          3 * 255 * difference
        )
          others++;
      return { small, share: others / (count / 4) };
    },
    { shot: shot.toString("base64"), before, scale, difference: allowed.difference },
  );
  await page.close();
  if (isNew) writeFileSync(file, Buffer.from(small, "base64"));
  if (share <= allowed.pixels) return undefined;
  const seen = `${process.env.TMPDIR ?? "/tmp"}/ornstein-${name}.png`;
  writeFileSync(seen, shot);
  return `${name}: ${(100 * share).toFixed(1)}% of the picture is another; the page as it is now: ${seen}`;
}
