import { expect, test } from "vitest";
import { Contract, type Exchange } from "../support/contract.ts";

const problem = { type: "object", required: ["status"], properties: { status: { type: "integer" } } };
const contract = new Contract({
  paths: {
    "/things/{id}": {
      get: {
        responses: {
          200: { content: { "application/json": { schema: { $ref: "#/components/schemas/Thing" } } } },
          304: {},
          404: { content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } },
        },
      },
    },
    "/things/live": { get: { responses: { 200: { content: { "text/event-stream": { schema: { type: "string" } } } } } } },
  },
  components: { schemas: { Thing: { type: "object", required: ["id"], properties: { id: { type: "string" } } }, Problem: problem } },
});
const json = "application/json";
const sample: Exchange = { method: "GET", pathname: "/things/1", status: 200, type: json, text: '{"id":"1"}' };
const gone = { type: "application/problem+json", text: '{"status":404}' };

test.each<[string, Partial<Exchange>]>([
  ["what is declared", {}],
  ["HEAD, as GET without its body", { method: "HEAD", text: "" }],
  ["304 without a body", { status: 304, type: undefined, text: "" }],
  ["a declared problem", { status: 404, ...gone }],
  ["a problem at a path that is not described", { pathname: "/nothing", status: 404, ...gone }],
  ["405 for a method that is not described", { method: "POST", status: 405, type: gone.type, text: '{"status":405}' }],
  ["a feed at the more literal path", { pathname: "/things/live", type: "text/event-stream", text: "data: 1" }],
])("an answer may be %s", (_, exchange) => {
  expect(contract.breach({ ...sample, ...exchange })).toBeUndefined();
});

test.each<[string, Partial<Exchange>, RegExp]>([
  ["an undeclared status", { status: 409, ...gone }, /declares 200, 304, 404/],
  ["an undeclared status of HEAD", { method: "HEAD", status: 500, text: "" }, /declares 200, 304, 404/],
  ["a body that lacks something", { text: "{}" }, /id/],
  ["a body of another type", { text: '{"id":1}' }, /\/id/],
  ["another media type", { type: "text/html" }, /expected application\/json, got text\/html/],
  ["no media type", { type: undefined, text: "" }, /got undefined/],
  ["a success at a path that is not described", { pathname: "/nothing" }, /no path is like/],
  ["a problem that is none", { pathname: "/nothing", status: 404, type: gone.type, text: "{}" }, /status/],
  ["a success of a method that is not described", { method: "DELETE" }, /has no DELETE/],
])("an answer may not be %s", (_, exchange, reason) => {
  expect(contract.breach({ ...sample, ...exchange })).toMatch(reason);
});
