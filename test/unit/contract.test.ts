import { expect, test } from "vitest";
import { Contract, type Exchange } from "../support/contract.ts";

const problem = { type: "object", required: ["status"], properties: { status: { type: "integer" } } };
const contract = new Contract({
  paths: {
    "/things/{id}": {
      get: {
        responses: {
          200: { content: { "application/json": { schema: { $ref: "#/components/schemas/Thing" } } } },
          204: { headers: { "X-Position": { $ref: "#/components/headers/X-Position" }, "X-Perhaps": {} } },
          304: {},
          404: { content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } },
        },
      },
    },
    "/things/live": { get: { responses: { 200: { content: { "text/event-stream": { schema: { type: "string" } } } } } } },
  },
  components: {
    schemas: { Thing: { type: "object", required: ["id"], properties: { id: { type: "string" } } }, Problem: problem },
    headers: { "X-Position": { required: true, schema: { type: "integer" } } },
  },
});
const json = "application/json";
const sample: Exchange = { method: "GET", pathname: "/things/1", status: 200, type: json, text: '{"id":"1"}' };
const done = { status: 204, type: undefined, text: "", headers: [["x-position", "7"]] as const };
const gone = { type: "application/problem+json", text: '{"status":404}' };

test.each<[string, Partial<Exchange>]>([
  ["what is declared", {}],
  ["HEAD, as GET without its body", { method: "HEAD", text: "" }],
  ["304 without a body", { status: 304, type: undefined, text: "" }],
  ["one with the headers that are declared", done],
  ["one with those that it may lack", { ...done, headers: [...done.headers, ["x-perhaps", "any"]] }],
  [
    "one with headers that nobody declares, for they are HTTP's own",
    {
      headers: [
        ["Content-Type", json],
        ["access-control-allow-origin", "*"],
        ["vary", "Accept"],
      ],
    },
  ],
  ["a declared problem", { status: 404, ...gone }],
  ["a problem at a path that is not described", { pathname: "/nothing", status: 404, ...gone }],
  ["405 for a method that is not described", { method: "POST", status: 405, type: gone.type, text: '{"status":405}' }],
  ["a feed at the more literal path", { pathname: "/things/live", type: "text/event-stream", text: "data: 1" }],
])("an answer may be %s", (_, exchange) => {
  expect(contract.breach({ ...sample, ...exchange })).toBeUndefined();
});

test.each<[string, Partial<Exchange>, RegExp]>([
  ["an undeclared status", { status: 409, ...gone }, /declares 200, 204, 304, 404/],
  ["an undeclared status of HEAD", { method: "HEAD", status: 500, text: "" }, /declares 200, 204, 304, 404/],
  ["a body that lacks something", { text: "{}" }, /id/],
  ["a body of another type", { text: '{"id":1}' }, /\/id/],
  ["another media type", { type: "text/html" }, /expected application\/json, got text\/html/],
  ["no media type", { type: undefined, text: "" }, /got undefined/],
  ["a header that is not declared", { headers: [["x-other", "1"]] }, /the header x-other was sent and is not declared/],
  ["one without a header that is required", { ...done, headers: [["x-perhaps", "any"]] }, /x-position is declared as required and was not sent/],
  ["one with a header of another form", { ...done, headers: [["x-position", "seven"]] }, /not of the form that is declared: x-position: seven/],
  ["a success at a path that is not described", { pathname: "/nothing" }, /no path is like/],
  ["a problem that is none", { pathname: "/nothing", status: 404, type: gone.type, text: "{}" }, /status/],
  ["a success of a method that is not described", { method: "DELETE" }, /has no DELETE/],
])("an answer may not be %s", (_, exchange, reason) => {
  expect(contract.breach({ ...sample, ...exchange })).toMatch(reason);
});
