import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { InputError } from "../../src/errors.ts";
import { type Guard, guardingHeaders, refusalOf } from "./guard.ts";
import { columnBytes, type GivenData, ServedTables } from "./tables.ts";

export interface StudioServer {
  /** With the token, for who may open it. */
  readonly address: string;
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** A body beyond which a request that is no file is refused. */
const maxQuestionBytes = 1e6;

/**
 * Serves the page and the tables behind it to this machine alone.
 * @throws InputError where the page is not built, or the port is taken
 */
export async function startStudio(given: GivenData, port: number): Promise<StudioServer> {
  const files = pageFiles();
  const tables = new ServedTables(given);
  const guard = { port, token: randomBytes(16).toString("hex") };
  const server = createServer((request, response) => {
    answer(request, response, { guard, files, tables }).catch((error: unknown) => refuse(response, error));
  });
  await listen(server, port);
  guard.port = (server.address() as AddressInfo).port;
  return {
    address: `http://127.0.0.1:${guard.port}/#token=${guard.token}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await tables.closeAll();
    },
  };
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new InputError(
      code === "EADDRINUSE"
        ? `Port ${port} is in use; give another by --port, or leave it out.`
        : `Port ${port} cannot be listened at: ${message}.`,
    );
  }
}

interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
  readonly zipped: Buffer;
}

/** All that is served as it is, by path: read once, so that no request names a file. */
function pageFiles(): ReadonlyMap<string, PageFile> {
  const folder = fileURLToPath(new URL("studio/", import.meta.url));
  if (!existsSync(folder))
    throw new InputError("The studio is not built; run npm run build in the folder of ornstein.");
  const files = new Map<string, PageFile>();
  for (const name of readdirSync(folder)) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    const bytes = readFileSync(new URL(`studio/${name}`, import.meta.url));
    files.set(`/${name}`, { type, bytes, zipped: gzipSync(bytes) });
  }
  const index = files.get("/index.html");
  if (index) files.set("/", index);
  return files;
}

interface Served {
  readonly guard: Guard;
  readonly files: ReadonlyMap<string, PageFile>;
  readonly tables: ServedTables;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { guard, files, tables }: Served,
): Promise<void> {
  const { method = "GET", headers } = request;
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  for (const [name, value] of Object.entries(guardingHeaders)) response.setHeader(name, value);
  const isForData = url.pathname.startsWith("/tables");
  const refusal = refusalOf(headers, isForData, guard);
  if (refusal !== undefined) return send(response, 403, { problem: refusal });
  if (isForData) {
    const result = await answerOfTables(tables, request, url);
    if (Buffer.isBuffer(result)) response.writeHead(200, { "content-type": "application/octet-stream" }).end(result);
    else send(response, 200, result ?? null);
    return;
  }
  const file = files.get(url.pathname);
  if (!file || (method !== "GET" && method !== "HEAD"))
    return send(response, 404, { problem: "There is no such file." });
  const isZipped = /\bgzip\b/.test(String(headers["accept-encoding"]));
  response.writeHead(200, { "content-type": file.type, ...(isZipped && { "content-encoding": "gzip" }) });
  response.end(method === "HEAD" ? undefined : isZipped ? file.zipped : file.bytes);
}

/** What a question about tables is answered with. @throws InputError where there is no such table, column or question */
async function answerOfTables(tables: ServedTables, request: IncomingMessage, url: URL): Promise<unknown> {
  const { method } = request;
  const [, , id, what] = url.pathname.split("/");
  const name = url.searchParams.get("name") ?? "";
  if (method === "POST" && id === undefined) return tables.openDropped(name, request);
  if (method === "GET" && id === "given") return tables.openGiven();
  if (method === "DELETE" && what === undefined) return tables.close(Number(id));
  const source = await tables.source(Number(id));
  if (method === "GET" && what === "column") return columnBytes(source, name, url.searchParams.has("text"));
  if (method === "GET" && what === "texts") return source.texts?.(name);
  if (method === "POST" && what === "survey") {
    const { wanted, sample } = await bodyOf(request);
    return source.survey?.(wanted, sample);
  }
  if (method === "POST" && what === "unlike") {
    const { name, pattern } = await bodyOf(request);
    return { found: await source.firstUnlike?.(name, pattern) };
  }
  throw new InputError("There is no answer to this request.");
}

// biome-ignore lint/suspicious/noExplicitAny: of the page itself, which the guard has let through
async function bodyOf(request: IncomingMessage): Promise<any> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxQuestionBytes) throw new InputError("The request is too long.");
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    throw new InputError("The request is no JSON.");
  }
}

function send(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const isForeseen = error instanceof InputError;
  const message = error instanceof Error ? error.message : String(error);
  send(response, isForeseen ? 400 : 500, {
    problem: isForeseen ? message : `Something unforeseen went wrong: ${message}`,
  });
}
