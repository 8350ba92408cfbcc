import * as z from "zod/mini";
import type { GroupEffects } from "../prediction/group-effects.ts";
import { type ModelRecipe, parameterNames } from "../prediction/predictive-fit.ts";

/** What a file says of a fit's effects, beside their numbers: these stand one array after the other, in the order of `lengthsOf`. */
const count = () => z.int().check(z.gte(0));
export const effectsSchema = () =>
  z.array(
    z.object({
      factor: z.string(),
      names: z.array(z.string()),
      numLevels: count(),
      known: z.union([
        z.object({ kind: z.literal("draws"), numDraws: z.int().check(z.gte(1)) }),
        z.object({ kind: z.literal("laws"), parameters: count(), outerEffects: count() }),
      ]),
    }),
  );
export type EffectsHeader = z.infer<ReturnType<typeof effectsSchema>>;

export function effectsHeader(effects: readonly GroupEffects[]): EffectsHeader {
  return effects.map(({ factor, names, numLevels, known }) => ({
    factor,
    names: [...names],
    numLevels,
    known:
      known.kind === "draws"
        ? { kind: known.kind, numDraws: known.numDraws }
        : {
            kind: known.kind,
            parameters: known.center.length,
            outerEffects: (known.outer?.slopes.length ?? 0) / (numLevels * names.length),
          },
  }));
}

/** The numbers of a fit's effects, in the order of `lengthsOf`. */
export function arraysOfEffects(effects: readonly GroupEffects[]): Float64Array[] {
  return effects.flatMap(({ mean, sd, known }) => {
    if (known.kind === "draws") return [mean, sd, known.values];
    const { center, scale, slopes, factors, outer } = known;
    return [mean, sd, center, scale, slopes, factors, ...(outer ? [outer.levelOf, outer.slopes] : [])];
  });
}

function lengthsOf({ names, numLevels, known }: EffectsHeader[number]): number[] {
  const size = numLevels * names.length;
  if (known.kind === "draws") return [size, size, size * known.numDraws];
  const { parameters, outerEffects } = known;
  const ofOuter = outerEffects > 0 ? [numLevels, size * outerEffects] : [];
  return [size, size, parameters, parameters, size * parameters, size * names.length, ...ofOuter];
}

export function numbersOfEffects(header: EffectsHeader): number {
  return header.flatMap(lengthsOf).reduce((sum, length) => sum + length, 0);
}

/**
 * The effects that the header describes. @param take gives the next so many numbers
 * @throws Error where they are not those of the recipe's groups
 */
export function effectsFrom(
  header: EffectsHeader,
  recipe: ModelRecipe,
  take: (length: number) => Float64Array,
): GroupEffects[] {
  requireFactors(header, recipe);
  return header.map((own, f) => {
    const { factor, names, numLevels, known } = own;
    const [mean, sd, ...rest] = lengthsOf(own).map(take);
    if ([mean, sd, ...rest].some((values) => !values.every(Number.isFinite)))
      throw new Error(`the effects of ${factor} are not all numbers`);
    const about = { factor, names, numLevels, mean, sd };
    if (known.kind === "draws") return { ...about, known: { ...known, values: rest[0] } };
    const [center, scale, slopes, factors, levelOf, ofOuter] = rest;
    const isLevel = (level: number) => Number.isInteger(level) && level >= 0 && level < header[f - 1]?.numLevels;
    if (levelOf && !levelOf.every(isLevel)) throw new Error(`the levels of ${factor} do not lie within others`);
    const outer = levelOf && { levelOf, slopes: ofOuter };
    return { ...about, known: { kind: "laws", center, scale, slopes, factors, ...(outer && { outer }) } };
  });
}

function requireFactors(header: EffectsHeader, recipe: ModelRecipe): void {
  const factors = recipe.groups?.factors ?? [];
  if (header.length !== factors.length) throw new Error("its effects are not of the groups of its model");
  const numParameters = parameterNames(recipe).length;
  factors.forEach(({ name, numLevels, terms }, f) => {
    const own = header[f];
    const names = terms.flatMap(({ effects }) => effects.map((effect) => effect.name));
    const isOwn = own.factor === name && own.numLevels === numLevels && own.names.join("\n") === names.join("\n");
    const outerEffects = own.known.kind === "laws" ? own.known.outerEffects : 0;
    const isLinear = own.known.kind === "draws" || own.known.parameters === numParameters;
    if (!isOwn || !isLinear || (outerEffects > 0 && header[f - 1]?.names.length !== outerEffects))
      throw new Error(`its effects of ${name} are not those of its model`);
    if (own.known.kind !== header[0].known.kind || numDrawsOf(own) !== numDrawsOf(header[0]))
      throw new Error("its factors' effects are not of the same draws");
  });
}

const numDrawsOf = ({ known }: EffectsHeader[number]) => (known.kind === "draws" ? known.numDraws : 0);
