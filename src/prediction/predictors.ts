import type { EncodedRows } from "../design/recipe/encode-rows.ts";
import { families } from "../families/families.ts";
import { evenPlaces } from "./group-effects.ts";
import { effectDrawsOf, type GroupOptions, GroupPredictor } from "./group-predictor.ts";
import { coefficientNames, drawsOf, type PredictiveFit } from "./predictive-fit.ts";

/**
 * The largest number of coefficients × draws held in memory (256 MiB); models with very many coefficients use fewer
 * draws.
 */
const maxNumbers = 2 ** 25;

/** Linear predictors of rows at S draws of a posterior, evenly spaced over its chains. */
export class Predictors {
  /** S */
  readonly numDraws: number;
  /** P, the number of linear predictors of a row: 1, or one for each class, where those of a reference class are 0. */
  readonly numPredictors: number;
  /** Which of the fit's draws these are, counted over all chains one after the other. */
  readonly chosen: Uint32Array;
  /** The family's auxiliary parameters at each draw, on the data's own scale. */
  readonly auxiliaries: readonly Float64Array[];
  /** D × P × S: for each column, its coefficients of P predictors at S draws. */
  private readonly coefficients: Float64Array;
  /** P × S: the intercepts, or 0. */
  private readonly constants: Float64Array;
  /** Where the predictors that have coefficients begin: at S if there is a reference class. */
  private readonly start: number;
  /** What groups add; absent where there are none. */
  private readonly groups: GroupPredictor | undefined;
  private columns = new Int32Array(64);
  private values = new Float64Array(64);

  /**
   * @param maxDraws S at most
   * @throws InputError if the fit lacks the draws of a coefficient
   */
  constructor(fit: PredictiveFit, maxDraws: number, ofGroups: GroupOptions) {
    const { recipe } = fit;
    const names = coefficientNames(recipe);
    const most = Math.min(maxDraws, Math.max(1, Math.floor(maxNumbers / names.length)));
    const chosen = chooseDraws(drawsOf(fit, names[0]), most, { effectDraws: effectDrawsOf(fit, ofGroups.choice) });
    const byName = (name: string) => at(drawsOf(fit, name), chosen.draws);
    const thinned = names.map(byName);
    const numDraws = thinned[0].length;
    const outputs = recipe.target.kind === "classes" ? recipe.target.levels.length - Number(recipe.hasReference) : 1;
    const numColumns = recipe.columns.length;
    const size = outputs * numDraws;
    this.numDraws = numDraws;
    this.chosen = chosen.draws;
    this.numPredictors = outputs + Number(recipe.hasReference);
    this.start = recipe.hasReference ? numDraws : 0;
    this.coefficients = new Float64Array(numColumns * size);
    this.constants = new Float64Array(size);
    for (let j = 0; j < numColumns; j++) {
      for (let k = 0; k < outputs; k++) this.coefficients.set(thinned[k * numColumns + j], j * size + k * numDraws);
      if (recipe.hasIntercept && j === numColumns - 1)
        this.constants.set(this.coefficients.subarray(j * size, (j + 1) * size));
    }
    if (recipe.groups)
      this.groups = new GroupPredictor(fit, recipe.groups, ofGroups, { numDraws, byName, places: chosen.places });
    const learned = new Map(
      names.slice(numColumns * outputs).map((name, a) => [name, thinned[numColumns * outputs + a]]),
    );
    const own = families[recipe.family].auxiliaries.map(({ name }) => learned.get(name) ?? recipe.fixed[name]!);
    this.auxiliaries = Array.from({ length: numDraws }, (_, s) =>
      Float64Array.from(own, (values) => (typeof values === "number" ? values : values[s])),
    );
  }

  /** Writes the P × S linear predictors of the i-th of the encoded rows. Cost S P times the columns that are not 0. */
  predictInto(out: Float64Array, { blocks, offset, groups }: EncodedRows, i: number): void {
    const { constants, start } = this;
    if (start > 0) out.fill(0, 0, start);
    out.set(constants, start);
    const size = constants.length;
    if (offset) for (let t = start; t < start + size; t++) out[t] += offset[i];
    let count = 0;
    for (const { starts, columns, values } of blocks) {
      const end = starts ? starts[i + 1] : i + 1;
      for (let entry = starts ? starts[i] : i; entry < end; entry++) {
        if (columns[entry] < 0) continue;
        if (count === this.columns.length) this.makeRoom();
        this.columns[count] = columns[entry] * size;
        this.values[count++] = values ? values[entry] : 1;
      }
    }
    this.addColumns(out, count);
    if (groups) this.groups?.addTo(out.subarray(start, start + size), groups, i);
  }

  /** By grouping factor: rows so far whose level no row of the fit has. */
  get newLevels(): ReadonlyMap<string, number> {
    return this.groups?.newLevels ?? new Map();
  }

  private makeRoom(): void {
    const { columns, values } = this;
    this.columns = new Int32Array(2 * columns.length);
    this.columns.set(columns);
    this.values = new Float64Array(2 * values.length);
    this.values.set(values);
  }

  /** Adds four columns at a time, so that the sums are loaded and stored a quarter as often. */
  private addColumns(out: Float64Array, count: number): void {
    const { coefficients, columns, values, start } = this;
    const size = this.constants.length;
    let c = 0;
    for (; c + 3 < count; c += 4) {
      const [a, b, d, e] = [columns[c], columns[c + 1], columns[c + 2], columns[c + 3]];
      const [u, v, w, x] = [values[c], values[c + 1], values[c + 2], values[c + 3]];
      for (let t = 0; t < size; t++)
        out[start + t] +=
          u * coefficients[a + t] + v * coefficients[b + t] + w * coefficients[d + t] + x * coefficients[e + t];
    }
    for (; c < count; c++) {
      const [a, u] = [columns[c], values[c]];
      for (let t = 0; t < size; t++) out[start + t] += u * coefficients[a + t];
    }
  }
}

/** At most `most` draws, evenly spaced over all chains one after the other, or over those that effects were drawn with. */
function chooseDraws(
  chains: readonly Float64Array[],
  most: number,
  { effectDraws }: { readonly effectDraws: number | undefined },
): { readonly draws: Uint32Array; readonly places: Uint32Array } {
  const total = chains.length * chains[0].length;
  const kept = effectDraws ?? total;
  const places = evenPlaces(Math.min(most, kept), kept);
  const all = evenPlaces(kept, total);
  return { draws: places.map((place) => all[place]), places };
}

/** The draws at some places, over all chains one after the other. */
function at(chains: readonly Float64Array[], places: Uint32Array): Float64Array {
  const perChain = chains[0].length;
  return Float64Array.from(places, (place) => chains[Math.floor(place / perChain)][place % perChain]);
}
