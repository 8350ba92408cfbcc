import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";
import { bin } from "../command.ts";
import { executable, launchChromium, whyNoBrowser } from "./chromium.ts";

/** A page's address, and what ends what serves it. */
export interface Host {
  readonly address: string;
  stop(): Promise<number | null>;
}

/** The studio as the command serves it. */
export async function servedStudio(...args: string[]): Promise<Host> {
  const command: ChildProcess = spawn(process.execPath, [bin, "studio", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  const address = await new Promise<string>((resolve, reject) => {
    const hear = (text: Buffer) => {
      said += text;
      const [found] = /http:\S+/.exec(said) ?? [];
      if (found) resolve(found);
    };
    command.stdout!.on("data", hear);
    command.stderr!.on("data", hear);
    command.once("exit", (code) => reject(new Error(`ornstein studio ended with status ${code}: ${said}`)));
  });
  return {
    address,
    async stop() {
      command.kill("SIGINT");
      const [code] = await once(command, "exit");
      return code as number | null;
    },
  };
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
const built = new URL("../../../dist/studio/", import.meta.url);

/** The studio's files as any server of files serves them: without the headers by which pages may share memory. */
export async function staticStudio(): Promise<Host> {
  const server = createServer(async ({ url = "/" }, response) => {
    const name = url === "/" ? "index.html" : url.slice(1);
    try {
      const bytes = await readFile(new URL(name, built));
      response.writeHead(200, { "content-type": types[extname(name)] }).end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async stop() {
      server.close();
      server.closeAllConnections();
      return 0;
    },
  };
}

/** The same files opened from the disk. */
export const fileOfStudio = new URL("index.html", built).href;

/** What tests of a studio have while they run. */
export interface OpenStudio {
  readonly browser: Browser;
  readonly address: string;
}

/** Tests in Chromium, where there is one, of the studio that `serve` begins to serve. */
export function describeInStudio(name: string, serve: () => Promise<Host>, tests: (studio: OpenStudio) => void): void {
  describe.skipIf(!executable)(`${name}${whyNoBrowser}`, () => {
    let browser: Browser;
    let host: Host;
    beforeAll(async () => {
      [browser, host] = [await launchChromium(), await serve()];
    });
    afterAll(async () => {
      await browser?.close();
      await host?.stop();
    });
    tests({
      get browser() {
        return browser;
      },
      get address() {
        return host.address;
      },
    });
  });
}
