import { onTemporary, removeTemporaries } from "../src/duckdb/files/temporaries.ts";
import { tellSupervisor } from "./process/supervised.ts";

// The run of a command, in the process that `supervise` starts.

onTemporary((temporary) => tellSupervisor({ temporary }));
// Without the supervisor, which was killed, nobody would end this process. It cannot exit while a thread of its own is busy.
process.once("disconnect", () => {
  removeTemporaries();
  process.kill(process.pid, "SIGKILL");
});
process.channel?.unref();

try {
  await import("./main.ts");
} catch (error) {
  const [, missing] = /^Cannot find package '([^']+)'/.exec((error as Error).message) ?? [];
  if (missing === undefined) throw error;
  process.stderr.write(
    `ornstein: the command needs the package ${missing}, which is not installed: npm install ${missing}\n`,
  );
  process.exitCode = 2;
}
