/** The smallest number of letters to insert, delete, replace, or swap with their neighbour (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let last: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) next[j] = Math.min(next[j], last[j - 2] + 1);
    }
    last = row;
    row = next;
  }
  return row[b.length];
}

/** Up to three names that may have been meant, closest first. */
export function closestNames(name: string, candidates: readonly string[]): string[] {
  const wanted = name.toLowerCase();
  const limit = Math.max(1, Math.floor(name.length / 3));
  return candidates
    .map((candidate) => {
      const other = candidate.toLowerCase();
      const isPart = wanted.length >= 3 && (other.includes(wanted) || wanted.includes(other));
      return { candidate, distance: isPart ? limit : editDistance(wanted, other) };
    })
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** "Did you mean …?", or otherwise the list of choices. */
export function suggestion(name: string, candidates: readonly string[], what: string): string {
  const close = closestNames(name, candidates);
  if (close.length > 0) return `did you mean ${listed(close, "or")}?`;
  const shown = candidates.length > 12 ? [...candidates.slice(0, 10), `… (${candidates.length} in all)`] : candidates;
  return `${what} ${shown.join(", ")}.`;
}

/** "a", "a and b", "a, b and c" */
export function listed(words: readonly string[], conjunction: string): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${conjunction} ${words.at(-1)}`;
}
