/** A copy of the object with additional properties that are not enumerable. */
export function withHidden<Data extends object, Hidden extends object>(data: Data, hidden: Hidden): Data & Hidden {
  const descriptors = Object.entries(hidden).map(([name, value]) => [
    name,
    { value, writable: true, configurable: true },
  ]);
  return Object.defineProperties({ ...data }, Object.fromEntries(descriptors)) as Data & Hidden;
}
