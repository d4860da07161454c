import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { crashEverywhere, SMALL_STORY } from "../simulation/everywhere.ts";
import { runStory } from "../simulation/run-story.ts";
import { shrink } from "../simulation/shrink.ts";
import { simulate } from "../simulation/simulate.ts";
import { type Action, type Story, storyOf } from "../simulation/story.ts";
import { storyText } from "../simulation/story-text.ts";
import { tell } from "./told.ts";
import type { World } from "../simulation/world/world.ts";

const SEEDS = Number(process.env["SEEDS"] ?? 1_000);
const MAIN = new URL("../simulation/main.ts", import.meta.url).pathname;

test("two builds that keep their state in other forms never read each other's snapshots", async () => {
  const add = (at: number, value: number): Action => ({ at, do: "execute", stream: "t1/tally-1", command: "Add", value, when: "none" });
  const many: Action = { at: 0, do: "append", stream: "t1/tally-1", count: 99, ids: [], when: "none" };
  const change: readonly Action[] = [
    { at: 2_000, do: "deploy", share: 1 },
    { at: 2_001, do: "crash", who: "t1/tally-1", step: 1 },
    { at: 2_002, do: "read", stream: "t1/tally-1" },
  ];
  const { fault, figures } = await runStory({ seed: 1, consumers: 1, actions: [many, add(1_000, 1), ...change, add(3_000, 2)] });
  expect(fault).toBeUndefined();
  expect([figures.builds, figures.crashes, figures.outcomes]).toEqual([["old", "new"], 1, { ok: 3 }]);
});

test("a seed tells the same story to the letter whenever it is run", async () => {
  for (const seed of [2, 7, 31, 148]) {
    const first = await simulate({ seed });
    expect(await simulate({ seed })).toEqual(first);
  }
});

test("different seeds tell different stories", async () => {
  const digests = await Promise.all([1, 2, 3].map(async (seed) => (await simulate({ seed })).digest));
  expect(new Set(digests).size).toBe(3);
});

test(`the engine keeps its promises in the stories of ${SEEDS} seeds`, async () => {
  // As anybody would run it: a seed that fails prints itself and its shortest form.
  const child = spawn(process.execPath, [MAIN, "--seeds", String(SEEDS)], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
  const [code] = await once(child, "exit");
  expect(code, said).toBe(0);
  tell(
    "simulation",
    said
      .trim()
      .split("\n")
      .at(-1)
      ?.replace(/, [\d.]+ s$/, "") ?? "",
  );
});

test("a crash at any step of a small story breaks nothing", async () => {
  const { tried, failed, runs } = await crashEverywhere();
  expect(failed).toEqual([]);
  expect(runs.map(({ figures }) => figures.crashes)).toEqual(Array.from({ length: tried }, () => 1));
  expect(tried).toBeGreaterThan(200);
  tell("crash points", `${tried} steps of one story, a crash at each of them, ${failed.length} failed`);
});

test("every kind of fault strikes, and two builds of the code are live at once", async () => {
  const struck = new Set<string>();
  const builds = new Set<string>();
  for (let seed = 1; seed <= 200; seed++) {
    const { figures } = await simulate({ seed });
    for (const kind of Object.keys(figures.faults)) struck.add(kind);
    if (figures.builds.length === 2) builds.add(figures.builds.join(" and "));
  }
  expect(KINDS.filter((kind) => !struck.has(kind))).toEqual([]);
  expect([...builds]).toContain("old and new");
});

const KINDS: readonly string[] = [
  "alarm abandon",
  "alarm before",
  "alarm double",
  "alarm given up",
  "alarm late",
  "alarm retried",
  "eviction",
  "log after",
  "log before",
  "log late answer",
  "log made anew",
  "log middle",
  "log refused",
  "log set back",
  "log slow",
  "message delay",
  "message double",
  "message given up",
  "message lose",
  "pull: acknowledge",
  "pull: acknowledge backwards",
  "pull: acknowledge each",
  "pull: acknowledge some",
  "pull: refuse",
  "pull: refuse some",
  "pull: vanish",
  "rpc after",
  "rpc before",
  "rpc slow",
  "send after",
  "send before",
  "send slow",
  "storage after",
  "storage before",
  "stream set back",
  "view compare",
  "view rebuild",
  "views after",
  "views before",
  "views late answer",
  "views middle",
  "views slow",
  "views stopped",
];

const TAMPERED: readonly (readonly [what: string, sql: string, store: "log" | "views" | "stream", found: RegExp])[] = [
  ["an event is gone from the log", "DELETE FROM events WHERE position = 2", "log", /position 3 where 2 belongs/],
  ["the log's data is another", `UPDATE events SET data = '{"mark":"x"}' WHERE position = 1`, "log", /the log has version 1/],
  ["two positions have changed places", "UPDATE events SET position = CASE position WHEN 1 THEN -2 ELSE -1 END WHERE position < 3", "log", /position/],
  ["the directory is behind", "UPDATE streams SET version = version - 1", "log", /the directory has/],
  ["a stream is marked as forked", "UPDATE streams SET forked = 'x'", "log", /marked as forked/],
  ["an event is counted twice", "UPDATE event_types SET count = count + 1", "views", /the fold of the log is/],
  ["a correlation is missing", "DELETE FROM correlations WHERE position = 1", "views", /the fold of the log is/],
  ["the views are behind", "UPDATE view_cursors SET position = position - 1", "views", /the views of t1 are at/],
  ["an event is gone from its stream", "DELETE FROM events_v1 WHERE version = 2", "stream", /version 3 stands where version 2 belongs/],
  ["the last events are gone everywhere", "DELETE FROM events_v1 WHERE version > 3", "stream", /the log has version 4/],
  [
    "an event's envelope is another",
    `UPDATE events_v1 SET envelope = replace(envelope, 'notes.Added', 'notes.Edited')`,
    "stream",
    /another hash than its content/,
  ],
  ["an event's data is another", `UPDATE events_v1 SET data = '{"mark":"x"}' WHERE version = 1`, "stream", /other data than its dataHash/],
];

test.each(TAMPERED)("the checks notice that %s", async (_, sql, store, found) => {
  const story: Story = { ...SMALL_STORY, actions: SMALL_STORY.actions.filter(({ do: does }) => does === "append" || does === "execute") };
  const atRest = (world: World): void => {
    const { database } = store === "stream" ? world.streams.host("t1/note-1") : world[store];
    database.run(sql, []);
  };
  expect((await runStory(story)).fault).toBeUndefined();
  expect((await runStory(story, { atRest })).fault).toMatch(found);
});

test("a story that fails is cut down to what it fails by", async () => {
  const story = storyOf(4);
  const guilty = story.actions.find((action) => action.do === "append");
  const shortest = await shrink(story, async ({ actions }) => actions.some((action) => action.at === guilty?.at && action.do === "append"));
  expect(shortest.actions).toHaveLength(1);
  expect(storyText(shortest)).toMatch(/^seed 4, 1 projector at a time\n +[0-9.]+ s {2}append 1 to \S+$/);
});
