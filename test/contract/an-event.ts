import type { Section } from "./sentence.ts";

const json = "test/http/json-as-it-came.test.ts";

/** What an event is, field by field. */
export const anEvent: Section = {
  section: "An event",
  sentences: [
    {
      says: "An event has the contract's fields, and no others.",
      tests: ["test/http/held-to-it.test.ts › an event has the fields of the contract and no others, from the stream, the log, by id and live"],
    },
    {
      says: "A stream's name is <category>-<id>, the category being what stands before the first -.",
      tests: ["test/http/one-stream.test.ts › says where the stream stands", "test/http/log-filters.test.ts › category takes the whole category and no other"],
    },
    {
      says: "A category is a small letter, then small letters, digits and _; an id is 1 to 200 of letters, digits and ._~:-, but not . or ..",
      tests: ["test/http/append.test.ts › %s is one", "test/http/append.test.ts › %s is none", "test/http/append.test.ts › is the same percent-encoded"],
    },
    {
      says: "version counts 1, 2, 3… in its stream without gaps.",
      tests: ["test/http/append.test.ts › versions count 1, 2, 3… over many appends at once"],
    },
    {
      says: "position counts 1, 2, 3… in its tenant without gaps.",
      tests: [
        "test/http/whole-log.test.ts › count 1, 2, 3… in a tenant without a gap, over streams that are written at once",
        "test/http/whole-log.test.ts › begin at 1 in each tenant",
      ],
    },
    {
      says: "position is given where the log is read, and not by a stream's own endpoints.",
      tests: [
        "test/http/read-stream.test.ts › gives no positions, which are the log's",
        "test/http/whole-log.test.ts › has each event as its stream has it, with its position",
        "test/http/live-filters.test.ts › live in a stream is the stream's to the letter, without a position",
        "test/http/live-filters.test.ts › over a WebSocket of the log has its position, and is acknowledged by it",
      ],
    },
    { says: "time is what the producer said.", tests: ["test/http/append.test.ts › its producer's time %s, to the character"] },
    { says: "Else it is recorded.", tests: ["test/http/append.test.ts › the moment it is recorded as time, in UTC with milliseconds"] },
    {
      says: "recorded is when the platform took it, never earlier than its predecessor's.",
      tests: [
        "test/http/append.test.ts › the moment it is recorded as time, in UTC with milliseconds",
        "test/http/append.test.ts › recorded never goes back, and every event names its predecessor's hash",
      ],
    },
    { says: "since and until mean recorded.", tests: ["test/http/log-filters.test.ts › cut the log by when its events were recorded"] },
    {
      says: "maxAge means recorded.",
      tests: ["test/http/held-to-it.test.ts › retention by age goes by when an event was recorded, not by its own time"],
    },
    {
      says: "at and from: <time> mean recorded.",
      tests: [
        "test/http/commands-state.test.ts › takes what was recorded, and not when a producer says that it happened",
        "test/engine/position-at.test.ts › is exact in a log of 10,000 events in which many came late, and reads about a thousand of them",
      ],
    },
    {
      says: "Data comes back as the JSON that came: keys in their order, numbers to the digit.",
      tests: [
        `${json} › data comes back to the character, from the stream, the log and by id, with › %s`,
        `${json} › many events of one append keep theirs, each its own`,
        "test/http/bodies.test.ts › as %.40s",
        "test/http/bodies.test.ts › but %s, beyond a double, is 422 with its path: its hash could not be computed from its JSON",
        "test/http/cloudevents-in.test.ts › has its data to the character",
      ],
    },
    {
      says: "Lone surrogates are 422 with the path.",
      tests: [
        `${json} › a lone surrogate is refused with 422 and its path › %s`,
        `${json} › in a type, an id, a source or metadata`,
        "test/http/bodies.test.ts › %s is 422 with its path",
      ],
    },
    {
      says: "Nesting over 64 is 422 with the path.",
      tests: [
        `${json} › over 64 is refused with 422 and its path: %.10s…`,
        `${json} › of 64 is fine: %.10s…`,
        "test/http/bodies.test.ts › %s is 422 with its path",
      ],
    },
    {
      says: "A client may set correlationId, causationId, priority and keys of its own.",
      tests: ["test/http/tracing.test.ts › keeps the client's correlationId, causationId, priority and own keys"],
    },
    {
      says: "actor and traceparent are the platform's.",
      tests: [
        "test/http/tracing.test.ts › never has the client's %s",
        "test/http/tracing.test.ts › names the key that wrote it",
        "test/http/tracing.test.ts › is no way round that",
      ],
    },
    { says: "critical priority needs the scope events:critical.", tests: ["test/http/scopes.test.ts › events:critical is wanted by an event that is"] },
    {
      says: "hash and dataHash are as they are defined, so that anyone can compute them from the event's JSON.",
      tests: [
        "test/http/hash-chain.test.ts › anyone can compute the hashes of tenant %s's stream from its JSON alone",
        "test/http/hash-chain.test.ts › the log's copy has the same hashes and hashes to them",
        "test/http/cloudevents-in.test.ts › every hash can be recomputed and verified, also of data that is not JSON or not there",
      ],
    },
    {
      says: "README shows a page of code that checks a stream from its JSON alone.",
      tests: ["test/http/readme-verify.test.ts › README's page of code checks a stream from its JSON alone"],
    },
    {
      says: 'An event whose data was purged has "purged": true and its dataHash.',
      tests: ["test/http/lifecycle.test.ts › a purge empties the data everywhere at once, and the stream still verifies"],
    },
    {
      says: "cloudevent is there only for what came as one.",
      tests: [
        "test/http/cloudevents-in.test.ts › has its attributes in the event's own fields, and the rest in cloudevent, only what was there",
        "test/http/held-to-it.test.ts › an event has the fields of the contract and no others, from the stream, the log, by id and live",
      ],
    },
    {
      says: "Data that is not JSON is data_base64.",
      tests: [
        "test/http/cloudevents-in.test.ts › that is not JSON is data_base64, in the stream and in the log",
        "test/http/cloudevents-in.test.ts › keeps every byte of data that is not JSON, as base64",
      ],
    },
  ],
};
