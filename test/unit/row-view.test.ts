import { expect, test } from "vitest";
import { z } from "zod";
import { defineEvents, defineProjection, type JsonText, type LoggedEvent } from "../../src/kernel/index.ts";
import { rowView } from "../../src/views/row-view.ts";

const events = defineEvents("guests", { Came: z.object({ day: z.string(), mood: z.string() }) });
const own = defineProjection({
  name: "guests",
  version: 2,
  events: [events],
  key: "guest",
  row: z.object({ guest: z.string(), mood: z.string() }),
  search: ["mood"],
  on: { "guests.Came": (_, { data: { mood } }) => ({ mood }) },
});
const shared = defineProjection({
  name: "days",
  version: 2,
  events: [events],
  key: "day",
  row: z.object({ day: z.string(), visits: z.int() }),
  keyOf: { "guests.Came": ({ data }) => data.day },
  without: (row, part) => (row.visits > part.visits ? { visits: row.visits - part.visits } : undefined),
  on: { "guests.Came": (row) => ({ visits: (row?.visits ?? 0) + 1 }) },
});

const came = (mood: string): LoggedEvent =>
  ({
    type: "guests.Came",
    stream: "guest-ann",
    position: 2,
    version: 2,
    schemaVersion: 1,
    data: JSON.stringify({ day: "monday", mood }) as JsonText,
  }) as LoggedEvent;
const known = [{ key: "ann", text: '{"guest":"ann","mood":"glad"}', stream: "guest-ann", isPart: 0 }];

test("a row that comes out as it was is not written, nor looked for by its words anew", () => {
  const written = (mood: string): string => JSON.stringify(rowView(own).fold("t", [came(mood)], known));
  expect(written("sad")).toContain("sad");
  expect(written("glad")).not.toContain("glad");
  expect(written("glad")).not.toContain("INSERT INTO view_rows");
});

test("rows of one stream are forgotten whatever code has made them; of what several make only what this code has added is taken away", () => {
  expect([1, 2, 3].map((version) => rowView(own).forgets?.(version))).toEqual([true, true, true]);
  expect([1, 2, 3].map((version) => rowView(shared).forgets?.(version))).toEqual([false, true, false]);
});
