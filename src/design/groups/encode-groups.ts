import { InputError } from "../../errors.ts";
import type { ExpressionScope } from "../../formula/expression.ts";
import { type FormulaGroup, groupingName } from "../../formula/formula-groups.ts";
import type { CompleteRows } from "../../table/complete-rows.ts";
import type { BlockEncoder } from "../recipe/block-encoder.ts";
import { factorKey } from "./group-levels.ts";
import { KnownLevels } from "./known-levels.ts";
import type { RecipeGroups } from "./recipe-types.ts";

/** Groups and slopes of other rows than the fit's. */
export interface EncodedGroups {
  /** For each of the recipe's factors the level of each row, −1 where the fit has none such; absent where none are read. */
  readonly levels?: readonly Int32Array[];
  /** rows × S, row-major: the recipe's slopes on the scale of the fit's rows. */
  readonly slopes: Float64Array;
}

export class GroupEncoder {
  private readonly factors: readonly KnownLevels[] | undefined;

  /**
   * @param blocks Of the slopes
   * @param known Where levels are read, the formula's group terms over the table
   * @throws InputError where the recipe does not fit together, or a column does not fit the table
   */
  constructor(
    private readonly recipe: RecipeGroups,
    private readonly blocks: readonly BlockEncoder[],
    known: { readonly groups: readonly FormulaGroup[]; readonly scope: ExpressionScope } | undefined,
  ) {
    if (!known) return;
    const byKey = new Map(known.groups.map(({ by }) => [factorKey(by.map(groupingName)), by]));
    this.factors = recipe.factors.map((factor) => {
      const names = factor.columns.map(({ name }) => name);
      const by = byKey.get(factorKey(names));
      if (!by)
        throw new InputError(`The fit has levels of ${factor.name}, which its formula does not group by; fit again.`);
      const own = names.map((name) => by.find((column) => groupingName(column) === name)!);
      return new KnownLevels(factor, own, known.scope);
    });
  }

  encode(rows: CompleteRows, cached: Map<string, Float64Array | Int32Array>, isNew: Uint8Array): EncodedGroups {
    const levels = this.factors?.map((factor) => factor.read(rows));
    return { ...(levels && { levels }), slopes: this.slopesOf(rows, cached, isNew) };
  }

  private slopesOf(rows: CompleteRows, cached: Map<string, Float64Array | Int32Array>, isNew: Uint8Array) {
    const { slopes } = this.recipe;
    const size = slopes.length;
    const values = new Float64Array(rows.chunk.numRows * size);
    for (const block of this.blocks) {
      const encoded = block.encode(rows, cached, isNew);
      encoded.columns.forEach((slope, i) => {
        if (slope >= 0) values[i * size + slope] = encoded.values?.[i] ?? 1;
      });
    }
    for (let at = 0; at < values.length; at++) {
      const { mean, scale } = slopes[at % size];
      values[at] = (values[at] - mean) / scale;
    }
    return values;
  }
}
