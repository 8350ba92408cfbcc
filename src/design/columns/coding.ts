/** How a categorical factor becomes columns: an indicator for every level, or for every level but the first. */
type Coding = "full" | "reduced";

/** A term as far as coding goes: the names of its categorical factors, and a key of its numeric ones. */
export interface CodedTerm {
  readonly categoricals: readonly string[];
  readonly numericKey: string;
}

/** Categorical factors with their codings; a term's columns are those of its parts, part by part. */
export type TermPart = ReadonlyMap<string, Coding>;

/**
 * Chooses each term's coding so that the columns span what the formula means and are not redundant, as patsy does
 * (https://patsy.readthedocs.io/en/latest/formulas.html): `a` spans {1, a−}, where a− is the reduced coding; whatever
 * earlier terms with the same numeric factors span already is left out. So `1 + a` codes `a` reduced, `0 + a` full,
 * `x:a` full, and `x + x:a` reduced. Cost 2^(categorical factors) a term.
 */
export function chooseCoding(terms: readonly CodedTerm[], hasIntercept: boolean): TermPart[][] {
  const spanned = new Map<string, Set<string>>();
  if (hasIntercept) spanned.set("", new Set([""]));
  return terms.map(({ categoricals, numericKey }) => {
    const known = spanned.get(numericKey) ?? new Set<string>();
    spanned.set(numericKey, known);
    const parts: Map<string, Coding>[] = [];
    for (const subset of subsets(categoricals)) {
      const key = [...subset].sort().join("\n");
      if (known.has(key)) continue;
      known.add(key);
      parts.push(new Map(subset.map((name) => [name, "reduced"])));
    }
    return merged(parts);
  });
}

/** Smallest first. */
function subsets(names: readonly string[]): string[][] {
  let all: string[][] = [[]];
  for (const name of names) all = all.concat(all.map((subset) => [...subset, name]));
  return all.sort((a, b) => a.length - b.length);
}

/** Joins `p` and `p:a−` into `p:a`, as long as there are such pairs. */
function merged(parts: Map<string, Coding>[]): TermPart[] {
  for (const short of parts) {
    for (const long of parts) {
      if (long.size !== short.size + 1) continue;
      const extra = [...long.keys()].find((name) => !short.has(name));
      if (extra === undefined || long.get(extra) === "full") continue;
      if (![...short].every(([name, coding]) => long.get(name) === coding)) continue;
      const joined = new Map(long).set(extra, "full");
      return merged(parts.filter((part) => part !== short).map((part) => (part === long ? joined : part)));
    }
  }
  return parts;
}
