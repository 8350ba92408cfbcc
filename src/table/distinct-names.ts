/**
 * Names of columns, each different from the others and from those taken where capitals do not count, as they do not in DuckDB and
 * other readers: the later of two gets _2, as in saved fits.
 */
export function distinctNames(names: readonly string[], taken: readonly string[]): string[] {
  const key = (name: string) => name.toLowerCase();
  const used = new Set(taken.map(key));
  const own = new Set(names.map(key));
  return names.map((name) => {
    let column = name;
    for (let n = 2; used.has(key(column)) || (column !== name && own.has(key(column))); n++) column = `${name}_${n}`;
    used.add(key(column));
    return column;
  });
}
