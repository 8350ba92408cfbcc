import { keyOf, type Term } from "../formula/expand-terms.ts";
import { factorName } from "../formula/formula-text.ts";
import type { ChebyshevSeries } from "../formula/polynomials.ts";
import { compileFactor, type FactorReader, refuseSameFactors } from "./columns/factors.ts";
import type { CompiledFormula } from "./compile-formula.ts";
import type { CompiledGroup } from "./groups/group-columns.ts";
import { TermRows } from "./term-rows.ts";

/** What reads the rows' columns: each term once, be it of fixed effects, of slopes that vary by group, or of both. */
export function compileTerms(
  { expanded, factors, scope }: CompiledFormula,
  polynomials: ReadonlyMap<string, ChebyshevSeries>,
): {
  readonly terms: readonly TermRows[];
  readonly groups: readonly CompiledGroup[];
  readonly all: readonly TermRows[];
} {
  const readers = new Map<string, FactorReader>();
  const byKey = new Map<string, TermRows>();
  const compile = ({ name, factors }: Term): TermRows => {
    const key = keyOf(factors);
    const known = byKey.get(key);
    if (known) return known;
    const own = factors.map((factor) => {
      const name = factorName(factor);
      return readers.get(name) ?? compileFactor(factor, scope, { series: polynomials.get(name) });
    });
    for (const reader of own) readers.set(reader.name, reader);
    const rows = new TermRows(name, own);
    byKey.set(key, rows);
    return rows;
  };
  const terms = expanded.terms.map(compile);
  const groups = expanded.groups.map((group) => ({ ...group, slopes: group.terms.map(compile) }));
  refuseSameFactors(factors, readers, scope.text);
  return { terms, groups, all: [...byKey.values()] };
}
