import { recipeBlock } from "../recipe/design-recipe.ts";
import type { FactorOfLevels } from "./group-levels.ts";
import type { GroupedRows } from "./group-rows.ts";
import type { SortedLevels } from "./grouping-columns.ts";
import type { RecipeGroups, RecipeLevels } from "./recipe-types.ts";

/** What a recipe keeps of a design's groups. */
export function recipeGroupsOf({ design, levels, columns }: GroupedRows): RecipeGroups {
  const { places, blocks } = columns.slopes;
  const effects = design.factors.flatMap(({ terms }) => terms.flatMap((term) => term.effects));
  const slopes = places.map((place) => {
    const { name, mean, scale } = effects.find(({ column }) => column === place)!;
    return { name, mean, scale };
  });
  return {
    structure: design.structure,
    factors: design.factors.map(({ name, numLevels, terms }, f) => ({
      name,
      numLevels,
      ...levelsOf(levels.factors[f]),
      terms: terms.map(({ text, isCorrelated, effects }) => ({
        text,
        isCorrelated,
        effects: effects.map(({ name, column }) => ({ name, slope: places.indexOf(column) })),
      })),
    })),
    slopes,
    blocks: blocks.map(recipeBlock),
  };
}

function levelsOf({ columns, columnNames, numLevels, placeOf, isInOrder }: FactorOfLevels) {
  return {
    columns: columns.map((levels, c) => ({ name: columnNames[c], levels: compact(levels) })),
    ...(!isInOrder && {
      places: columns.map((_, c) => Array.from({ length: numLevels }, (_, level) => placeOf(level, c))),
    }),
  };
}

function compact({ kind, values }: SortedLevels): RecipeLevels {
  if (kind === "text") return { kind, values };
  const isRange = kind === "number" && values.every((value, k) => value === values[0] + k);
  if (isRange && Number.isInteger(values[0])) return { kind: "range", first: values[0], count: values.length };
  return { kind, values: Array.from(values) };
}
