// The design matrix, as the other folders see it.
export { buildDesign } from "./build-design.ts";
export { designFromArrays } from "./design-from-arrays.ts";
export type * from "./design-types.ts";
