import { z } from "zod";
import { compose } from "../../src/compose.ts";
import { modules } from "../../src/domains/index.ts";
import { type CommandToSend, defineEvents, defineHandler, defineModule, defineProjection, type ProjectedEvent, type View } from "../../src/kernel/index.ts";
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

/** Sinks and a handler that tests fill in. */
export const sinks: { fetch: typeof fetch; handle: (event: ProjectedEvent) => Promise<readonly CommandToSend[] | void> } = {
  fetch: async () => new Response(null, { status: 204 }),
  handle: async () => {},
};

/** How far (milliseconds) the clock of the engine under test is ahead. */
export const clock = { aheadMs: 0 };

const tested = defineModule({
  name: "tested",
  handlers: [
    defineHandler({
      name: "tested",
      on: ["handled.#"],
      retry: { maxAttempts: 3, minDelayMs: 1, maxDelayMs: 2 },
      handle: (event) => sinks.handle(event),
    }),
  ],
});

const { Aggregate, Alerts, Circuit, Denials, Dispatcher, Eraser, Follower, KeyRegistry, Metrics, RateLimit, TenantKey, worker } = compose({
  // Tests say what each append sends; how sends are gathered is tested by itself, and by those that run the worker as it is.
  sendsApart: 0,
  now: () => Date.now() + clock.aheadMs,
  shards: faultyShards,
  views: testViews,
  modules: [...modules.map((module) => ({ ...module, handlers: [] })), tested],
  fetch: (request, init) => sinks.fetch(request, init),
});
export { Aggregate, Alerts, Circuit, Denials, Dispatcher, Eraser, Follower, KeyRegistry, Metrics, RateLimit, TenantKey };
export default worker;
