import type { Section } from "./sentence.ts";

const keyed = "test/http/keyed-writes.test.ts";

/** What travels in headers and parameters: keys, preconditions, traces, limits, pages and times. */
export const everywhereHeaders: Section = {
  section: "Everywhere",
  sentences: [
    {
      says: "An Idempotency-Key may be quoted, as in the draft, or bare.",
      tests: [
        "test/http/idempotency-key.test.ts › is recognised whether the key is quoted or bare",
        `${keyed} › quoted may hold quotes and backslashes, escaped, and is the same as it reads`,
        `${keyed} › is never %s, which opens a quotation and does not close it, or closes it early`,
      ],
    },
    {
      says: "An Idempotency-Key is at most 255 bytes.",
      tests: ["test/http/idempotency-key.test.ts › is at most 255 bytes", `${keyed} › is 400 where the key is none, before anything is written`],
    },
    {
      says: "It counts for any POST that writes.",
      tests: [
        `${keyed} › is given its first answer again, whatever was written since`,
        "test/http/cloudevents-streams.test.ts › is answered the same again under its Idempotency-Key",
        `${keyed} › counts for POST /v1/tickets: a repeat makes no second ticket, and does not tell the first again`,
      ],
    },
    { says: "A 2xx is kept permanently.", tests: ["test/http/idempotency-key.test.ts › is kept through five hundred other keys"] },
    {
      says: "It is given again with Idempotency-Replayed: true.",
      tests: [
        "test/http/idempotency-key.test.ts › is given the first answer again, and writes nothing",
        `${keyed} › of a repeat that was 200 is given again as 200`,
      ],
    },
    {
      says: "Also when its precondition would fail by now.",
      tests: ["test/http/idempotency-key.test.ts › is given the first answer also when its precondition fails by now"],
    },
    {
      says: "A 4xx is not kept.",
      tests: [
        "test/http/idempotency-key.test.ts › after a 412",
        "test/http/idempotency-key.test.ts › after a 422, for another body",
        "test/http/idempotency-key.test.ts › after a 400 and a 415",
        "test/http/idempotency-key.test.ts › after a 409",
        `${keyed} › is not kept where it was refused`,
        "test/http/not-wholly-well.test.ts › a stream whose tail the log lacks too much of is 429 stream_backlog with Retry-After, and is taken again once the log has it",
      ],
    },
    {
      says: "A 5xx is not kept.",
      tests: ["test/http/not-wholly-well.test.ts › a write that a fault has stopped is written once when it comes again with its key"],
    },
    {
      says: "The same key with another path or body is 422.",
      tests: [
        `${keyed} › is 422 with another body or another path, and a 2xx of it is not given to either`,
        `${keyed} › belongs to one path, though two forms of a POST lead to one stream`,
        `${keyed} › to %s in binary mode belongs to the event's headers too: another ce-id is another request`,
        `${keyed} › in the other modes takes no notice of headers that are none of the event`,
      ],
    },
    { says: "The same key with another method is 422.", later: "a second method that takes one: only POST does, and no path has two that write" },
    {
      says: "An answer that carried a secret is given again without it.",
      tests: [`${keyed} › counts for POST /v1/tickets: a repeat makes no second ticket, and does not tell the first again`],
    },
    {
      says: "A lost answer or a 5xx to a write is unknown: repeated with the same key it is written once.",
      tests: [
        "test/http/idempotency-key.test.ts › writes once when many are sent at the same moment",
        "test/http/not-wholly-well.test.ts › a write that a fault has stopped is written once when it comes again with its key",
      ],
    },
    {
      says: "If-Match takes one strong tag.",
      tests: [
        "test/http/preconditions.test.ts › lets an append through that knows the stream's version",
        "test/http/preconditions.test.ts › takes the ETag of an answer as it is",
      ],
    },
    { says: "If-Match takes *.", tests: ["test/http/preconditions.test.ts › takes * for a stream that exists"] },
    { says: 'If-Match "0" is a stream that does not exist yet.', tests: ['test/http/preconditions.test.ts › takes "0" for a stream that does not exist yet'] },
    { says: "A weak tag never matches.", tests: ["test/http/preconditions.test.ts › never matches a weak tag"] },
    { says: "An unquoted tag, or more than one, is 400.", tests: ["test/http/preconditions.test.ts › that reads %s is 400"] },
    {
      says: "If-None-Match: * asks for what is new.",
      tests: [
        "test/http/preconditions.test.ts › lets an append through that makes the stream",
        "test/http/preconditions.test.ts › is 412 with the current version for a stream that exists",
      ],
    },
    {
      says: "A precondition that fails is 412 with currentVersion, for every method that takes one.",
      tests: [
        "test/http/preconditions.test.ts › refuses %s at version 2 with 412 and the current version",
        "test/http/preconditions.test.ts › is 412 with currentVersion 0 for a version of a stream that does not exist",
        "test/http/held-to-it.test.ts › %s %s is 412 with currentVersion for a tag that is old or weak, and 400 for one that is none",
      ],
    },
    {
      says: "traceparent that comes in is continued.",
      tests: ["test/http/tracing.test.ts › is continued: the same trace, a span of our own", "test/http/tracing.test.ts › is continued on reads and refusals"],
    },
    {
      says: "tracestate that comes in is continued.",
      tests: [
        "test/http/cloudevents-tracing.test.ts › is continued: the same trace, a span of our own, and its tracestate",
        "test/http/held-to-it.test.ts › tracestate goes on with its traceparent, and not without it",
      ],
    },
    { says: "A bad one is ignored and a new trace begins.", tests: ["test/http/tracing.test.ts › %s is bad, is ignored, and a new trace begins"] },
    {
      says: "Every response carries traceresponse, in its form.",
      tests: [
        "test/http/tracing.test.ts › carries traceresponse and X-Correlation-Id, new each time",
        "test/http/every-path.test.ts › every answer, with a key, without one, of each method, has traceresponse and the X-Correlation-Id that was given",
        "test/http/every-path.test.ts › what goes on is declared as well: its status, its media type, and what every answer carries",
      ],
    },
    {
      says: "Every response carries X-Correlation-Id: the one that was given, 1 to 128 of letters, digits and ._~:-",
      tests: ["test/http/tracing.test.ts › %s is given back and stored"],
    },
    { says: "Else one is made.", tests: ["test/http/tracing.test.ts › %s is ignored, and one is made"] },
    {
      says: "Over a rate limit: 429 with Retry-After.",
      tests: ["test/http/rate-limits.test.ts › has exactly 50 of 200 requests that come at once let through, and the others are told when to come again"],
    },
    {
      says: "Limited routes always answer RateLimit and RateLimit-Policy.",
      tests: ["test/http/rate-limits.test.ts › is told of it with every answer, whatever became of the request"],
    },
    {
      says: "A stream whose tail the log lacks too much of is 429, code stream_backlog, with Retry-After.",
      tests: [
        "test/http/not-wholly-well.test.ts › a stream whose tail the log lacks too much of is 429 stream_backlog with Retry-After, and is taken again once the log has it",
      ],
    },
    {
      says: "Overload is 503 with Retry-After.",
      tests: [
        "test/http/not-wholly-well.test.ts › a database that is overloaded makes a read 503 with Retry-After",
        "test/http/not-wholly-well.test.ts › a read that asks for what the log has not got yet is 503 with Retry-After, and loses nothing",
        "test/http/not-wholly-well.test.ts › a write that a fault has stopped is written once when it comes again with its key",
        "test/engine/overload.test.ts › more appends than an object can hold are refused early, and those that were taken are answered",
      ],
    },
    {
      says: "A list takes limit from 1 to 1000, 100 where it is left out.",
      tests: [
        "test/http/parameters.test.ts › is taken from 1 to 1000",
        "test/http/parameters.test.ts › is 100 where it is left out, and next is null exactly at the end",
        "test/http/parameters.test.ts › a page of the log of more than 1000 is 1000, and the next has the rest",
        "test/http/parameters.test.ts › the projections are a list like the others: limit and cursor count",
      ],
    },
    {
      says: "A list takes an opaque cursor, and answers items and next, null at the end.",
      tests: [
        "test/http/cursors.test.ts › leads to the second page, and to the same as often as it is used",
        "test/http/cursors.test.ts › is refused by every other list with 422",
        "test/http/parameters.test.ts › of %s is 422 where nobody gave it",
        "test/http/read-stream.test.ts › ends with next null where the last page is full",
      ],
    },
    {
      says: "A page ends at 8 MiB.",
      tests: ["test/http/sizes.test.ts › of %s ends at 8 MiB, and the next goes on", "test/http/sizes.test.ts › of %s is measured in bytes, not in characters"],
    },
    {
      says: "It looks at 10,000 positions at most, so it may be empty while next is not null.",
      tests: ["test/http/whole-log.test.ts › looks at 10,000 positions a page at most: it may be empty, and next goes on"],
    },
    {
      says: "from is inclusive and after exclusive.",
      tests: [
        "test/http/parameters.test.ts › has what it names in it: from is inclusive, after exclusive",
        "test/http/whole-log.test.ts › begins after the position named",
        "test/http/live.test.ts › gives what matches after a position, then what happens, and is resumed by position",
      ],
    },
    {
      says: "Times are RFC 3339 UTC with milliseconds.",
      tests: ["test/http/parameters.test.ts › that the platform makes is UTC with milliseconds, everywhere"],
    },
    {
      says: "A producer's own time is kept to the character.",
      tests: [
        "test/http/append.test.ts › its producer's time %s, to the character",
        "test/http/parameters.test.ts › %s, of RFC 3339, is kept to the character",
      ],
    },
    { says: "Ids that are made here are UUIDv7.", tests: ["test/http/append.test.ts › a UUIDv7 of its own as id"] },
  ],
};
