import type { DesignTarget } from "../design-types.ts";

/** The names of the classes that have coefficients, `species[setosa]`; none where the target has no classes. */
export function classNames({ kind, name, levels }: DesignTarget, hasReference: boolean): string[] {
  if (kind !== "classes") return [];
  return levels.slice(hasReference ? 1 : 0).map((level) => `${name}[${level}]`);
}
