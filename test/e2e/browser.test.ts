import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { build } from "esbuild";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// The library in a real browser: a page that is not cross-origin isolated (no shared memory), the bundle as a bundler makes it.
const executable = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path && existsSync(path));
if (!executable) console.warn("no Chromium on this machine (CHROMIUM_PATH): the browser test is skipped");

const program = `
import { fit } from "ornstein";
const x = Array.from({ length: 600 }, (_, n) => Math.sin(1.7 * n));
const y = x.map((value, n) => ((n * 7919) % 101) / 101 < 1 / (1 + Math.exp(-value)));
let ticks = 0;
const timer = setInterval(() => ticks++, 10);
const posterior = await fit({ data: { x, y }, formula: "y ~ x" }, { seed: 5 });
clearInterval(timer);
window.result = { isolated: crossOriginIsolated, ticks, verdict: posterior.certificate.verdict, coefficients: posterior.coefficients };
`;

describe.skipIf(!executable)("in Chromium", () => {
  let server: Server;
  let browser: Browser;
  let script = "";

  beforeAll(async () => {
    const resolveDir = new URL("../..", import.meta.url).pathname;
    const bundle = await build({
      stdin: { contents: program, resolveDir },
      bundle: true,
      format: "esm",
      platform: "browser",
      write: false,
    });
    script = bundle.outputFiles[0].text;
    server = createServer((_request, response) => {
      response.setHeader("content-type", "text/html");
      response.end(`<!doctype html><script type="module">${script.replaceAll("</script", "<\\/script")}</script>`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await chromium.launch({
      executablePath: executable,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await new Promise((resolve) => server?.close(resolve));
  });

  it("gives the same posterior as in Node, without shared memory, and leaves the page alive", async () => {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as { port: number }).port}/`);
    await page.waitForFunction("window.result", undefined, { timeout: 60_000 });
    // biome-ignore lint/suspicious/noExplicitAny: what the page made
    const result = (await page.evaluate("window.result")) as any;
    expect(result.isolated).toBe(false);
    expect(result.verdict).toBe("ok");
    expect(result.ticks).toBeGreaterThan(3);
    const { fit } = await import("../../src/posterior/fit-inline.ts");
    const x = Array.from({ length: 600 }, (_, n) => Math.sin(1.7 * n));
    const y = x.map((value, n) => ((n * 7919) % 101) / 101 < 1 / (1 + Math.exp(-value)));
    const here = await fit({ data: { x, y }, formula: "y ~ x" }, { seed: 5 });
    // The kernels give the same bits; Math.sin and Math.exp may differ in the last one between engines.
    here.coefficients.forEach((coefficient, j) => {
      expect(result.coefficients[j].mean).toBeCloseTo(coefficient.mean, 6);
      expect(result.coefficients[j].sd).toBeCloseTo(coefficient.sd, 6);
    });
  });
});
