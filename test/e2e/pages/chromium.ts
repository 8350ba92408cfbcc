import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** The Chromium of this machine; undefined where there is none. */
export const executable = [
  process.env.CHROMIUM_PATH,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
].find((path) => path && existsSync(path));
if (!executable) console.warn("no Chromium on this machine (CHROMIUM_PATH): tests in a browser are skipped");

export const whyNoBrowser = executable ? "" : " (skipped: no Chromium on this machine)";

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: executable,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--force-color-profile=srgb"],
  });
}
