import type { Section } from "./sentence.ts";

const repeats = "test/http/repeats.test.ts";
const came = "test/http/cloudevents-in.test.ts";
const placed = "test/http/cloudevents-streams.test.ts";

/** How events come into a stream. */
export const streamsAppend: Section = {
  section: "Streams",
  sentences: [
    {
      says: "POST /v1/streams/{stream}/events appends events, all or nothing.",
      tests: [
        "test/http/append.test.ts › writes none of its events for a single bad one",
        "test/http/append.test.ts › its type, id, source, schemaVersion and data",
      ],
    },
    { says: "An event needs type and data.", tests: ["test/http/append.test.ts › for %s is a 422 with the path"] },
    {
      says: "id, time, source, schemaVersion and metadata may be left out.",
      tests: ["test/http/append.test.ts › /v1 as source, 1 as schemaVersion, normal as priority", "test/http/append.test.ts › a UUIDv7 of its own as id"],
    },
    { says: "1 to 1000 events.", tests: ["test/http/bodies.test.ts › 0 events are 422, 1000 are one append, 1001 are 422"] },
    {
      says: "Each event is at most 1 MiB as stored: 413.",
      tests: [
        "test/http/bodies.test.ts › of exactly 1 MiB of data as stored is taken, of one byte more is 413",
        "test/http/bodies.test.ts › is measured as it is stored: spaces between its tokens do not count",
        "test/http/cloudevents-rules.test.ts › 1 MiB of data as stored is the most, and 64 KiB of attributes",
      ],
    },
    {
      says: "Together they are at most 8 MiB as stored: 413.",
      tests: ["test/http/bodies.test.ts › events of exactly 8 MiB together as stored are taken, of one byte more 413, and nothing of them is written"],
    },
    {
      says: "201 with stream, firstVersion, lastVersion and each event's id, version and hash.",
      tests: ["test/http/append.test.ts › the versions, the ids and the hashes of the new events, with 201"],
    },
    { says: "Its ETag is the last version.", tests: ["test/http/append.test.ts › the last version as ETag"] },
    {
      says: "Its Consistency-Token makes a read at least as new.",
      tests: [
        "test/http/append.test.ts › a Consistency-Token and a Location that leads to the events",
        "test/http/whole-log.test.ts › answers a token with the token's stream whole, though others write meanwhile",
      ],
    },
    {
      says: "A repeat is the same source and id, with the same type and data: 200 with the first versions, not written again.",
      tests: [
        `${repeats} › is answered 200 with the first versions, and not written again`,
        `${repeats} › gets the first versions also when the stream has grown`,
      ],
    },
    {
      says: "Other content is 409, event_id_reused.",
      tests: [`${repeats} › is refused with 409 for %s`, `${repeats} › is refused while the stream does nothing else, and for good`],
    },
    { says: "Twice in one request is 422.", tests: [`${repeats} › is refused with 422 for %s`] },
    {
      says: "The default source is /v1.",
      tests: [`${repeats} › is a repeat with the default source named`, "test/http/append.test.ts › /v1 as source, 1 as schemaVersion, normal as priority"],
    },
    {
      says: "Categories of the platform take no appends from outside: 403.",
      tests: ["test/http/sources.test.ts › %s is 403", "test/http/sources.test.ts › and a category that only begins like one does"],
    },
    { says: "Sagas' categories take none either.", tests: ["test/http/sources.test.ts › %s is 403"] },
    {
      says: "In a category with a decider every event must be one of its types and match its schema: 422.",
      tests: [
        "test/http/commands-appended.test.ts › is 422 with the path where an event is none of its types, all or nothing",
        "test/http/commands-appended.test.ts › is 422 with the path where an event does not match its schema",
      ],
    },
    {
      says: "The business rules are not asked, so it needs the scope events:import:<category>, which the admin key has.",
      tests: [
        "test/http/scopes.test.ts › events:import:<category> is wanted where a decider's rules are not asked",
        "test/http/commands-appended.test.ts › passes where it is right, is asked no business rule, and counts in state and view",
      ],
    },
    {
      says: "application/cloudevents+json appends one CloudEvent 1.0.",
      tests: [`${came} › is appended and answered like any other event`],
    },
    { says: "application/cloudevents-batch+json appends a batch.", tests: [`${came} › is appended whole, in its order`] },
    {
      says: "An empty batch is 200 and nothing.",
      tests: [`${came} › that is empty is 200, and writes nothing`, `${placed} › an empty batch is 200 and nothing`],
    },
    {
      says: "Binary mode takes ce-* headers, percent-decoded.",
      tests: [
        `${came} › takes attributes from headers and the data from the body`,
        `${came} › is a repeat of the same event in the JSON format, and the other way round`,
      ],
    },
    {
      says: "All attributes and extensions are kept and come back.",
      tests: [
        "test/http/cloudevents-out.test.ts › gives back all that came in, to the character of the data",
        "test/http/cloudevents-sdk.test.ts › what was appended plainly is valid for the SDK, and sent on by it is the same event",
        `${came} › has its attributes in the event's own fields, and the rest in cloudevent, only what was there`,
      ],
    },
    {
      says: "What is invalid by the specification is 422.",
      tests: ["test/http/cloudevents-rules.test.ts › %s: %j", `${came} › is 422 with the attribute where one is missing or badly encoded`],
    },
    {
      says: "POST /v1/events takes CloudEvents and finds their stream: the extension stream, else the last part of source with the partitionkey, else the subject, else default.",
      tests: [`${placed} › %s`],
    },
    {
      says: "The category is in lower case and other characters are _.",
      tests: [`${placed} › %s`, `${placed} › in binary mode too`],
    },
    { says: "An id over 200 is cut, with 8 hex digits of its hash.", tests: [`${placed} › a stream whose id is cut, and ends with digits of its hash`] },
  ],
};
