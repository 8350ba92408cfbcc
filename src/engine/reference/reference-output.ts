import { GramKind, Pass, PassOutput } from "../../../kernels/layout/pass.ts";
import type { EngineMemory } from "../memory.ts";

/** The sums of a pass, zero, and the whole Gram matrix, of which `finish` keeps what is wanted. */
export function passOutput(memory: EngineMemory, address: number, dimension: number) {
  const weights = memory.getU32(address, Pass.gramKind) as GramKind;
  const isDiagonal = memory.getU32(address, Pass.isDiagonal) === 1;
  const wanted = weights === GramKind.none ? 0 : isDiagonal ? dimension : dimension ** 2;
  const sums = PassOutput.gradient / 8 + dimension;
  const output = memory.f64(memory.getU32(address, Pass.output), sums + wanted).fill(0);
  const gram = isDiagonal && wanted > 0 ? new Float64Array(dimension ** 2) : output.subarray(sums);
  const finish = () => {
    if (isDiagonal && wanted > 0)
      output.set(
        gram.filter((_, k) => k % (dimension + 1) === 0),
        sums,
      );
  };
  return { output, gram, finish };
}
