import type { Section } from "./sentence.ts";

const log = "test/http/whole-log.test.ts";
const filters = "test/http/log-filters.test.ts";
const heard = "test/http/live-filters.test.ts";
const hidden = "test/http/named-or-hidden.test.ts";
const types = "test/http/event-types.test.ts";

/** The log of a tenant, what is read of it, and what is made of it. */
export const theWholeLog: Section = {
  section: "The whole log",
  sentences: [
    {
      says: "GET /v1/events takes after, a position, and limit.",
      tests: [`${log} › begins after the position named`, `${log} › gives 100 where no limit is named, and at most 1000`],
    },
    {
      says: "type is a topic pattern: * is one word, # any number, as RabbitMQ means it.",
      tests: [`${filters} › %s finds %j`, `${filters} › finds the same in pages`],
    },
    {
      says: "category and stream narrow it.",
      tests: [`${filters} › category takes the whole category and no other`, `${filters} › stream=%s takes that one, to the letter`],
    },
    { says: "correlationId narrows it.", tests: [`${filters} › finds the events of one request and of one named in metadata, over streams`] },
    {
      says: "since and until narrow it.",
      tests: [`${filters} › cut the log by when its events were recorded`, "test/http/parameters.test.ts › with an offset is the moment it names"],
    },
    { says: "Filters narrow each other.", tests: [`${filters} › filters narrow each other`] },
    {
      says: "Items are in the order of positions.",
      tests: [`${log} › count 1, 2, 3… in a tenant without a gap, over streams that are written at once`],
    },
    {
      says: "The answer has position, up to which it has looked, to go on with.",
      tests: [
        `${log} › with the answer's position gives what is new, once`,
        `${log} › with a filter says how far it has looked, not what it has found`,
        `${log} › from position to position in short pages leaves nothing out`,
      ],
    },
    {
      says: "GET /v1/events/{id} finds an event by its id, percent-encoded.",
      unkept:
        "live is the path of the live log, and . and .. are eaten by every URL parser, even percent-encoded: such ids are taken, and found by GET /v1/events?id=",
      tests: [
        "test/http/event-by-id.test.ts › finds the id %s, percent-encoded",
        `${hidden} › an event is found by its id, percent-encoded, › %s`,
        `${hidden} › %s, which reads like something else in an address`,
        `${hidden} › or in the query, where nothing reads like something else: %s`,
      ],
    },
    { says: "It gives the newest.", tests: ["test/http/event-by-id.test.ts › gives the newest where several streams have the id"] },
    { says: "?source= narrows.", tests: ["test/http/event-by-id.test.ts › is narrowed by its source"] },
    {
      says: "GET /v1/event-types is a view of type, count, firstSeen, lastSeen and streams.",
      tests: [
        `${types} › counts each type's events and streams, and says when it was first and last seen`,
        `${types} › counts each event once under load, repeats among them`,
      ],
    },
    { says: "GET /v1/events/live takes the same filters.", tests: [`${heard} › the live log takes the filters of the log: › %s`] },
    {
      says: "It is resumable by position, by after or Last-Event-ID.",
      tests: [
        "test/http/live.test.ts › gives what matches after a position, then what happens, and is resumed by position",
        `${heard} › is Last-Event-ID rather than the address, which a browser sends again as it was`,
      ],
    },
    { says: "It begins now where nothing is said.", tests: ["test/http/live.test.ts › the live log › begins now where nothing is said"] },
    {
      says: "Events of the platform's own categories appear in all of these only where named by type or category.",
      tests: [
        `${hidden} › is not in the log with %j, which names neither its type nor its category`,
        `${hidden} › is in the log with %j`,
        `${hidden} › is in the view of types only where its type is named`,
        `${heard} › the platform's own events are heard only where their type or category is named`,
        `${hidden} › is not in the log where its stream is named without its type or category`,
        `${hidden} › is found by its id only where its category is named`,
      ],
    },
    {
      says: "GET /v1/correlations/{id} is the flow: nodes, edges, mermaid and truncated, who caused whom, with timings.",
      tests: ["test/http/correlations.test.ts › the flow of a correlation shows who caused whom over several streams, with a picture"],
    },
    { says: "It has 1,000 nodes at most.", tests: ["test/http/correlations.test.ts › a flow of more than 1,000 events is cut, and says so"] },
  ],
};
