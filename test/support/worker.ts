import { z } from "zod";
import { compose } from "../../src/compose.ts";
import { defineEvents, defineProjection, type View } from "../../src/kernel/index.ts";
import { eventTypesView } from "../../src/views/event-types.ts";
import { rowView } from "../../src/views/row-view.ts";
import { sourcesView } from "../../src/webhooks/source.ts";
import { faultyShards } from "./faults.ts";

/** A view that tests fill in: it folds what `testView.fold` says. */
export const testView: { fold: View["fold"] } = { fold: () => [] };

const noteEvents = defineEvents("notes", {
  Written: z.object({ text: z.string(), stars: z.int().optional() }),
  Starred: z.object({}),
  Erased: z.object({}),
});

/** A declared view of the streams `note-…`: text, stars, and how often it was written. */
export const notes = defineProjection({
  name: "notes",
  version: 1,
  events: [noteEvents],
  key: "noteId",
  row: z.object({ noteId: z.string(), text: z.string(), stars: z.int(), isLong: z.boolean(), author: z.string().nullable() }),
  search: ["text"],
  on: {
    "notes.Written": (row, { data: { text, stars } }) => ({ text, stars: stars ?? row?.stars ?? 0, isLong: text.length > 20, author: null }),
    "notes.Starred": (row) => row && { ...row, stars: row.stars + 1 },
    "notes.Erased": () => undefined,
  },
});

/** The views of the engine under test; tests may put others in. */
export const testViews: View[] = [
  eventTypesView,
  {
    name: "test_view",
    version: 1,
    rows: "SELECT '' AS key, '' AS row WHERE ?1 = ''",
    discard: () => [],
    fold: (scope, events, read) => testView.fold(scope, events, read),
  },
  sourcesView,
  rowView(notes),
];

const { Aggregate, Dispatcher, KeyRegistry, worker } = compose({ shards: faultyShards, views: testViews });
export { Aggregate, Dispatcher, KeyRegistry };
export default worker;
