import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTable } from "../../../src/duckdb/source.ts";
import { createRandom } from "../../../src/rng/xoshiro.ts";
import { commandFolder } from "../command.ts";
import { executable, launchChromium, whyNoBrowser } from "./chromium.ts";
import { fileOfStudio, type Host, servedStudio, staticStudio } from "./studio-host.ts";

const { at, ornstein } = commandFolder("studio");
const data = at("rides.csv");
const formula = "late ~ log(distance) + quarter + day + words(note)";

beforeAll(() => {
  const random = createRandom(5, 0, 1);
  const rows = Array.from({ length: 3000 }, (_, n) => {
    const distance = Math.exp(random.normal());
    const late = random.uniform() < distance / (2 + distance);
    return [
      late,
      n % 53 === 0 ? "NA" : distance.toFixed(3),
      ["yes", "no", "007"][n % 3],
      `2024-02-${10 + (n % 19)}`,
      `"${["wet", "dry", "windy"][n % 3]} road, ${["busy", "calm"][n % 2]}"`,
    ].join(",");
  });
  writeFileSync(data, `late,distance,quarter,day,note\n${rows.join("\n")}\n`);
});

/** The draws that the command writes, as lines of numbers. */
async function drawsOfCommand(): Promise<number[][]> {
  const out = at("draws.parquet");
  await ornstein("fit", data, "--formula", formula, "--draws-out", out, "--quiet");
  const table = await openTable({ path: out });
  const names = table.columns.map(({ name }) => name);
  const rows: number[][] = [];
  for await (const { numRows, columns } of table.chunks(names))
    for (let n = 0; n < numRows; n++)
      rows.push(names.map((name) => (columns.get(name) as { values: Float64Array }).values[n]));
  await table.close?.();
  return rows;
}

async function fitInPage(page: Page): Promise<void> {
  await page.locator("#formula").fill(formula);
  await page.getByRole("button", { name: "Fit", exact: true }).click();
  await page.waitForSelector(".report section h2", { timeout: 60_000 });
}

async function downloaded(page: Page, button: string): Promise<Buffer> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button }).click(),
  ]);
  return readFileSync(await download.path());
}

describe.skipIf(!executable)(`the studio in Chromium${whyNoBrowser}`, () => {
  let browser: Browser;
  let served: Host;
  let plain: Host;
  let expected: number[][];

  beforeAll(async () => {
    browser = await launchChromium();
    [served, plain, expected] = [await servedStudio(data), await staticStudio(), await drawsOfCommand()];
  });
  afterAll(async () => {
    await browser?.close();
    // Ctrl-C is how it is ended.
    expect(await served?.stop()).toBe(0);
    await plain?.stop();
  });

  const hosts: [string, () => string, boolean, string][] = [
    ["served by the command, with shared memory", () => served.address, true, "read as the command reads it"],
    ["from any server of files, without", () => plain.address, false, "read in the page"],
    ["opened as a file", () => fileOfStudio, false, "read in the page"],
  ];
  it.each(hosts)("from a dropped file to the report, %s", async (_, address, isIsolated, how) => {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", ({ message }) => errors.push(message));
    await page.goto(address());
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(isIsolated);
    const dropped = await page.evaluateHandle(
      (text) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([text], "rides.csv"));
        return transfer;
      },
      readFileSync(data, "utf8"),
    );
    await page.dispatchEvent(".drop", "drop", { dataTransfer: dropped });
    await page.getByText(`rides.csv: 3,000 rows, 5 columns, ${how}`).waitFor();
    await fitInPage(page);
    const [head, ...lines] = (await downloaded(page, "Download the draws")).toString().trim().split("\n");
    expect(head).toContain("chain,draw,log(distance),quarter[no],quarter[yes],day,words(note)[busy]");
    // To the last bit: a number's shortest digits are read back as the number.
    expect(lines.map((line) => line.split(",").map(Number))).toEqual(expected);
    const report = (await downloaded(page, "Download the report")).toString();
    const again = /<h2>The certificate<\/h2>[\s\S]*(<h2>How to do it again<\/h2>[\s\S]*)/.exec(report)?.[1];
    expect(again).toContain("ornstein fit rides.csv --formula");
    expect(report).not.toContain("<script");
    const fit = await downloaded(page, "Download the fit");
    expect(fit.subarray(1, 4).toString()).toBe("ORN");
    expect(errors).toEqual([]);
    await page.close();
  });

  it("opens the data of the command, and says in a sentence what cannot be fitted, stops, and goes on", async () => {
    const page = await browser.newPage();
    await page.goto(served.address);
    await page.getByText("rides.csv: 3,000 rows").waitFor();
    await page.locator("#formula").fill("late ~ log(distanc)");
    await page.getByRole("button", { name: "Fit", exact: true }).click();
    await page.getByText(/has no column "distanc"/).waitFor();
    await page.getByText("More:").click();
    await page.locator("#draws").fill("100000");
    await page.locator("#sampler").selectOption("constant-sgd");
    await page.locator("#formula").fill(formula);
    await page.getByRole("button", { name: "Fit", exact: true }).click();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("The fit was stopped.").waitFor();
    await page.locator("#draws").fill("some");
    await page.getByRole("button", { name: "Fit", exact: true }).click();
    await page.getByText(/draws/).filter({ hasText: /some/ }).waitFor();
    await page.close();
  });

  it("completes the formula by keys alone", async () => {
    const page = await browser.newPage();
    await page.goto(served.address);
    await page.getByText("rides.csv: 3,000 rows").waitFor();
    await page.locator("#formula").focus();
    await page.keyboard.type("la");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.keyboard.type(" ~ dis");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Tab");
    expect(await page.locator("#formula").inputValue()).toBe("late ~ distance");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".report section h2", { timeout: 60_000 });
    await page.close();
  });
});

/** The status of a request that a page elsewhere, or another program, might make. */
function statusOf(address: string, path: string, headers: Record<string, string>, method = "GET"): Promise<number> {
  const { port } = new URL(address);
  return new Promise((resolve, reject) => {
    request(
      { host: "127.0.0.1", port, path, headers: { host: `127.0.0.1:${port}`, ...headers }, method },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    )
      .on("error", reject)
      .end();
  });
}

describe("the studio's server", () => {
  let host: Host;
  let token: string;
  let port: string;
  beforeAll(async () => {
    host = await servedStudio(data);
    [, token] = /token=(\w+)/.exec(host.address) ?? [];
    ({ port } = new URL(host.address));
  });
  afterAll(() => host.stop());
  const own = () => ({ "x-ornstein-token": token });

  it("answers its own page", async () => {
    expect(await statusOf(host.address, "/", {})).toBe(200);
    expect(await statusOf(host.address, "/tables/given", own())).toBe(200);
    expect(await statusOf(host.address, "/tables/given", { ...own(), origin: `http://127.0.0.1:${port}` })).toBe(200);
  });

  it.each([
    ["another name of this machine", "/", () => ({ host: "evil.example" }), 403],
    ["another page", "/tables/given", () => ({ ...own(), origin: "http://evil.example" }), 403],
    ["another page on this machine", "/tables/given", () => ({ ...own(), origin: "http://127.0.0.1:1" }), 403],
    ["a page of the same site", "/tables/given", () => ({ ...own(), "sec-fetch-site": "same-site" }), 403],
    ["who does not know the token", "/tables/given", () => ({}), 403],
    ["who guesses it", "/tables/given", () => ({ "x-ornstein-token": "0".repeat(32) }), 403],
    ["files beside the page", "/../cli.mjs", () => own(), 404],
    ["files beside the page, in other letters", "/..%2fcli.mjs", () => own(), 404],
    ["a table that is not open", "/tables/99/column?name=late", () => own(), 400],
  ])("refuses %s", async (_, path, headers, status) => {
    expect(await statusOf(host.address, path, headers())).toBe(status);
  });

  it("says in a sentence that a file cannot be read, or the port is taken", async () => {
    expect((await ornstein("studio", at("none.csv"))).stderr).toMatch(/There is no file .*none.csv/);
    const taken = await ornstein("studio", "--port", port);
    expect(taken.stderr).toMatch(`Port ${port} is in use`);
    expect(taken.status).toBe(2);
  });
});
