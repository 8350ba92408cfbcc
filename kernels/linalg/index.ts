// Dense linear algebra in f64, for src/linalg: a module of its own, so small that it is compiled at once where it is needed. Parts
// are exported so that the optimiser does not merge them into one function: V8 would keep too many values on the stack there.
export { addFourByFour, pack, packFourColumns, packFourRows } from "./panels";
export { addPacked, addProducts } from "./products";
export { rotateStrip } from "./rotations";
export { factorise, factoriseBlocks, factoriseTriangle, solveEightRows, solveLower, solveRow } from "./triangles";
export { accumulateReflections, addRow, addFourRows, reduceToTridiagonal, reflectFour, reflectOne, updateRows } from "./tridiagonal";
export { multiplyStrips } from "./vectors";
