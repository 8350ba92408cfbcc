// The part of a group's gradient that is not linear around θ̂, for control variates.
import { evaluateGroup } from "./group";
import { addScaled } from "./small";
import { change, dimension, gradient, kept, Wanted } from "./work";

/** Leaves ∇ℓ(θ) − ∇ℓ(θ̂) − ∇²ℓ(θ̂) (θ − θ̂) at `gradient`; returns ℓ(θ). `direction` is θ − θ̂. */
export function residualOf(model: usize, law: usize, centerLaw: usize, entry: usize, direction: usize): f64 {
  evaluateGroup(model, centerLaw, entry, Wanted.change, direction);
  memory.copy(kept, gradient, <usize>dimension << 3);
  addScaled(kept, 1.0, change, dimension);
  const loss = evaluateGroup(model, law, entry, Wanted.gradient, 0);
  addScaled(gradient, -1.0, kept, dimension);
  return loss;
}
