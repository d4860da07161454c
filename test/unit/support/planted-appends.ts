import type { Append, Result } from "../../../src/testing/history/operation.ts";
import type { Planting } from "./history-planting.ts";
import type { Planted } from "./planted.ts";

const note = (n: number): Append => ({ kind: "append", stream: "note-a", events: [{ type: "late", data: { n } }] });
const refusedAt = (currentVersion: number) => ({ phase: "failed", refusal: { status: 412, currentVersion } }) as const;

/** Leaves only appends, so that a rewritten stream contradicts nothing else. */
const onlyAppends = (run: Planting): void => run.forget(9, 10, 11, 12, 13, 14, 15, 16);

/** Violations in what became of appends. */
export const inAppends: readonly Planted[] = [
  {
    kind: "acknowledged-missing",
    what: "the last acknowledged event is gone",
    plant(run) {
      onlyAppends(run);
      run.rewrite("note-a", (events) => events.slice(0, 4));
    },
    says: /the append of 2 to note-a, call 7, was answered with mine-1 at version 5; there is nothing/,
  },
  {
    kind: "acknowledged-moved",
    what: "two acknowledged events have changed places",
    plant(run) {
      onlyAppends(run);
      run.rewrite("note-a", (events) => events.with(3, events[4] as never).with(4, events[3] as never));
    },
    says: /was answered with mine-0 at version 4; it is at version 5, and there is the event mine-1/,
    also: ["not-contiguous"],
  },
  {
    kind: "acknowledged-altered",
    what: "the data of an acknowledged event is not what was sent",
    plant(run) {
      onlyAppends(run);
      run.rewrite("note-a", (events) => events.with(2, { ...events[2], data: { n: 99 } } as never));
    },
    says: /the append of 1 to note-a \(If-Match: "2"\), call 1, sent "notes\.Type2 sha256:\w+" as event 0; version 3 is "notes\.Type2 sha256:\w+"/,
  },
  {
    kind: "acknowledged-altered",
    what: "an acknowledged event has another hash than was answered",
    plant(run) {
      onlyAppends(run);
      run.rewrite("note-a", (events) => events.with(4, { ...events[4], recorded: "2030-01-01T00:00:00.000Z" } as never), { keepsAnswers: true });
    },
    says: /was answered with the hash sha256:\w+ for version 5; it is sha256:/,
  },
  {
    kind: "acknowledged-altered",
    what: "fewer events were answered than were sent",
    plant(run) {
      for (const call of [7, 8]) run.result<Result<Append>>(call).events.pop();
    },
    says: /the append of 2 to note-a, call 7, was answered with 1 events/,
    also: ["acknowledged-repeated"],
  },
  {
    kind: "acknowledged-repeated",
    what: "an acknowledged event is there once more, under another id",
    plant(run) {
      onlyAppends(run);
      run.rewrite("note-a", (events) => [...events, { ...events[2], id: "again" } as never]);
    },
    says: /call 1, was taken once, but its event is there \(again\) as note-a@6, id again/,
  },
  {
    kind: "refused-present",
    what: "what was refused was written all the same",
    plant(run) {
      onlyAppends(run);
      const [, two] = run.operation<Append>(2).events;
      run.rewrite("note-a", (events) => [...events, { ...events[0], ...two, id: "refused" } as never]);
    },
    says: /the append of 2 to note-a \(If-Match: "1"\), call 2, was refused with 412, but its event is there \(again\) as note-a@6/,
  },
  {
    kind: "unknown-partial",
    what: "half of what had no answer was written",
    plant(run) {
      onlyAppends(run);
      run.rewrite("note-b", (events) => events.slice(0, 4));
    },
    says: /the append of 3 to note-b, call 5, had no answer; of its 3 events only 2 are there, at 3, 4/,
  },
  {
    kind: "unknown-repeated",
    what: "what had no answer was written twice",
    plant(run) {
      onlyAppends(run);
      run.rewrite("note-b", (events) => [...events, ...events.slice(2).map((event) => ({ ...event, id: `${event.id} again` }))]);
    },
    says: /call 5, had no answer, but its event is there \(again\) as note-b@6/,
  },
  {
    kind: "not-contiguous",
    what: "what had no answer has another's events in the middle",
    plant(run) {
      onlyAppends(run);
      const other = run.operation<Append>(6);
      other.events = [{ type: "between", data: 1 }];
      run.rewrite("note-b", (events) => [...events.slice(0, 4), { ...events[0], ...other.events[0], id: "between" } as never, ...events.slice(4)]);
    },
    says: /the append of 3 to note-b, call 5, is at the versions 3, 4, 6, which are no run/,
  },
  {
    kind: "not-contiguous",
    what: "an acknowledged append was torn apart, as its answer says",
    plant(run) {
      onlyAppends(run);
      for (const call of [3, 4]) delete run.operation<Append>(call).idempotencyKey;
      run.forget(3, 5, 6);
      const events = run.operation<Append>(4).events;
      const more = { kind: "append", stream: "note-b", events: [{ type: "between", data: 1 }] } as const;
      run.rewrite("note-b", ([one, two]) => [one as never, { ...one, ...more.events[0], id: "between" } as never, { ...two, ...events[1] } as never]);
      const answered = run.result<Result<Append>>(4).events;
      Object.assign(answered[1] ?? {}, { version: 3, hash: run.stream("note-b").events[2]?.hash });
      run.insert(-1, more, { phase: "unknown", reason: "?" });
    },
    says: /the append of 2 to note-b, call 4, is at the versions 1, 3, which are no run/,
  },
  {
    kind: "event-of-nobody",
    what: "there is an event that nobody sent",
    plant(run) {
      onlyAppends(run);
      run.rewrite("note-b", (events) => [...events, { ...events[0], data: "ghost", id: "ghost" } as never]);
    },
    says: /note-b@6 \(type notes\.Type1, id ghost\) is there, but no client sent it/,
  },
  {
    kind: "real-time-order",
    what: "an append is before one that was acknowledged before it began",
    plant(run) {
      // Call 1 wrote version 3; it began after versions 4 and 5 were acknowledged.
      run.forget(2, 8, 9, 10);
      delete run.operation<Append>(1).precondition;
      for (const entry of run.entries.filter(({ call }) => call === 1)) entry.seq += 100;
    },
    says: /the append of 1 to note-a is at version 3, but began after the append of 2 to note-a had told 5/,
  },
  {
    kind: "real-time-order",
    what: "an append is before what a read had shown before it began",
    plant(run) {
      run.forget(2, 7, 8, 10);
      const stream = { stream: "note-a" } as const;
      run.final.log.filter((event) => event.stream === "note-a" && event.version > 3).forEach((event) => Object.assign(event, { type: "rivulet.X" }));
      run.insert(-1, { kind: "read-stream", ...stream, from: 4 }, { phase: "ok", result: { version: 3, items: [], isEnd: true } });
    },
    says: /the append of 2 to note-a \(If-None-Match: \*\) is at version 1, but began after the read of note-a from version 4 had told 3/,
    also: ["event-of-nobody", "log-differs", "view-differs", "read-differs"],
  },
  {
    kind: "precondition-broken",
    what: "an append was taken whose If-Match did not hold",
    plant(run) {
      run.operation<Append>(1).precondition = { ifMatch: '"1"' };
    },
    says: /the append of 1 to note-a \(If-Match: "1"\) was written at version 3, where its precondition allows version 2/,
  },
  {
    kind: "precondition-broken",
    what: "an append was taken that wanted a new stream",
    plant(run) {
      run.operation<Append>(1).precondition = { ifNoneMatch: "*" };
    },
    says: /\(If-None-Match: \*\) was written at version 3, where its precondition allows version 1/,
  },
  {
    kind: "precondition-broken",
    what: "an append was taken that wanted a stream that is there",
    plant(run) {
      run.operation<Append>(0).precondition = { ifMatch: "*" };
    },
    says: /\(If-Match: \*\) was written at version 1, where its precondition allows a version over 1/,
  },
  {
    kind: "precondition-broken",
    what: "what had no answer was written against its precondition",
    plant(run) {
      run.operation<Append>(5).precondition = { ifMatch: 'W/"2"' };
    },
    says: /the append of 3 to note-b \(If-Match: W\/"2"\) was written at version 3, where its precondition allows no version at all/,
  },
  {
    kind: "refusal-impossible",
    what: "a 412 gives a version that was passed before",
    plant: (run) => run.end(2, refusedAt(2)),
    says: /the append of 2 to note-a \(If-Match: "1"\) was refused because the stream was at version 2, but the append of 1 to note-a \(If-Match: "2"\) had told 3 before/,
  },
  {
    kind: "refusal-impossible",
    what: "a 412 gives a version that was written later",
    plant: (run) => run.end(2, refusedAt(4)),
    says: /was refused because the stream was at version 4, but the stream cannot have been beyond 3 yet/,
  },
  {
    kind: "refusal-unfounded",
    what: "a 412 gives the version that was wanted",
    plant: (run) => run.insert(5, { ...note(1), precondition: { ifMatch: '"3"' } }, refusedAt(3)),
    says: /the append of 1 to note-a \(If-Match: "3"\) was refused, but its precondition held: the version was 3 by its answer/,
  },
  {
    kind: "refusal-unfounded",
    what: "a 412 says no version, and the one wanted was there throughout",
    plant: (run) => run.insert(5, { ...note(1), precondition: { ifMatch: '"3"' } }, { phase: "failed", refusal: { status: 412 } }),
    says: /was refused, but its precondition held: the version was 3\./,
  },
  {
    kind: "refusal-unfounded",
    what: "a 412 to If-Match: * where there was a stream",
    plant: (run) => run.insert(5, { ...note(1), precondition: { ifMatch: "*" } }, refusedAt(3)),
    says: /\(If-Match: \*\) was refused, but its precondition held/,
  },
  {
    kind: "repeat-answered-otherwise",
    what: "a repeat was answered with another version",
    plant(run) {
      Object.assign(run.result<Result<Append>>(8).events[1] ?? {}, { version: 6 });
    },
    says: /the append of 2 to note-a was answered with mine-0 at 4 .*, mine-1 at 5 .* first, but as call 8 with .*mine-1 at 6/,
  },
  {
    kind: "repeat-refused",
    what: "a repeat was refused for its precondition",
    plant(run) {
      run.insert(100, run.operation<Append>(4) as Append, refusedAt(5));
    },
    says: /the append of 2 to note-b \(key k\) was taken, but sent again as call 18 it was refused with 412/,
  },
];
