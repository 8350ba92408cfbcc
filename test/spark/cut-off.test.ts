import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "./cluster.ts";
import { filesOf } from "./rows-in-files.ts";
import { pause, type RowsOn, rowsOn, until } from "./rows-on.ts";

// An executor in a network of its own, whose cable is pulled. Networks are made by the administrator alone.
const [namespace, here, there] = ["ornstein-test", "ornstein0", "ornstein1"];
const hosts = { host: "10.213.7.1", apart: { namespace, host: "10.213.7.2" } };

const ip = (text: string) => spawnSync("ip", text.split(" ")).status === 0;
const remove = () => {
  ip(`link del ${here}`);
  ip(`netns del ${namespace}`);
};

/** Whether the network could be made. */
function makeNetwork(): boolean {
  remove();
  const inside = `netns exec ${namespace} ip`;
  return [
    `netns add ${namespace}`,
    `link add ${here} type veth peer name ${there}`,
    `link set ${there} netns ${namespace}`,
    `addr add ${hosts.host}/24 dev ${here}`,
    `link set ${here} up`,
    `${inside} addr add ${hosts.apart.host}/24 dev ${there}`,
    `${inside} link set ${there} up`,
    `${inside} link set lo up`,
  ].every(ip);
}

const isPossible = makeNetwork();
if (!isPossible) {
  remove();
  console.warn("No executor was cut off: networks of their own are made by root, with the command ip.");
}

describe.skipIf(!isPossible)("an executor that is cut off", () => {
  const folder = mkdtempSync(join(tmpdir(), "ornstein-cut-off-test-"));
  let cluster: Cluster;
  let rows: RowsOn | undefined;
  beforeAll(async () => {
    [cluster] = await Promise.all([startCluster(1, hosts), filesOf(folder)]);
  });
  afterAll(async () => {
    ip(`link set ${here} up`);
    await rows?.close();
    await cluster?.stop();
    remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it("has its parts made anew by another, with the same sums to the bit", async () => {
    const soon = [
      "spark.network.timeout=15s",
      "spark.network.timeoutInterval=3s",
      "spark.executor.heartbeatInterval=2s",
      "spark.rpc.askTimeout=15s",
    ];
    rows = await rowsOn(folder, cluster.master, [...cluster.conf, ...soon, "spark.cores.max=2"]);
    await until(() => cluster.executors().length === 2, "two executors");
    const first = await rows.pass();
    const running = rows.pass();
    await pause(50);
    ip(`link set ${here} down`);
    expect(await running).toEqual(first);
    expect(await rows.pass()).toEqual(first);
  });
});
