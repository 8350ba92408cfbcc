import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** What keeps other pages, and other people on the machine, away from the tables. */
export interface Guard {
  /** Of the loopback address at which the server listens. */
  readonly port: number;
  /** Known to who saw the address that the command printed. */
  readonly token: string;
}

/**
 * Why a request is refused; undefined where it is answered. The Host is one of this machine's own names, as a page elsewhere may have
 * a name that leads here; Origin, where there is one, is the page of this server; what reads data needs the token.
 */
export function refusalOf(
  headers: IncomingHttpHeaders,
  isForData: boolean,
  { port, token }: Guard,
): string | undefined {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const { host = "", origin } = headers;
  if (!hosts.includes(host)) return "The host of the request is not this machine.";
  if (origin !== undefined && origin !== `http://${host}`) return "The request comes from another page.";
  const site = headers["sec-fetch-site"];
  if (isForData && site !== undefined && site !== "same-origin") return "The request comes from another page.";
  if (isForData && !isSame(String(headers["x-ornstein-token"] ?? ""), token))
    return "The address of the page lacks its token; open the address that ornstein studio printed.";
  return undefined;
}

function isSame(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Sent with every answer: nothing of other origins is loaded or sent to, and memory may be shared between workers. */
export const guardingHeaders = {
  "content-security-policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
} as const;
