// The design matrix, as the other folders see it.
export { buildDesign } from "./build-design.ts";
export { designFromArrays } from "./design-from-arrays.ts";
export { designFromSparse, type SparseArrays } from "./design-from-sparse.ts";
export type * from "./design-types.ts";
export { type OrthogonalBasis, rotatedPriors } from "./orthogonal-basis.ts";
