import { useElementaryFunctionsOfNode } from "./elementary.ts";
import type { Call } from "./protocol.ts";

// Before anything is computed with them, tables of the random numbers among it.
useElementaryFunctionsOfNode();
const listening = import("./listen.ts");

globalThis.onmessage = async ({ data }: MessageEvent<Call>) => (await listening).hear(data);
