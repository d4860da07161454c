import type { Section } from "./sentence.ts";

const read = "test/http/read-stream.test.ts";
const shapes = "test/http/representations.test.ts";
const one = "test/http/one-stream.test.ts";
const live = "test/http/live.test.ts";
const heard = "test/http/live-filters.test.ts";
const ends = "test/http/lifecycle.test.ts";
const ill = "test/http/not-wholly-well.test.ts";

/** How a stream is read, followed, checked, kept and closed. */
export const streams: Section = {
  section: "Streams",
  sentences: [
    {
      says: "GET /v1/streams/{stream}/events answers stream, version, items and next.",
      tests: [`${read} › gives its name, its version and its events from the first on`],
    },
    {
      says: "It takes from and to, which are versions.",
      tests: [`${read} › begins with from and ends with to, both among them`, "test/http/parameters.test.ts › that ends before it begins has nothing in it"],
    },
    { says: "It takes limit and cursor.", tests: [`${read} › with ?%slimit=… gives each event once, in order`] },
    {
      says: "It takes direction=forward or backward.",
      tests: [
        `${read} › goes backward from the last`,
        `${read} › goes backward through the same range`,
        `${read} › refuses ?%s with 422 and the parameter's name`,
      ],
    },
    {
      says: "It takes upcast=true.",
      tests: ["test/http/upcast.test.ts › upcast=true gives events in their newest form: what has no other form is the same, to the character"],
    },
    {
      says: "Its ETag differs by representation, with Vary: Accept.",
      tests: [
        `${shapes} › have a tag each, strong, and say Vary: Accept, with HEAD and 304 as well`,
        `${shapes} › are not taken for one another: the tag of one does not spare the others`,
      ],
    },
    {
      says: "304 on If-None-Match, for who has what is there now.",
      tests: [
        `${read} › spares an answer that has not changed, with 304`,
        `${read} › changes with the stream`,
        `${shapes} › have another tag once retention has taken events away`,
        `${shapes} › of what was truncated have a tag that If-Match takes as the version, the same wherever the stream gives one`,
      ],
    },
    {
      says: "Accept: application/x-ndjson streams all of it.",
      tests: [
        "test/http/ndjson.test.ts › a stream of 100,000 events is read to its end, page by page as it is taken, both ways",
        "test/http/ndjson.test.ts › a stream is read as lines, each an event, with a tag of its own and 304 for who has it",
      ],
    },
    {
      says: "Broken off, it aborts the connection.",
      tests: ["test/http/held-to-it.test.ts › lines that are broken off end in a fault, not in an end that looks like one"],
    },
    {
      says: "application/cloudevents-batch+json gives CloudEvents.",
      tests: [
        "test/http/cloudevents-out.test.ts › gives a plainly appended event as a valid one, with our own names as extensions",
        `${shapes} › hold the same events`,
      ],
    },
    {
      says: "An unknown stream is 404.",
      tests: [`${read} › is 404 for a stream that does not exist`, `${shapes} › are never given without the stream: 404 and 410 come before 304`],
    },
    {
      says: "A truncated version is 410 with firstVersion.",
      tests: [
        `${shapes} › a range that touches what was truncated is 410 with firstVersion › ?%s`,
        `${ends} › by count truncates: older versions are 410 with firstVersion, the rest reads on`,
        "test/http/held-to-it.test.ts › a stream whose events retention has all let go is an empty page, from its firstVersion and from nowhere in particular",
      ],
    },
    {
      says: "GET /v1/streams/{stream} has stream, category, version, firstVersion, createdAt, updatedAt, lastHash, snapshotVersion, loggedVersion, closed and retention.",
      tests: [
        `${one} › has each of the contract's fields`,
        `${one} › says where the stream stands`,
        `${one} › never claims that the log has more than there is`,
      ],
    },
    {
      says: "GET …/verify takes from and to, and answers valid, from, to and lastHash.",
      tests: [`${one} › finds a stream that nobody has touched valid`, `${one} › looks at the range it is given`],
    },
    {
      says: "Or valid: false with firstBadVersion and reason; the log's copy is compared too.",
      tests: [`${ill} › says which version is bad, and why, where the %s in the log`, `${one} › finds it valid once the log has its copy too`],
    },
    {
      says: "GET …/live takes from, a version: what is there, then what happens.",
      tests: [`${live} › gives what is there from a version on, then what happens, in order`],
    },
    { says: "It begins now where nothing is said.", tests: [`${live} › a live stream › begins now where nothing is said`] },
    {
      says: "It takes Last-Event-ID.",
      tests: [
        `${live} › resumes after Last-Event-ID, also from the very beginning`,
        `${heard} › is Last-Event-ID rather than the address, which a browser sends again as it was`,
      ],
    },
    { says: "As server-sent events, whose id is the version.", tests: [`${live} › gives what is there from a version on, then what happens, in order`] },
    {
      says: "Or as a WebSocket where asked to upgrade; the client acknowledges at least every 100 events.",
      tests: [
        `${live} › events come as text messages, and no more than 100 without an acknowledgement`,
        `${live} › a message that is no acknowledgement closes it with a reason`,
      ],
    },
    { says: "No gap, no repeat, in order.", tests: [`${live} › has no gap and no repeat while appends run at full speed, from wherever it is resumed`] },
    {
      says: "A heartbeat every 15 s.",
      tests: [`${heard} › a listener that hears nothing hears a heartbeat`, "test/engine/live.test.ts › a listener that hears nothing gets a heartbeat"],
    },
    {
      says: "POST /v1/tickets gives a one-use ?ticket=.",
      tests: [
        `${live} › opens one connection without a key, for its own tenant, and no second one`,
        `${heard} › is good for the live log and for a WebSocket too, once`,
      ],
    },
    { says: "It is good for 60 s.", tests: [`${heard} › is good for 60 seconds, and is kept by nobody on the way`] },
    {
      says: "PATCH /v1/streams/{stream} is a merge-patch of retention: maxCount, maxAge (ISO 8601) and before.",
      tests: [
        `${ends} › is patched as RFC 7396 says: null takes a rule away, what is left out stays`,
        `${ends} › by count truncates: older versions are 410 with firstVersion, the rest reads on`,
        `${ends} › %j is 422 with the place`,
        `${shapes} › and one that does not is read, from the first that is kept`,
      ],
    },
    { says: "409 for aggregates.", tests: ["test/http/commands-state.test.ts › the retention of an aggregate's stream cannot be cut: 409"] },
    {
      says: "DELETE /v1/streams/{stream} closes it: further appends are 410, history stays readable.",
      tests: [`${ends} › refuses further appends with 410, also to one whose precondition fails`],
    },
    {
      says: "With ?purge=true the data is emptied everywhere.",
      tests: [`${ends} › a purge empties the data everywhere at once, and the stream still verifies`],
    },
    {
      says: "A purge has a scope of its own.",
      tests: ["test/http/scopes.test.ts › streams:purge:<stream> is wanted to empty a stream, and streams:close is not enough"],
    },
    { says: "The name is never used again.", tests: [`${ill} › a purge is held to its precondition, and its name is never used again`] },
    {
      says: "GET /v1/streams is the directory, by category and prefix, with limit and cursor.",
      tests: [
        "test/http/directory.test.ts › lists every stream once",
        "test/http/directory.test.ts › is narrowed to a category, and not to what begins like it",
        "test/http/directory.test.ts › is narrowed to the prefix %s, to the letter",
        "test/http/directory.test.ts › with ?%slimit=… pages through each stream once",
      ],
    },
  ],
};
