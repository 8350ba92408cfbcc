// What the machine allows, measured by WebAssembly with SIMD as the kernels are: bytes read a second, and multiply-adds a second.
// As a program it prints the bytes a second of one core: node limits.mjs; that is how several cores are measured together.
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const megabytes = 256;
const source = `
export function read(from: usize, to: usize): f64 {
  let a = f64x2.splat(0), b = a, c = a, d = a;
  for (let at = from; at < to; at += 64) {
    a = f64x2.add(a, v128.load(at));
    b = f64x2.add(b, v128.load(at, 16));
    c = f64x2.add(c, v128.load(at, 32));
    d = f64x2.add(d, v128.load(at, 48));
  }
  const sum = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}
export function multiplyAdd(times: u32): f64 {
  const by = f64x2.splat(0.999999), plus = f64x2.splat(1e-9);
  let p0 = f64x2.splat(1), p1 = p0, p2 = p0, p3 = p0, p4 = p0, p5 = p0, p6 = p0, s0 = p0, s1 = p0, s2 = p0, s3 = p0, s4 = p0, s5 = p0, s6 = p0;
  for (let time: u32 = 0; time < times; time++) {
    p0 = f64x2.mul(p0, by); s0 = f64x2.add(s0, plus);
    p1 = f64x2.mul(p1, by); s1 = f64x2.add(s1, plus);
    p2 = f64x2.mul(p2, by); s2 = f64x2.add(s2, plus);
    p3 = f64x2.mul(p3, by); s3 = f64x2.add(s3, plus);
    p4 = f64x2.mul(p4, by); s4 = f64x2.add(s4, plus);
    p5 = f64x2.mul(p5, by); s5 = f64x2.add(s5, plus);
    p6 = f64x2.mul(p6, by); s6 = f64x2.add(s6, plus);
  }
  let sum = p0;
  sum = f64x2.add(sum, p1); sum = f64x2.add(sum, p2); sum = f64x2.add(sum, p3); sum = f64x2.add(sum, p4); sum = f64x2.add(sum, p5); sum = f64x2.add(sum, p6); sum = f64x2.add(sum, s0); sum = f64x2.add(sum, s1); sum = f64x2.add(sum, s2); sum = f64x2.add(sum, s3); sum = f64x2.add(sum, s4); sum = f64x2.add(sum, s5); sum = f64x2.add(sum, s6);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}`;

async function kernels() {
  const { binary, error, stderr } = await asc.compileString(source, {
    optimizeLevel: 3,
    runtime: "stub",
    enable: ["simd"],
    initialMemory: 16 * (megabytes + 1),
  });
  if (error) throw new Error(stderr.toString());
  const { instance } = await WebAssembly.instantiate(binary, { env: { abort: () => {} } });
  return instance.exports;
}

/** The best of several times, as what disturbs only takes time. */
function fastest(run, times) {
  let best = Number.POSITIVE_INFINITY;
  for (let time = 0; time < times; time++) {
    const started = performance.now();
    run();
    best = Math.min(best, (performance.now() - started) / 1000);
  }
  return best;
}

async function readAlone() {
  const { read, memory } = await kernels();
  const [from, bytes] = [65_536, megabytes * 2 ** 20];
  // Memory that was never written is one page of zeros in the cache.
  new Float64Array(memory.buffer, from, bytes / 8).fill(1);
  return bytes / fastest(() => read(from, from + bytes), 12) / 1e9;
}

function readInProcess() {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (part) => {
      text += part;
    });
    child.on("error", reject);
    child.on("close", () => resolve(Number(text)));
  });
}

/** @returns gigabytes a second that one core reads, and all at once, and thousands of millions of operations a second of one core */
export async function measureLimits() {
  const { multiplyAdd } = await kernels();
  const times = 20_000_000;
  const seconds = fastest(() => multiplyAdd(times), 5);
  const all = await Promise.all(Array.from({ length: availableParallelism() }, readInProcess));
  return {
    bandwidthGBs: await readAlone(),
    bandwidthAllGBs: all.reduce((sum, value) => sum + value, 0),
    // Seven vectors of two that are multiplied, and as many that are added to, none of which waits for another.
    gigaflops: (times * 2 * 7 * 2) / seconds / 1e9,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(await readAlone());
