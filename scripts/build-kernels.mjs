// Compiles the kernels: kernels/index.ts → src/engine/kernels.generated.ts. For plain and for shared memory they differ in
// one byte, the flag of the memory that they import: one module is kept, and where that byte stands.
import { writeFile } from "node:fs/promises";
import { deflateRawSync } from "node:zlib";
import asc from "assemblyscript/asc";

const flags = [
  "kernels/index.ts",
  ...["--outFile", "kernels.wasm", "--runtime", "stub", "--optimizeLevel", "3", "--shrinkLevel", "0", "--converge"],
  ...["--noAssert", "--importMemory", "--memoryBase", "65536", "--initialMemory", "2", "--maximumMemory", "65535"],
  ...["--noExportMemory", "--enable", "simd"],
];

async function compile(extraFlags) {
  let wasm;
  const { error, stderr } = await asc.main([...flags, ...extraFlags], {
    writeFile: (name, contents) => {
      if (name.endsWith(".wasm")) wasm = contents;
    },
  });
  if (error) {
    console.error(stderr.toString());
    throw error;
  }
  return Buffer.from(wasm);
}

const plain = await compile([]);
const shared = await compile(["--sharedMemory", "--enable", "threads"]);
// The module is carried, deflated, as text inside the bundle: whatever bundler or browser loads the library, there is no file to
// find and nothing to fetch.
const differing = [...plain.keys()].filter((at) => plain[at] !== shared[at]);
const [flag] = differing;
// Limits with a maximum are 1, and 3 where the memory is shared (WebAssembly core specification, threads).
if (plain.length !== shared.length || differing.length !== 1 || plain[flag] !== 1 || shared[flag] !== 3) {
  throw new Error("The kernels for plain and for shared memory differ in more than the memory's flag.");
}
const deflated = deflateRawSync(plain, { level: 9 });
await writeFile(
  "src/engine/kernels.generated.ts",
  `export const deflatedKernels =\n  "${deflated.toString("base64")}";\nexport const numBytes = ${plain.length};\nexport const memoryFlag = ${flag};\n`,
);
console.log(`kernels: ${plain.length} bytes of WebAssembly, ${deflated.length} deflated`);
