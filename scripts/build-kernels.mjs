// Compiles the kernels twice, for plain and for shared memory: kernels/index.ts → src/engine/kernels.generated.ts
import { writeFile } from "node:fs/promises";
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
  return Buffer.from(wasm).toString("base64");
}

const plain = await compile([]);
const shared = await compile(["--sharedMemory", "--enable", "threads"]);
// The modules are carried as text inside the bundle: whatever bundler or browser loads the library, there is no file to
// find and nothing to fetch.
await writeFile(
  "src/engine/kernels.generated.ts",
  `export const plainKernels =\n  "${plain}";\nexport const sharedKernels =\n  "${shared}";\n`,
);
console.log(`kernels: ${Math.round(plain.length * 0.75)} bytes of WebAssembly`);
