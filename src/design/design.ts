// The design matrix, as the other folders see it.
export { buildDesign } from "./build-design.ts";
export { type OrthogonalBasis, rotatedPriors } from "./columns/orthogonal-basis.ts";
export { designFromArrays } from "./design-from-arrays.ts";
export { designFromSparse, type SparseArrays } from "./design-from-sparse.ts";
export type * from "./design-types.ts";
