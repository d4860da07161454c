import type { Section } from "./sentence.ts";

/** Who may ask, how refusals look, and in which order they come. */
export const everywhere: Section = {
  section: "Everywhere",
  sentences: [
    {
      says: "A key is sent as Authorization: Bearer <key>.",
      tests: ["test/http/authentication.test.ts › as %s"],
    },
    {
      says: "A JWT may stand in the place of a key.",
      tests: ["test/http/issuers.test.ts › is taken for the tenant that registered it, as the actor and with the scopes that its claims say"],
    },
    {
      says: "A key or token belongs to one tenant.",
      tests: [
        "test/http/keys.test.ts › of one tenant reaches no other, whatever Tenant-Id says",
        "test/http/walk.test.ts › in any answer to a read, under any of red's names",
      ],
    },
    {
      says: "A key or token carries scopes.",
      tests: ["test/http/scopes.test.ts › a key without the scope is refused everywhere, before anything else is looked at, and told which one is missing"],
    },
    {
      says: "A missing or bad key is 401 with WWW-Authenticate.",
      tests: [
        "test/http/authentication.test.ts › with %s",
        "test/http/authentication.test.ts › to %s %s, and changes nothing",
        "test/http/every-path.test.ts › every operation without a key is 401 with WWW-Authenticate, but the public ones, which never ask for Bearer",
      ],
    },
    {
      says: "What one may not do is 403.",
      tests: [
        "test/http/sources.test.ts › %s is 403",
        "test/http/cloudevents-rules.test.ts › no key is 401, the platform's own streams are 403, its types 422",
      ],
    },
    {
      says: "Another tenant's things do not exist: 404.",
      tests: [
        "test/http/tenants.test.ts › streams, which do not exist for it",
        "test/http/tenants.test.ts › things in %s",
        "test/http/tenants.test.ts › sources",
        "test/http/correlations.test.ts › a correlation that nobody used, or another tenant's, is 404",
      ],
    },
    {
      says: "A tenant's id is a small letter, then 1 to 62 of small letters, digits and -.",
      tests: ["test/http/tenants.test.ts › may be %s", "test/http/tenants.test.ts › is refused as %s"],
    },
    {
      says: "An error is application/problem+json with type, title, status, detail and a stable code (RFC 9457).",
      tests: ["test/http/problems.test.ts › $status for $why ($method $path)", "test/http/problems.test.ts › of which each code has one status and one type"],
    },
    {
      says: "Invalid input has errors, each with path and message.",
      tests: [
        "test/http/problems.test.ts › with errors exactly where the input is invalid",
        "test/http/problems.test.ts › that names every fault of a body",
        "test/http/append.test.ts › for %s is a 422 with the path",
      ],
    },
    {
      says: "A refused request changes nothing.",
      tests: [
        "test/http/problems.test.ts › and changes nothing",
        "test/http/append.test.ts › writes none of its events for a single bad one",
        "test/http/methods.test.ts › does nothing",
      ],
    },
    {
      says: "No stack trace and no internal name leaks.",
      tests: [
        "test/http/not-wholly-well.test.ts › a fault of the platform is a 500 problem that tells nothing of its inside",
        "test/http/problems.test.ts › a question mark, a broken escape or a NUL in a path is a problem and no fault",
      ],
    },
    { says: "An unknown path is a 404 problem.", tests: ["test/http/every-path.test.ts › an unknown path is a 404 problem for every method"] },
    {
      says: "A wrong method is a 405 with Allow.",
      tests: [
        "test/http/every-path.test.ts › every method that is not described is a 405 problem with the Allow of OPTIONS",
        "test/http/methods.test.ts › on %s is 405 with an Allow that tells the truth",
      ],
    },
    {
      says: "A wrong content type is a 415.",
      tests: [
        "test/http/every-path.test.ts › every operation that takes JSON refuses the wrong content type with 415, and says which it takes",
        "test/http/cloudevents-rules.test.ts › by %s: %i",
      ],
    },
    {
      says: "A body that is no JSON is a 400.",
      tests: [
        "test/http/every-path.test.ts › every operation that takes JSON refuses what is none with 400, and JSON of another shape with 422 and its place",
        "test/http/bodies.test.ts › what is no JSON text is 400 › %s",
        "test/http/bodies.test.ts › and %s, which is none of JSON's, is 400",
      ],
    },
    {
      says: "A body over the limit is a 413.",
      tests: [
        "test/http/bodies.test.ts › a body is over its limit, whatever of it is space: 413",
        "test/http/sizes.test.ts › over 8 MiB is 413, and nothing of it is written",
      ],
    },
    {
      says: "Valid JSON of the wrong shape is a 422.",
      tests: [
        "test/http/every-path.test.ts › every operation that takes JSON refuses what is none with 400, and JSON of another shape with 422 and its place",
        "test/http/append.test.ts › for %s is a 422 with the path",
      ],
    },
    {
      says: "A parameter out of range is a 422.",
      tests: [
        "test/http/parameters.test.ts › is 422 with its place where it is %j",
        "test/http/parameters.test.ts › ?%s is 422",
        "test/http/parameters.test.ts › that reads %j is 422 with its place",
        "test/http/live-filters.test.ts › ?%s is 422 with its place",
      ],
    },
    {
      says: "HEAD works where GET does.",
      tests: [
        "test/http/not-wholly-well.test.ts › HEAD of a live connection opens none: it has the headers, no socket is left behind, and its ticket is good still",
        "test/http/every-path.test.ts › HEAD answers what GET answers, header for header, without the body",
        "test/http/methods.test.ts › of what is not there is 404, of what one may not 401, both without a body",
      ],
    },
    {
      says: "OPTIONS answers Allow.",
      tests: ["test/http/every-path.test.ts › OPTIONS is 204 and its Allow names exactly what is described, HEAD with GET, and OPTIONS"],
    },
    {
      says: "A POST that creates is 201 with Location.",
      tests: [
        "test/http/append.test.ts › a Consistency-Token and a Location that leads to the events",
        "test/http/cloudevents-streams.test.ts › with versions, ETag, Location and Consistency-Token",
        "test/http/keyed-writes.test.ts › a POST that creates a ticket is 201 with Location, which is where it is good",
      ],
    },
    {
      says: "A POST that creates the same name again is 409.",
      tests: ["test/http/subscriptions.test.ts › is one subscription's in its tenant: the same again is 409 and makes nothing"],
    },
    {
      says: "Authentication is checked first, once there is an operation to ask for: 405 and Allow tell anybody what the public description says.",
      tests: [
        "test/http/order-of-checks.test.ts › authentication comes before scope, type, syntax and precondition",
        "test/http/every-path.test.ts › also for a path that is not there",
        "test/http/every-path.test.ts › but for a method that is not there: 405 and Allow tell anybody what the public description says, and nothing else",
      ],
    },
    {
      says: "Scope is checked before syntax.",
      tests: [
        "test/http/order-of-checks.test.ts › scope comes before syntax and precondition",
        "test/http/named-or-hidden.test.ts › for appends, in every form",
        "test/http/named-or-hidden.test.ts › for %s %s",
      ],
    },
    {
      says: "Syntax is checked before a repeat, and before a precondition.",
      tests: ["test/http/order-of-checks.test.ts › syntax comes before a repeat", "test/http/order-of-checks.test.ts › syntax comes before precondition"],
    },
    {
      says: "A repeat is found before a stream is found closed.",
      tests: [
        "test/http/lifecycle.test.ts › still answers a repeat with 200",
        "test/http/keyed-writes.test.ts › is given again when its stream is closed by now",
      ],
    },
    {
      says: "A closed stream is 410 before its precondition is checked.",
      tests: ["test/http/lifecycle.test.ts › refuses further appends with 410, also to one whose precondition fails"],
    },
    {
      says: "A repeat comes before the precondition.",
      tests: [
        "test/http/order-of-checks.test.ts › a repeat comes before precondition",
        "test/http/order-of-checks.test.ts › a reused id comes before precondition",
      ],
    },
    {
      says: "The precondition comes before the decision.",
      tests: ["test/http/commands.test.ts › is refused in this order: key, syntax, repeat, closed, precondition, decision"],
    },
  ],
};
