// What tasks over groups' effects have in common: the θ whose turn it is, and the groups, one after the other.
import { GroupEntry, Groups } from "../layout/groups";
import { GroupEffects } from "../layout/group-effects";
import { Model } from "../layout/model";
import { setSlotU32, slotU32 } from "../memory/record";
import { effectBytes, loadRows } from "./group-rows";
import { prepareLaw } from "./law";
import { base, dimension, fixedPart, innerModes, numPredictors, openGroups } from "./work";

let model: usize = 0;
export let law: usize = 0;
/** Which θ it is. */
export let place: u32 = 0;
/** Of the group that is open: its first inner group, how many there are, and where their first rows stand. */
export let firstInner: u32 = 0;
export let numInner: u32 = 0;
export let starts: usize = 0;

/** Takes the next θ. @param scratch where the memory for the work on a group begins; before it stand the law and what a task has of its own */
export function openTask(task: usize, scratch: usize): void {
  model = <usize>slotU32(task, GroupEffects.model);
  law = <usize>slotU32(task, GroupEffects.scratch);
  place = slotU32(task, GroupEffects.next);
  setSlotU32(task, GroupEffects.next, place + 1);
  openGroups(model, scratch, false);
  prepareLaw(model, <usize>slotU32(task, GroupEffects.positions) + (<usize>(place * dimension) << 3), law);
}

/** Loads the rows of group `n`, without outer effects. */
export function openGroup(n: u32): void {
  const entry = <usize>slotU32(model, Model.rows) + <usize>n * GroupEntry.bytes;
  firstInner = load<u32>(entry, GroupEntry.first);
  numInner = load<u32>(entry, GroupEntry.end) - firstInner;
  const groups = <usize>slotU32(model, Model.groups);
  starts = <usize>slotU32(groups, Groups.innerStarts) + (<usize>firstInner << 2);
  const from = load<u32>(starts);
  const to = load<u32>(starts + (<usize>numInner << 2));
  loadRows(law, from, to);
  memory.copy(base, fixedPart, <usize>((to - from) * numPredictors) << 3);
  memory.fill(innerModes, 0, <usize>numInner * effectBytes);
}
