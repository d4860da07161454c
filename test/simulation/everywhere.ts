import { type Run, runStory } from "./run-story.ts";
import type { Story } from "./story.ts";

/** A small story that passes through everything there is: appends with and without ids and keys, a command, retention, a purge, alarms. */
export const SMALL_STORY: Story = {
  seed: 1,
  consumers: 2,
  actions: [
    { at: 0, do: "append", stream: "t1/note-1", count: 2, ids: [], key: 1, when: "none" },
    { at: 1, do: "append", stream: "t1/note-1", count: 2, ids: [1, 2], isTwice: true, when: "none" },
    { at: 2, do: "execute", stream: "t1/rivulet_source-a", command: "Configure", value: 1, key: 2, when: "none" },
    { at: 40, do: "append", stream: "t1/note-2", count: 3, ids: [], when: "new" },
    { at: 60, do: "retain", stream: "t1/note-2", keep: 1 },
    { at: 4_000, do: "fault", place: "message", mode: "lose", skip: 0, times: 1 },
    { at: 4_001, do: "append", stream: "t1/note-1", count: 1, ids: [], key: 3, when: "known" },
    { at: 4_300, do: "close", stream: "t1/note-1", purge: true, when: "none" },
    { at: 30_000, do: "read", stream: "t1/note-2" },
  ],
};

/** How the crashes went: `tried` of them, one at each step; and where one broke something, at which step and how. */
export interface Everywhere {
  readonly tried: number;
  readonly failed: readonly { readonly step: number; readonly fault: string }[];
  readonly runs: readonly Run[];
}

/** Runs a story again and again: the first time the first step crashes who takes it, then the second, until the story has no more. */
export async function crashEverywhere(story: Story = SMALL_STORY): Promise<Everywhere> {
  const runs: Run[] = [];
  const failed: { step: number; fault: string }[] = [];
  for (let step = 1; ; step++) {
    const run = await runStory(story, { crashAt: step });
    if (run.figures.steps < step) return { tried: step - 1, failed, runs };
    runs.push(run);
    if (run.fault !== undefined) failed.push({ step, fault: run.fault });
  }
}
