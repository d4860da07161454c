import type { Figure } from "./figure.ts";
import { hot, hotUntraced, hundredFigure, loneFigure, newFigure, warmFigure } from "./figures/appends.ts";
import { filterFigures } from "./figures/filters.ts";
import { limitFigures } from "./figures/limited.ts";
import { liveAfterAnswerFigure, liveFigure } from "./figures/live.ts";
import { bareFigure } from "./figures/pipeline.ts";
import { readingFigure } from "./figures/reading.ts";
import { sustainedBatchFigure, sustainedFigure } from "./figures/sustained.ts";
import { tokenFigure, visibleFigure } from "./figures/visible.ts";

/** Every figure. Neighbours share yardsticks where they can: the same number of clients, spread alike. */
export const FIGURES: readonly Figure[] = [
  hot(1),
  loneFigure,
  liveFigure,
  liveAfterAnswerFigure,
  visibleFigure,
  tokenFigure,
  readingFigure,
  ...filterFigures,
  hot(16),
  hundredFigure,
  bareFigure,
  newFigure,
  ...limitFigures,
  hot(64),
  hotUntraced(64),
  warmFigure,
  sustainedFigure,
  sustainedBatchFigure,
];

/** What else can be asked for by name. */
export const COST = "cost";

/** The figures with these names, and whether the cost table is among them; all where none is named. An unknown name throws. */
export function chosen(names: readonly string[]): { readonly figures: readonly Figure[]; readonly withCost: boolean } {
  const known = [...FIGURES.map(({ name }) => name), COST];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`expected --only to be one of ${known.join(", ")}, got "${unknown}"`);
  if (names.length === 0) return { figures: FIGURES, withCost: true };
  return { figures: FIGURES.filter(({ name }) => names.includes(name)), withCost: names.includes(COST) };
}
