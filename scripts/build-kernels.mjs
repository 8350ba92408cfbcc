// Compiles the kernels: kernels/index.ts → src/engine/kernels.generated.ts. For plain and for shared memory they differ in
// one byte, the flag of the memory that they import: one module is kept, and where that byte stands. And those of dense linear
// algebra: kernels/linalg/index.ts → src/linalg/kernels.generated.ts.
import { writeFile } from "node:fs/promises";
import { deflateRawSync } from "node:zlib";
import asc from "assemblyscript/asc";

const flags = [
  ...["--outFile", "kernels.wasm", "--runtime", "stub", "--optimizeLevel", "3", "--shrinkLevel", "0", "--converge"],
  ...["--noAssert", "--importMemory", "--noExportMemory", "--enable", "simd"],
];
const engineMemory = ["--memoryBase", "65536", "--initialMemory", "2", "--maximumMemory", "65535"];

async function compile(source, extraFlags) {
  let wasm;
  const { error, stderr } = await asc.main([source, ...flags, ...extraFlags], {
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

const plain = await compile("kernels/index.ts", engineMemory);
const shared = await compile("kernels/index.ts", [...engineMemory, "--sharedMemory", "--enable", "threads"]);
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

const linalg = await compile("kernels/linalg/index.ts", ["--initialMemory", "1"]);
const deflatedLinalg = deflateRawSync(linalg, { level: 9 });
await writeFile(
  "src/linalg/kernels.generated.ts",
  `export const deflatedLinalg =\n  "${deflatedLinalg.toString("base64")}";\nexport const numBytes = ${linalg.length};\n`,
);
console.log(`linear algebra: ${linalg.length} bytes of WebAssembly, ${deflatedLinalg.length} deflated`);
