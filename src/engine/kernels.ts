import { inflateSync } from "fflate/browser";
import { Memory, Ziggurat } from "../../kernels/layout/tables.ts";
import { zigguratTables } from "../rng/ziggurat.ts";
import type { KernelName } from "./executor.ts";
import { deflatedKernels, memoryFlag, numBytes } from "./kernels.generated.ts";
import type { EngineMemory } from "./memory.ts";

/** A kernel: it works on the record at `address` (kernels/layout/). */
type Kernel = (address: number, argument: number) => void;

export type Kernels = Readonly<Record<KernelName, Kernel>>;

const compiled = new Map<boolean, Promise<WebAssembly.Module>>();

/** The kernels' module for a plain or a shared memory; compiled once, off the calling thread. */
export function compileKernels(shared: boolean): Promise<WebAssembly.Module> {
  let module = compiled.get(shared);
  if (!module) {
    const bytes = inflateSync(decodeBase64(deflatedKernels), { out: new Uint8Array(numBytes) });
    // All that sets the kernels for a shared memory apart (scripts/build-kernels.mjs).
    if (shared) bytes[memoryFlag] = 3;
    module = WebAssembly.compile(bytes);
    compiled.set(shared, module);
  }
  return module;
}

/** The kernels over `memory`, for the calling thread. */
export async function loadKernels(memory: EngineMemory): Promise<Kernels> {
  return instantiateKernels(memory, await compileKernels(memory.isShared));
}

/** As `loadKernels`, with a module that is there already. */
function instantiateKernels(memory: EngineMemory, module: WebAssembly.Module): Kernels {
  const { exports } = new WebAssembly.Instance(module, { env: { memory: memory.memory } });
  if ((exports.heapBase as () => number)() > Memory.heapBase) {
    throw new Error(
      "The kernels' constants reach into the engine's heap: raise Memory.heapBase in kernels/layout/tables.ts.",
    );
  }
  writeTables(memory);
  return exports as unknown as Kernels;
}

function writeTables(memory: EngineMemory): void {
  const { thresholds, scales, heights } = zigguratTables;
  memory.u32(Ziggurat.thresholds, thresholds.length).set(thresholds);
  memory.f64(Ziggurat.scales, scales.length).set(scales);
  memory.f64(Ziggurat.heights, heights.length).set(heights);
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
