import type { Planted } from "./planted.ts";

/** Violations in what is there at the end: streams, chain, log and views. */
export const inState: readonly Planted[] = [
  {
    kind: "version-gap",
    what: "a version that others cannot see is missing in the middle of a stream",
    plant(run) {
      run.stream("note-b").events.splice(3, 1);
    },
    says: /The stream note-b goes on with version 5, where 4 is expected/,
    also: ["chain-broken", "log-unknown-event", "unknown-partial"],
  },
  {
    kind: "version-gap",
    what: "a stream says that it is longer than its events",
    plant(run) {
      run.stream("note-b").version = 6;
    },
    says: /The stream note-b says that its version is 6, but its events end at 5/,
  },
  {
    kind: "version-repeat",
    what: "a version is there twice",
    plant(run) {
      const { events } = run.stream("note-a");
      events.splice(2, 0, structuredClone(events[1] as (typeof events)[number]));
    },
    says: /The stream note-a has version 2 again, where 3 is expected/,
    also: ["chain-broken"],
  },
  {
    kind: "chain-broken",
    what: "the data of an event was changed, in the log too",
    plant(run) {
      for (const event of [run.stream("note-a").events[2], run.final.log[2]]) if (event) event["data"] = { n: 99 };
    },
    says: /Version 3 of note-a: its dataHash is expected to be sha256:\w+, got sha256:/,
  },
  {
    kind: "chain-broken",
    what: "the envelope of an event was changed, in the log too",
    plant(run) {
      for (const event of [run.stream("note-a").events[2], run.final.log[2]]) if (event) event["time"] = "2020-01-01T00:00:00.000Z";
    },
    says: /Version 3 of note-a: its hash is expected to be sha256:\w+, got sha256:/,
  },
  {
    kind: "chain-broken",
    what: "an event was given a member that its hash does not know, in the log too",
    plant(run) {
      for (const event of [run.stream("note-a").events[2], run.final.log[2]]) if (event) event["extra"] = 1;
    },
    says: /Version 3 of note-a: its hash is expected to be/,
  },
  {
    kind: "chain-broken",
    what: "the first event does not begin a chain",
    plant(run) {
      for (const event of [run.stream("note-a").events[0], run.final.log[0]]) if (event) event.previousHash = `sha256:${"1".repeat(64)}`;
    },
    says: /Version 1 of note-a: its previousHash is expected to be sha256:0+, got sha256:1+/,
  },
  {
    kind: "verify-fails",
    what: "verify says no",
    plant(run) {
      run.stream("note-a").verified = { valid: false, firstBadVersion: 2, reason: "Version 2 is missing." };
    },
    says: /The stream note-a does not verify: at version 2, "Version 2 is missing\."/,
  },
  {
    kind: "log-gap",
    what: "the last position is one too far",
    plant(run) {
      Object.assign(run.final.log[9] ?? {}, { position: 11 });
    },
    says: /The log goes on with position 11 \(note-b@5\), where 10 is expected/,
    also: ["live-differs", "read-differs"],
  },
  {
    kind: "log-position-repeat",
    what: "two events have one position",
    plant(run) {
      Object.assign(run.final.log[9] ?? {}, { position: 9 });
    },
    says: /The log gives position 9 \(note-b@5\), where 10 is expected/,
    also: ["live-differs", "live-gap"],
  },
  {
    kind: "log-repeat",
    what: "an event is in the log again",
    plant(run) {
      run.final.log.push({ ...structuredClone(run.final.log[1]), position: 11 } as never);
      run.final.views = {};
    },
    says: /The log has note-a@2 at position 11 and already at position 2/,
    also: ["view-differs"],
  },
  {
    kind: "log-order",
    what: "two events of a stream have changed places",
    plant(run) {
      const { log } = run.final;
      const [one, other] = [log[8], log[9]] as [(typeof log)[number], (typeof log)[number]];
      log.splice(8, 2, { ...other, position: 9 }, { ...one, position: 10 });
    },
    says: /The log has note-b@4 at position 10, after note-b@5 at position 9/,
    also: ["live-differs", "read-differs"],
  },
  {
    kind: "log-lacks-event",
    what: "the log lacks the end of a stream",
    plant(run) {
      run.forget(13, 15, 16);
      run.final.log.pop();
      run.final.views = {};
    },
    says: /The stream has note-b@5 \(id [\w-]+\), but the log does not/,
    also: ["view-differs"],
  },
  {
    kind: "log-unknown-event",
    what: "the log has an event that its stream lost",
    plant(run) {
      const stream = run.stream("note-b");
      stream.events.pop();
      stream.version = 4;
    },
    says: /The log has note-b@5 at position 10, but the stream has versions 1 to 4 and not this event/,
    also: ["unknown-partial"],
  },
  {
    kind: "log-unknown-event",
    what: "the log has a stream that is not there",
    plant(run) {
      run.forget(3, 4, 5, 6);
      run.final.streams.splice(1, 1);
    },
    says: /The log has note-b@1 at position 6, but there is no such stream and not this event/,
  },
  {
    kind: "log-differs",
    what: "the log's copy of an event is another one",
    plant(run) {
      Object.assign(run.final.log[3] ?? {}, { data: { n: 0 } });
    },
    says: /The data of note-a@4 is \{"n":40\} in the stream, but \{"n":0\} in the log/,
  },
  {
    kind: "view-differs",
    what: "a row counts one too many",
    plant(run) {
      const row = run.final.views["event-types"]?.[0];
      if (row) row["count"] = Number(row["count"]) + 1;
    },
    says: /The view event-types: expected \{"type":"notes\.Type0","count":(\d+),.*\} for type notes\.Type0, got \{.*"count":/,
  },
  {
    kind: "view-differs",
    what: "a row is missing",
    plant(run) {
      run.final.views["event-types"]?.pop();
    },
    says: /expected \{.*\} for type notes\.\w+, got no row/,
  },
  {
    kind: "view-differs",
    what: "a row is of nothing",
    plant(run) {
      run.final.views["event-types"]?.push({ type: "ghost", count: 1 });
    },
    says: /expected no row for type ghost, got \{"type":"ghost","count":1\}/,
  },
  {
    kind: "view-differs",
    what: "a row is there twice",
    plant(run) {
      const rows = run.final.views["event-types"] ?? [];
      rows.push({ ...rows[0] });
    },
    says: /for type notes\.Type0, got \{.*\} and \{/,
  },
];
