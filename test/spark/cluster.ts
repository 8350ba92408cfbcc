import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The Python that has pyspark, which scripts/spark-test.mjs has installed. */
export function sparkPython(): string {
  const python = process.env.ORNSTEIN_SPARK_PYTHON;
  if (!python) throw new Error("Run these tests by npm run test:spark, which installs Spark.");
  return python;
}

export interface Cluster {
  readonly master: string;
  /** Settings of a session whose executors have a core each. */
  readonly conf: readonly string[];
  /** The Java processes of executors that run now, of one application. */
  executors(): readonly number[];
  /** Files below the workers' folders. */
  files(pattern: RegExp): readonly string[];
  /** The processes of the master and of the workers. */
  children(): readonly number[];
  stop(): Promise<void>;
}

/** Where a cluster's processes listen: the master and all workers at one address, but for one more worker in a network of its own. */
export interface Network {
  readonly host: string;
  readonly apart?: { readonly namespace: string; readonly host: string };
}

/** A standalone cluster on this machine: a master, and workers of one core each. */
export async function startCluster(workers: number, network: Network = { host: "127.0.0.1" }): Promise<Cluster> {
  const python = sparkPython();
  const home = spawnSync(python, ["-c", "import pyspark, os; print(os.path.dirname(pyspark.__file__))"])
    .stdout.toString()
    .trim();
  const folder = mkdtempSync(join(tmpdir(), "ornstein-cluster-"));
  const env = { ...process.env, SPARK_HOME: home, PYSPARK_PYTHON: python, SPARK_NO_DAEMONIZE: "1" };
  const port = await freePort();
  const children: ChildProcess[] = [];
  const { host, apart } = network;
  const start = (own: { readonly prefix?: string; readonly local?: string }, ...args: readonly string[]) => {
    const [program, ...rest] = [...(own.prefix?.split(" ") ?? []), join(home, "bin/spark-class"), ...args];
    const child = spawn(program, rest, {
      env: { ...env, SPARK_LOCAL_DIRS: own.local },
      stdio: "ignore",
      detached: true,
    });
    children.push(child);
  };
  // Nothing that was started here outlives these tests.
  const end = () => {
    for (const { pid } of children) if (pid !== undefined) kill(-pid);
  };
  process.once("exit", end);
  start({}, "org.apache.spark.deploy.master.Master", "--host", host, "--port", `${port}`, "--webui-port", "0");
  await reached(port, host);
  const master = `spark://${host}:${port}`;
  const startWorker = (k: number, at: string, prefix?: string) => {
    const own = ["--cores", "1", "--memory", "1g", "--work-dir", join(folder, `worker-${k}`), "--webui-port", "0"];
    const local = join(folder, `local-${k}`);
    start({ prefix, local }, "org.apache.spark.deploy.worker.Worker", "--host", at, ...own, master);
  };
  for (let k = 0; k < workers; k++) startWorker(k, host);
  if (apart) startWorker(workers, apart.host, `ip netns exec ${apart.namespace}`);
  return {
    master,
    conf: [
      "spark.executor.memory=700m",
      "spark.executor.cores=1",
      `spark.driver.host=${host}`,
      `spark.driver.bindAddress=${host}`,
      `spark.pyspark.python=${python}`,
      "spark.cores.max=8",
    ],
    executors: () => processesOf("CoarseGrainedExecutorBackend", folder),
    files: (pattern) => filesBelow(folder).filter((path) => pattern.test(path)),
    children: () => children.flatMap(({ pid }) => (pid === undefined ? [] : [pid, ...descendants(pid, "")])),
    async stop() {
      for (const pid of processesOf("CoarseGrainedExecutorBackend", folder)) kill(pid);
      end();
      process.off("exit", end);
      await Promise.all(children.map((child) => child.exitCode ?? new Promise((done) => child.once("exit", done))));
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}

export function kill(pid: number, signal: NodeJS.Signals = "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}

/** Processes whose command line has a word, and whose working folder is below another. */
function processesOf(word: string, folder: string): readonly number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, "latin1");
      return command.includes(word) && command.includes("java") && workingFolder(name).startsWith(folder)
        ? [Number(name)]
        : [];
    } catch {
      return [];
    }
  });
}

const workingFolder = (pid: string) =>
  spawnSync("readlink", [`/proc/${pid}/cwd`])
    .stdout.toString()
    .trim();

/** The children of a process and theirs, whose command line has a word. */
export function descendants(pid: number, word: string): readonly number[] {
  const children = (parent: number): number[] => {
    try {
      const tasks = readdirSync(`/proc/${parent}/task`);
      return tasks
        .flatMap((task) => readFileSync(`/proc/${parent}/task/${task}/children`, "latin1").split(" "))
        .filter((text) => text.trim() !== "")
        .map(Number)
        .flatMap((child) => [child, ...children(child)]);
    } catch {
      return [];
    }
  };
  return children(pid).filter((child) => {
    try {
      return readFileSync(`/proc/${child}/cmdline`, "latin1").includes(word);
    } catch {
      return false;
    }
  });
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function reached(port: number, host: string): Promise<void> {
  const { connect } = await import("node:net");
  for (let tries = 0; ; tries++) {
    const isThere = await new Promise<boolean>((resolve) => {
      const socket = connect(port, host, () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.end());
    });
    if (isThere) return;
    if (tries > 300) throw new Error("Spark's master has not started.");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
