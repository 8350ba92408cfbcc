/** A text as an SQL literal. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

const reservedWords = new Set(
  "all analyse analyze and anti any array as asc asof asymmetric at authorization binary both by case cast check collate collation column columns concurrently constraint create cross default deferrable desc describe distinct do else end except false fetch for foreign freeze from full generated glob group having ilike in initially inner intersect into is isnull join lambda lateral leading left like limit map natural not notnull null offset on only or order outer overlaps pivot pivot_longer pivot_wider placing positional primary qualify references returning right select semi show similar some struct summarize symmetric table tablesample then to trailing true try_cast union unique unpack unpivot using variadic verbose when where window with".split(
    " ",
  ),
);

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A name to paste into SQL, in quotes only if it needs them. */
export function sqlName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/i.test(name) && !reservedWords.has(name.toLowerCase()) ? name : quoted(name);
}

/** A text to paste into a shell. */
export function shellText(text: string): string {
  return `"${text.replace(/[\\"$`]/g, "\\$&")}"`;
}
