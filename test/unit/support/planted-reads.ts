import type { Live, ReadLog, ReadStream, ReadView, Result } from "../../../src/testing/history/operation.ts";
import type { Planting } from "./history-planting.ts";
import type { Planted } from "./planted.ts";

const live = (run: Planting): Result<Live>["events"][number][] => run.result<Result<Live>>(14).events;
const seenWhenBroken = (run: Planting): unknown[] =>
  (run.entries.find(({ call, phase }) => call === 15 && phase === "unknown") as unknown as { seen: unknown[] }).seen;

/** Violations in what was read. */
export const inReads: readonly Planted[] = [
  {
    kind: "read-stale",
    what: "a read of a stream does not have what was acknowledged before it",
    plant(run) {
      const result = run.result<Result<ReadStream>>(9);
      Object.assign(result, { version: 4, items: result.items.slice(0, -1) });
    },
    says: /the read of note-a from version 2 gave version 4, after the append of 2 to note-a had told 5/,
  },
  {
    kind: "read-differs",
    what: "a read of a stream lacks an event in the middle",
    plant(run) {
      run.result<Result<ReadStream>>(9).items.splice(1, 1);
    },
    says: /the read of note-a from version 2 gave note-a@4 mine-0 \S+ as item 1, where note-a@3 \S+ \S+ is expected/,
  },
  {
    kind: "read-differs",
    what: "a read of the log has another hash",
    plant(run) {
      Object.assign(run.result<Result<ReadLog>>(12).items[0] ?? {}, { hash: "sha256:other" });
    },
    says: /the read of the log after 1 for note-a with the token note-a@5 gave note-a@2 \S+ sha256:other as item 0/,
  },
  {
    kind: "read-differs",
    what: "a view that is read in the middle is no fold of any beginning of the log",
    plant(run) {
      const [row] = run.result<Result<ReadView>>(11).rows;
      if (row) row["streams"] = 7;
    },
    says: /the read of the view event-types with the token note-a@5 is not the fold of the log's first 5 events: expected \{.*"streams":1\}.*"streams":7\}/,
  },
  {
    kind: "read-lacks-own-write",
    what: "a read of the log with a token ends before what it speaks of",
    plant(run) {
      run.forget(10, 11, 12);
      const result = run.result<Result<ReadLog>>(13);
      Object.assign(result, { position: 4, items: result.items.slice(0, 4) });
    },
    says: /the read of the log after 0 with the token note-a@5 is expected to see note-a@5 \(position 5\), but it looked up to position 4/,
  },
  {
    kind: "read-lacks-own-write",
    what: "a read of the log with a token leaves out what it speaks of",
    plant(run) {
      run.result<Result<ReadLog>>(13).items.splice(4, 1);
    },
    says: /is expected to see note-a@5 \(position 5\), but it looked up to position 10/,
  },
  {
    kind: "read-lacks-own-write",
    what: "a view with a token lacks what it speaks of",
    plant(run) {
      // As after version 3: the types of the first three events are three.
      const rows = run.result<Result<ReadView>>(11).rows;
      const log = run.final.log.slice(0, 3);
      rows.splice(0, Infinity, ...log.map(({ type, recorded }) => ({ type, count: 1, firstSeen: recorded, lastSeen: recorded, streams: 1 })));
    },
    says: /the read of the view event-types with the token note-a@5 is expected to see note-a@4 \(position 4\), note-a@5 \(position 5\), but its rows are those of position 3/,
  },
  {
    kind: "read-goes-back",
    what: "a later read with a token looks less far",
    plant(run) {
      const result = run.result<Result<ReadLog>>(13);
      Object.assign(result, { position: 7, items: result.items.slice(0, 7) });
    },
    says: /the read of the log after 0 with the token note-a@5 saw up to position 7, after the read of the log after 1 .* had seen 10/,
  },
  {
    kind: "live-gap",
    what: "a live stream leaves out an event",
    plant(run) {
      live(run).splice(2, 1);
    },
    says: /the live connection to note-a from 1 gave 4, where 3 is expected/,
  },
  {
    kind: "live-gap",
    what: "a live log that was resumed does not begin where it is to",
    plant(run) {
      seenWhenBroken(run).shift();
    },
    says: /the live connection to the log from 2 gave 3, where 2 is expected/,
  },
  {
    kind: "live-repeat",
    what: "a live stream gives an event twice",
    plant(run) {
      const events = live(run);
      events.splice(3, 0, structuredClone(events[2] as (typeof events)[number]));
    },
    says: /the live connection to note-a from 1 gave 3 again, where 4 is expected/,
  },
  {
    kind: "live-repeat",
    what: "a live log that was resumed begins with what was heard before",
    plant(run) {
      run.operation<Live>(15).from = 3;
    },
    says: /the live connection to the log from 3 gave 2, which is before its start/,
  },
  {
    kind: "live-order",
    what: "a live stream gives two events in the wrong order",
    plant(run) {
      const events = live(run);
      events.splice(2, 2, events[3] as (typeof events)[number], events[2] as (typeof events)[number]);
    },
    says: /the live connection to note-a from 1 gave 3 late, where 5 is expected/,
    also: ["live-gap"],
  },
  {
    kind: "live-differs",
    what: "a live stream gave another event at a version",
    plant(run) {
      Object.assign(live(run)[4] ?? {}, { id: "other" });
    },
    says: /the live connection to note-a from 1 gave other with sha256:\w+ for 5; it is mine-1 with sha256:/,
  },
  {
    kind: "live-differs",
    what: "a live log that broke gave an event that was not kept",
    plant(run) {
      seenWhenBroken(run).push({ stream: "note-a", version: 9, position: 99, id: "lost", hash: "sha256:lost" });
    },
    says: /the live connection to the log from 2 gave 99 \(id lost\), which is not there/,
  },
  {
    kind: "live-incomplete",
    what: "a live stream ends before its last event",
    plant(run) {
      live(run).splice(3);
    },
    says: /the live connection to note-a from 1 ended at 5 without 4, 5/,
  },
];
