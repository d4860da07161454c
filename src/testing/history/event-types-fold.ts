import type { ViewFold } from "./final-state.ts";

/** `GET /v1/event-types`: how often each type is there, in how many streams, since when. The platform's own types are not listed. */
export const eventTypesFold: ViewFold = {
  name: "event-types",
  path: "/v1/event-types",
  key: "type",
  takes: ({ type }) => !type.startsWith("rivulet."),
  fold(log) {
    const types = new Map<string, { count: number; first: string; last: string; streams: Set<string> }>();
    for (const { type, stream, recorded } of log) {
      const row = types.get(type) ?? { count: 0, first: recorded, last: recorded, streams: new Set() };
      const first = recorded < row.first ? recorded : row.first;
      const last = recorded > row.last ? recorded : row.last;
      types.set(type, { count: row.count + 1, first, last, streams: row.streams.add(stream) });
    }
    return [...types].map(([type, { count, first, last, streams }]) => ({ type, count, firstSeen: first, lastSeen: last, streams: streams.size }));
  },
  countOf: (rows) => rows.reduce((sum, { count }) => sum + Number(count), 0),
};
