import { type ExpressionScope, findColumn } from "../../formula/expression.ts";
import { type Formula, parseFormula, visitColumns } from "../../formula/formula.ts";
import { distinctTerms, type FormulaTerms, formulaTerms } from "../../formula/formula-terms.ts";
import { factorName } from "../../formula/formula-text.ts";
import { isWordCount, textColumns } from "../../formula/words.ts";
import { CompleteRowReader } from "../../table/complete-rows.ts";
import type { TableChunk, TableSource } from "../../table/table-source.ts";
import { compileFactor, type FactorReader } from "../columns/factors.ts";
import type { DesignRecipe, RecipeBlock } from "../design-types.ts";
import { type EncodedGroups, GroupEncoder } from "../groups/encode-groups.ts";
import { groupingTexts } from "../groups/grouping-columns.ts";
import { type ObservedTargets, type ObservedTrials, observeTargets, observeTrials } from "../target/observed-target.ts";
import { TermRows } from "../term-rows.ts";
import { BlockEncoder, type EncodedBlock, tellsOfRows } from "./block-encoder.ts";
import { type ColumnReader, chunkLike, readLike } from "./like-fitted.ts";
import { knownTexts, LevelCheck, type UnknownLevels } from "./recipe-levels.ts";
import { compileOffset, type RowNumbers } from "./row-numbers.ts";

/** Rows on the data's own scale; those that miss a value are left out. */
export interface EncodedRows {
  /** Rows of the chunk, with those left out. */
  readonly numRows: number;
  /** The place in the chunk, from 0, of each encoded row. */
  readonly indices: Int32Array;
  readonly blocks: readonly EncodedBlock[];
  readonly offset?: Float64Array;
  /** Where the fit has group terms. */
  readonly groups?: EncodedGroups;
  /**
   * The target of each encoded row, coded as the fit's (classes by number); NaN where it is missing or of a class that the
   * fit does not know. Absent where the data has no target.
   */
  readonly target?: Float64Array;
  /** How many trials each encoded row has; NaN where it is missing. Absent of other targets, or where the data have none. */
  readonly trials?: Float64Array;
}

export interface EncodeOptions {
  /** "error", unless told. */
  readonly unknownLevels?: UnknownLevels;
  /** What to do about a level that the fit has not seen, the end of a sentence, in place of what helps a prediction. */
  readonly remedy?: string;
  /** Whether the levels of grouping factors are read: not where all groups are new. True unless told. */
  readonly readGroups?: boolean;
  readonly signal?: AbortSignal;
}

/** Turns the rows of a table, chunk by chunk, into those that a recipe's coefficients multiply. */
export class RowEncoder {
  /** Whether the table has the target. */
  readonly hasTarget: boolean;
  readonly levels: LevelCheck;
  /** Rows whose levels occur in the fit, but not together, so that their interaction has no coefficient. */
  newCombinations = 0;
  private readonly reader = new CompleteRowReader();
  private readonly features = new Set<string>();
  /** The features of which texts are read, and no levels. */
  private readonly texts: ReadonlySet<string>;
  /** Numbers and dates that stand as texts in the table. */
  private readonly numberTexts = new Set<string>();
  private readonly readers = new Map<string, ColumnReader>();
  private readonly factors = new Map<string, FactorReader>();
  private readonly blocks: BlockEncoder[];
  private readonly offset: RowNumbers | undefined;
  private readonly targets: ObservedTargets | undefined;
  private readonly trials: ObservedTrials | undefined;
  private readonly groups: GroupEncoder | undefined;

  /** @throws InputError where the table misses a column, or has one of a type that cannot be read. */
  constructor(
    recipe: DesignRecipe,
    private readonly source: TableSource,
    private readonly options: EncodeOptions = {},
  ) {
    this.levels = new LevelCheck(recipe.levels, options.unknownLevels ?? "error", options.remedy);
    const formula = parseFormula(recipe.terms);
    const { terms: fixed, offsets, groups } = formulaTerms(formula, []);
    const all = distinctTerms([...fixed, ...groups.flatMap((group) => group.terms)]);
    const scope = this.scopeOf(recipe, formula, all);
    const used = recipe.blocks.filter(tellsOfRows);
    const slopes = recipe.groups?.blocks.filter(tellsOfRows) ?? [];
    const terms = all.filter(({ name }) => [...used, ...slopes].some((block) => block.term === name));
    const need = (name: string, at: number) => {
      findColumn(name, at, scope);
      this.features.add(name);
    };
    const factors = terms.flatMap((term) => term.factors);
    for (const { expression } of factors.filter((factor) => !isWordCount(factor))) visitColumns(expression, need);
    for (const expression of offsets) visitColumns(expression, need);
    this.targets = observeTargets(recipe, formula, scope);
    this.trials = observeTrials(formula, scope);
    const names = this.namesRead();
    const by = options.readGroups === false ? [] : groups.flatMap((group) => group.by);
    const texts = groupingTexts(by, names, scope);
    this.texts = new Set([...textColumns(factors, names), ...texts, ...this.numberTexts]);
    for (const { expression } of by) visitColumns(expression, need);
    for (const { expression } of factors.filter(isWordCount)) visitColumns(expression, need);
    const termRows = new Map<string, TermRows>();
    for (const { name, factors } of terms) {
      const readers = factors.map(
        (factor) =>
          this.factors.get(factorName(factor)) ?? compileFactor(factor, scope, fittedOf(recipe, factorName(factor))),
      );
      for (const reader of readers) this.factors.set(reader.name, reader);
      termRows.set(name, new TermRows(name, readers));
    }
    const encoderOf = (block: RecipeBlock) => new BlockEncoder(block, termRows.get(block.term), this.levels);
    this.blocks = used.map(encoderOf);
    const known = options.readGroups === false ? undefined : { groups, scope };
    this.groups = recipe.groups && new GroupEncoder(recipe.groups, slopes.map(encoderOf), known);
    this.offset = compileOffset(offsets, scope);
    this.hasTarget = this.targets !== undefined;
  }

  /** Whether the table tells how many trials its rows have. */
  get hasTrials(): boolean {
    return this.trials !== undefined;
  }

  private namesRead(): Set<string> {
    return new Set([...this.features, ...(this.targets?.names ?? []), ...(this.trials?.names ?? [])]);
  }

  get rowsRead(): number {
    return this.reader.rowsRead;
  }

  /** Rows left out as they miss a value of a feature. */
  get missingRows(): number {
    return this.reader.droppedRows;
  }

  /** How many values each column misses. */
  get missing(): ReadonlyMap<string, number> {
    return this.reader.missing;
  }

  /** Values of the target that cannot be scored, with the number of their rows. */
  get unusableTargets(): ReadonlyMap<string, number> {
    return this.targets?.unusable ?? new Map();
  }

  /** @throws InputError where a value cannot be used, or a level is unknown. */
  async *encode(): AsyncGenerator<EncodedRows> {
    const { names, texts } = this.wanted;
    for await (const chunk of this.source.chunks([...names], texts)) {
      this.options.signal?.throwIfAborted();
      yield this.encodeNext(chunk);
    }
  }

  /** The table's columns that are read, and of these the ones that are read as whole texts. */
  get wanted(): { readonly names: ReadonlySet<string>; readonly texts: ReadonlySet<string> } {
    return { names: this.namesRead(), texts: this.texts };
  }

  /**
   * Encodes the table's next rows.
   * @param change what else is made of them once their columns have the types that they had in the fit
   * @throws InputError where a value cannot be used, or a level is unknown
   */
  encodeNext(chunk: TableChunk, change: (chunk: TableChunk) => TableChunk = (same) => same): EncodedRows {
    return this.encodeChunk(change(chunkLike(chunk, this.readers, this.rowsRead + 1)));
  }

  private encodeChunk(chunk: TableChunk): EncodedRows {
    const first = this.rowsRead + 1;
    const features = new Map([...chunk.columns].filter(([name]) => this.features.has(name)));
    const rows = this.reader.read({ numRows: chunk.numRows, columns: features });
    const indices = Int32Array.from({ length: rows.chunk.numRows }, (_, i) => rows.rowNumber(i) - first);
    const cached = new Map<string, Float64Array | Int32Array>();
    for (const factor of this.factors.values()) {
      if (factor.kind !== "category") continue;
      const codes = factor.read(rows);
      cached.set(factor.name, codes);
      this.levels.check(factor, codes, rows);
    }
    const isNew = new Uint8Array(indices.length);
    const blocks = this.blocks.map((block) => block.encode(rows, cached, isNew));
    const groups = this.groups?.encode(rows, cached, isNew);
    for (const mark of isNew) this.newCombinations += mark;
    const target = this.targets?.read(chunk, first);
    const trials = this.trials?.read(chunk);
    return {
      numRows: chunk.numRows,
      indices,
      blocks,
      offset: this.offset?.(rows),
      ...(groups && { groups }),
      target: target && Float64Array.from(indices, (index) => target[index]),
      trials: trials && Float64Array.from(indices, (index) => trials[index]),
    };
  }

  /** The table's columns, those of the recipe with the types that they had. */
  private scopeOf(recipe: DesignRecipe, { text }: Formula, terms: FormulaTerms["terms"]): ExpressionScope {
    const columns = new Map(this.source.columns.map((info) => [info.name, info]));
    for (const fitted of recipe.inputs) {
      const given = columns.get(fitted.name);
      if (!given || given.type === "unsupported") continue;
      this.readers.set(fitted.name, readLike(fitted, given, knownTexts(fitted.name, recipe, terms)));
      if (fitted.type === "number" && given.type === "string") this.numberTexts.add(fitted.name);
      columns.set(fitted.name, fitted);
    }
    return { text, columns };
  }
}

/** What was found in the fit for a factor. */
function fittedOf({ levels, polynomials }: DesignRecipe, name: string) {
  return { words: levels[name], series: polynomials[name] };
}
