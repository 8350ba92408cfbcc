import { InputError } from "../../errors.ts";
import type { Factor } from "../../formula/formula.ts";
import { factorName } from "../../formula/formula-text.ts";
import { closestNames, listed } from "../../suggest.ts";
import type { CompleteRows } from "../../table/complete-rows.ts";
import { formatCount } from "../../table/table-source.ts";
import { quoted } from "../../wording.ts";
import type { CategoricalFactor } from "../columns/factors.ts";
import type { DesignRecipe } from "../design-types.ts";

/** What to do where other rows have a level that the fit has not seen. */
export type UnknownLevels = "error" | "reference";

/** Looks at the levels of categorical factors, chunk by chunk, for such as the fit has not seen. */
export class LevelCheck {
  /** Rows with an unknown level, by factor. */
  readonly unknownRows = new Map<string, number>();
  private readonly known: Map<string, ReadonlySet<string>>;

  constructor(
    private readonly levels: DesignRecipe["levels"],
    private readonly policy: UnknownLevels,
    private readonly remedy = "predict with --unknown-levels reference, which takes such rows as having none of the known levels' coefficients",
  ) {
    this.known = new Map(Object.entries(levels).map(([name, list]) => [name, new Set(list)]));
  }

  knows(factor: string, level: string): boolean {
    return this.levelsOf(factor).has(level);
  }

  /** @throws InputError where the recipe is not that of its formula */
  private levelsOf(factor: string): ReadonlySet<string> {
    const known = this.known.get(factor);
    if (!known) throw new InputError(`The fit has no levels of ${factor}, which its formula reads; fit again.`);
    return known;
  }

  /** @throws InputError naming factor, level and row of the first unknown level, unless such levels are to be the reference. */
  check(factor: CategoricalFactor, codes: Int32Array, rows: Pick<CompleteRows, "rowNumber">): void {
    const known = this.levelsOf(factor.name);
    const isUnknown = new Map<number, boolean>();
    let count = 0;
    for (let i = 0; i < codes.length; i++) {
      let unknown = isUnknown.get(codes[i]);
      if (unknown === undefined) {
        unknown = !known.has(factor.label(codes[i]));
        isUnknown.set(codes[i], unknown);
      }
      if (!unknown) continue;
      if (this.policy === "error") throw this.unknownLevel(factor.name, factor.label(codes[i]), rows.rowNumber(i));
      count++;
    }
    if (count > 0) this.unknownRows.set(factor.name, (this.unknownRows.get(factor.name) ?? 0) + count);
  }

  private unknownLevel(name: string, level: string, row: number): InputError {
    const close = closestNames(level, this.levels[name]).map((other) => `"${other}"`);
    const hint = close.length > 0 ? ` (did you mean ${listed(close, "or")}?)` : "";
    return new InputError(
      `${name} is ${quoted(level)} in data row ${formatCount(row)}, a level that no row of the fit has${hint}; correct it, or ${this.remedy}.`,
    );
  }
}

/** The texts that the fit has seen in a column; undefined where it counts the words of them. */
export function knownTexts(
  column: string,
  { inputs, levels, target, groups }: DesignRecipe,
  terms: readonly { readonly factors: readonly Factor[] }[],
): readonly string[] | undefined {
  const names = terms.flatMap(({ factors }) =>
    factors.filter(({ expression }) => expression.kind === "column" && expression.name === column).map(factorName),
  );
  const own = inputs.find(({ name }) => name === column)?.texts ?? [];
  const columns = groups?.factors.flatMap((factor) => factor.columns) ?? [];
  const grouping = columns.find(({ name, levels }) => name === column && levels.kind === "text")?.levels;
  if (grouping?.kind === "text") return grouping.values;
  const known = new Set([...own, ...names.flatMap((name) => levels[name] ?? [])]);
  if (target.name === column || target.name.startsWith(`${column} = `))
    for (const level of target.levels ?? []) known.add(level);
  return known.size > 0 ? [...known] : undefined;
}
