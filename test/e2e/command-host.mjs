// Runs the built command again and again in one process, for tests that are about what a run reads and writes: a start of Node
// and of all packages takes ten times as long as many of the runs. Each run evaluates the command's main module afresh; the
// modules that it imports stay. Messages: `{ args, cwd }` in, `{ status, stdout, stderr }` out.
import { readdirSync } from "node:fs";

const dist = new URL("../../dist/", import.meta.url);
const [main] = readdirSync(dist).filter((name) => /^main-.*\.mjs$/.test(name));
let runs = 0;

/** Gathers what is written to a stream in place of writing it. */
function captured(stream) {
  const chunks = [];
  stream.write = (chunk, ...rest) => {
    chunks.push(Buffer.from(chunk));
    rest.find((argument) => typeof argument === "function")?.();
    return true;
  };
  return () => {
    stream.removeAllListeners("error");
    return Buffer.concat(chunks.splice(0)).toString();
  };
}
const streams = [captured(process.stdout), captured(process.stderr)];

process.on("message", async ({ args, cwd }) => {
  process.chdir(cwd);
  process.argv = [process.execPath, "ornstein", ...args];
  process.exitCode = undefined;
  await import(new URL(`${main}?run=${++runs}`, dist).href);
  const [stdout, stderr] = streams.map((take) => take());
  process.send({ result: { status: process.exitCode ?? 0, stdout, stderr } });
});
