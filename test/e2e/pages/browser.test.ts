import { createServer, type Server } from "node:http";
import { build } from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fit } from "../../../src/fit/fit-inline.ts";
import type { Posterior } from "../../../src/fit/posterior.ts";
import { exportFit } from "../../../src/persistence/portable-fit.ts";
import { executable, launchChromium, whyNoBrowser } from "./chromium.ts";

// The library in a real browser: a page that is not cross-origin isolated (no shared memory), the bundle as a bundler makes it.
const program = `
import { fit, importFit } from "ornstein";
const x = Array.from({ length: 600 }, (_, n) => Math.sin(1.7 * n));
const y = x.map((value, n) => ((n * 7919) % 101) / 101 < 1 / (1 + Math.exp(-value)));
let ticks = 0;
const timer = setInterval(() => ticks++, 10);
const posterior = await fit({ data: { x, y }, formula: "y ~ x" }, { seed: 5 });
clearInterval(timer);
// A fit made in Node, in the page and in a worker of it.
const bytes = await (await fetch("fit.ornstein")).arrayBuffer();
const rows = { x: [1, 2.5, 100] };
const inPage = [...(await importFit(bytes).predict(rows)).columns.mean];
const worker = new Worker("worker.js", { type: "module" });
worker.onerror = ({ message }) => { window.failed = message; };
const inWorker = await new Promise((resolve) => {
  worker.onmessage = ({ data }) => resolve(data);
  worker.postMessage({ bytes, posterior: structuredClone(posterior), rows });
});
const refused = await Promise.resolve().then(() => importFit(new Uint8Array(bytes, 0, 100))).catch(({ message }) => message);
window.result = { inPage, inWorker, refused, isolated: crossOriginIsolated, ticks, verdict: posterior.certificate.verdict, coefficients: posterior.coefficients };
`;

const workerProgram = `
import { importFit, predict } from "ornstein";
onmessage = async ({ data: { bytes, posterior, rows } }) => {
  const [imported, copied] = [await importFit(bytes).predict(rows), await predict(posterior, { x: [0] })];
  postMessage({ mean: [...imported.columns.mean], copied: copied.columns.probability[0] });
};
`;

describe.skipIf(!executable)(`in Chromium${whyNoBrowser}`, () => {
  let server: Server;
  let browser: Browser;
  let fitted: Posterior;

  beforeAll(async () => {
    const x = Array.from({ length: 3000 }, (_, n) => (n * 7919) % 101);
    const data = { x, y: x.map((value, n) => value + ((n * 104_729) % 97)) };
    fitted = await fit({ data, formula: "y ~ x" }, { draws: 100 });
    const script = await bundled(program);
    const files: Record<string, [type: string, content: string | Uint8Array]> = {
      "/": [
        "text/html",
        `<!doctype html><script type="module">${script.replaceAll("</script", "<\\/script")}</script>`,
      ],
      "/worker.js": ["text/javascript", await bundled(workerProgram)],
      "/fit.ornstein": ["application/octet-stream", exportFit(fitted)],
    };
    server = createServer(({ url = "/" }, response) => {
      const [type, content] = files[url] ?? ["text/plain", ""];
      response.setHeader("content-type", type);
      response.end(content);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await launchChromium();
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
    const x = Array.from({ length: 600 }, (_, n) => Math.sin(1.7 * n));
    const y = x.map((value, n) => ((n * 7919) % 101) / 101 < 1 / (1 + Math.exp(-value)));
    const here = await fit({ data: { x, y }, formula: "y ~ x" }, { seed: 5 });
    // The kernels give the same bits; Math.sin and Math.exp may differ in the last one between engines.
    here.coefficients.forEach((coefficient, j) => {
      expect(result.coefficients[j].mean).toBeCloseTo(coefficient.mean, 6);
      expect(result.coefficients[j].sd).toBeCloseTo(coefficient.sd, 6);
    });
    const { mean } = (await fitted.predict({ x: [1, 2.5, 100] })).columns;
    expect(result.inPage).toEqual([...(mean as Float64Array)]);
    expect(result.inWorker.mean).toEqual(result.inPage);
    expect(result.inWorker.copied).toBeCloseTo((await here.predict({ x: [0] })).columns.probability[0] as number, 6);
    expect(result.refused).toMatch(/^The fit is damaged and cannot be read \(its checksum differs\)/);
  });
});

/** A program with the built package in it, as a bundler makes it for a page. */
async function bundled(contents: string): Promise<string> {
  const resolveDir = new URL("../../..", import.meta.url).pathname;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir },
    ...{ bundle: true, format: "esm", platform: "browser", write: false },
  });
  return outputFiles[0].text;
}
