// An inner group with one effect, two nodes at a time (row-pairs.ts).
import { exp2 } from "../families/pairs";
import { Factor } from "../layout/groups";
import { slotU32 } from "../memory/record";
import { sumOf2 } from "./doubles";
import { innerLogScale, placeInnerNodes, toInnerNodes } from "./inner-nodes";
import { linearLosses, product } from "./row-pairs";
import { Small, smallAt } from "./small";
import { innerFactor, innerSlope, innerZ, pairSlopes, pairSums } from "./work";

/** As integrateInner for the gradient. */
export function integratePairs(law: usize, first: u32, end: u32, mode: usize): f64 {
  placeInnerNodes(law, first, end, mode);
  const sumBytes = <usize>(end - first) << 4;
  memory.fill(pairSums, 0, sumBytes);
  const zero = f64x2.splat(0);
  let total = zero;
  let effects = zero;
  let reference = zero;
  const nodes = <usize>slotU32(innerFactor, Factor.nodes);
  const numNodes = slotU32(innerFactor, Factor.numNodes);
  for (let n: u32 = 0; n < numNodes; n += 2) {
    const node = nodes + (<usize>n << 4);
    const isLast = n + 1 === numNodes;
    const v = toInnerNodes(node, isLast ? node : node + 16);
    const loss = linearLosses(law, first, end, v);
    if (n === 0) reference = f64x2.splat(f64x2.extract_lane(loss, 0));
    const logWeight = f64x2.replace_lane(v128.load64_splat(node + 8), 1, load<f64>(isLast ? node + 8 : node + 24));
    // The product that loss leaves out divides, so that no logarithm is needed.
    let share = f64x2.div(exp2(f64x2.add(f64x2.sub(logWeight, loss), reference)), product);
    if (isLast) share = f64x2.replace_lane(share, 1, 0.0);
    total = f64x2.add(total, share);
    let along = zero;
    let from = pairSlopes;
    let to = pairSums;
    for (let at = <usize>first << 3, last = <usize>end << 3; at < last; at += 8, from += 16, to += 16) {
      const slopes = v128.load(from);
      v128.store(to, f64x2.add(v128.load(to), f64x2.mul(share, slopes)));
      along = f64x2.add(along, f64x2.mul(slopes, v128.load64_splat(innerZ + at)));
    }
    effects = f64x2.add(effects, f64x2.mul(f64x2.mul(share, along), v));
  }
  const mass = sumOf2(total);
  memory.fill(smallAt(Small.innerTau), 0, <usize>(Small.nodeTau - Small.innerTau) << 3);
  store<f64>(smallAt(Small.innerEffects), sumOf2(effects) / mass);
  let from = pairSums;
  for (let at = <usize>first << 3, last = <usize>end << 3; at < last; at += 8, from += 16) {
    store<f64>(innerSlope + at, sumOf2(v128.load(from)) / mass);
  }
  return f64x2.extract_lane(reference, 0) - Math.log(mass) + innerLogScale();
}
