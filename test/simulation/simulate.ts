import { type Figures, runStory } from "./run-story.ts";
import { type Story, storyOf } from "./story.ts";

/** How a seed went: its story, what was wrong (if anything), and a hash over everything that happened. */
export interface Simulated {
  readonly ok: boolean;
  readonly fault: string | undefined;
  readonly story: Story;
  readonly digest: string;
  readonly figures: Figures;
}

/** Simulates one seed. `cloudflare:workers` must be resolvable: see resolve-workers.ts. */
export async function simulate({ seed }: { readonly seed: number }): Promise<Simulated> {
  const story = storyOf(seed);
  const { fault, digest, figures } = await runStory(story);
  return { ok: fault === undefined, fault, story, digest, figures };
}
