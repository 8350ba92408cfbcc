/** How coefficients are laid out as netCDF variables; for the reasons see docs/decisions/0008-saved-fits.md. */

/** Up to this number of coefficients each has a variable of its own. */
const maxVariables = 200;
/** Name of the variable that holds all linear coefficients if there are more. */
const vectorName = "beta";
/** NC_MAX_NAME, less space for a suffix that distinguishes names. */
const longestName = 240;

/** One variable of the group `posterior`: its name in the file and the coefficients it holds. */
export interface SavedVariable {
  readonly variable: string;
  readonly coefficients: readonly string[];
  /** Has the dimensions (chain, draw, coefficient); the others have (chain, draw). */
  readonly isVector: boolean;
}

/**
 * The variables of `posterior` in their order: one for each coefficient, or, where there are very many, the vector `beta`
 * of the linear ones and one for each auxiliary parameter.
 */
export function savedVariables(linear: readonly string[], auxiliaries: readonly string[]): SavedVariable[] {
  const scalars = (names: readonly string[], taken: readonly string[]) => {
    const variables = variableNames(names, taken);
    return names.map((name, i) => ({ variable: variables[i], coefficients: [name], isVector: false }));
  };
  if (linear.length <= maxVariables) return scalars([...linear, ...auxiliaries], ["chain", "draw"]);
  return [
    { variable: vectorName, coefficients: linear, isVector: true },
    ...scalars(auxiliaries, ["chain", "draw", "coefficient", vectorName]),
  ];
}

/**
 * Names that HDF5 and netCDF accept, different from each other and from those already taken: the coefficient's own name,
 * with "∕" (U+2215) for the path separator "/", without control characters and blanks at the ends, in Unicode's form C.
 */
export function variableNames(names: readonly string[], taken: readonly string[]): string[] {
  const used = new Set(taken);
  return names.map((name) => {
    const plain = name
      .normalize("NFC")
      .replaceAll("/", "∕")
      .replaceAll(/\p{Cc}/gu, " ")
      .trim();
    const base = shortened(plain === "" || /^\.+$/.test(plain) ? `_${plain}` : plain);
    let variable = base;
    for (let n = 2; used.has(variable); n++) variable = `${base}_${n}`;
    used.add(variable);
    return variable;
  });
}

/** At most `longestName` bytes of UTF-8, whole characters. */
function shortened(name: string): string {
  const encoder = new TextEncoder();
  if (encoder.encode(name).length <= longestName) return name;
  let kept = "";
  let bytes = 0;
  for (const character of name) {
    bytes += encoder.encode(character).length;
    if (bytes > longestName) break;
    kept += character;
  }
  return kept;
}
