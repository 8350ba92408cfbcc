import { expect, it } from "vitest";
import { EngineMemory } from "../../engine/memory.ts";
import { requireRoomForDraws } from "./require-room.ts";

const model = (dimension: number, freeBytes: number) => ({
  dimension,
  memory: new EngineMemory({ freeBytes: () => freeBytes }),
});

it("refuses draws that the machine, or the kernels, have no room for, and says how many fit", () => {
  expect(() => requireRoomForDraws(model(3, 2e9), { chains: 4, draws: 1_000_000 })).not.toThrow();
  expect(() => requireRoomForDraws(model(3, 2e9), { chains: 256, draws: 1_000_000 })).toThrow(
    "256 chains of 1,000,000 draws of 3 parameters take 49.2 GB of memory, and there is room for 2 GB; at most --draws 40,690 fit.",
  );
  expect(() => requireRoomForDraws(model(3, 2e9), { chains: 256, draws: 40_690 })).not.toThrow();
  expect(() => requireRoomForDraws(model(1, 1e12), { chains: 256, draws: 1_100_000 })).toThrow(
    /of 1 parameter take 18 GB .* room for 17.2 GB; at most --draws 1,048,\d+ fit\.$/,
  );
  expect(() => requireRoomForDraws(model(2000, 1e6), { chains: 4, draws: 10 })).toThrow(
    /fewer --chains, or fewer coeff/,
  );
  // Wide models keep single-precision positions alone.
  expect(() => requireRoomForDraws(model(100_000, 2e9), { chains: 4, draws: 300 })).not.toThrow();
});

it("refuses more parameters than there is room for while they are still counted, and names no number that may not fit", () => {
  expect(() => requireRoomForDraws({ ...model(5000, 2e9), isWhole: false }, { chains: 4, draws: 10_000 })).toThrow(
    "4 chains of 10,000 draws of at least 5,000 parameters take 3.2 GB of memory, and there is room for 2 GB; fewer --draws are needed, or fewer coefficients.",
  );
  // 1,500 parameters of 64 bytes would not fit, and 2,001 of 16 bytes do.
  const few = { ...model(1500, 2e9), isWhole: false };
  expect(() => requireRoomForDraws(few, { chains: 4, draws: 10_000 })).not.toThrow();
  expect(() => requireRoomForDraws({ ...few, isWhole: true }, { chains: 4, draws: 10_000 })).toThrow(/at most --draws/);
});
