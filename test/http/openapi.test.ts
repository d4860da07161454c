import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { SCOPE_PATTERN } from "../../src/kernel/index.ts";
import { type Answer, append, get, newerThan, send } from "../support/http.ts";

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>>;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly operationId?: string;
}

interface Description {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, object>> };
  readonly security?: readonly object[];
}

let description: Description;
let text = "";

beforeAll(async () => {
  const source = await send("PUT", "/v1/sources/api", { scheme: "github", secret: "a secret of some length" });
  const write = await append("api-1", [{ type: "x.Y", data: { a: 1 }, id: "api-event" }]);
  for (const answer of [source, write]) await get("/v1/events", newerThan(answer));
  ({ text } = await get("/openapi.json"));
  description = JSON.parse(text) as Description;
});

const built = [
  "get /health",
  "post /v1/streams/{}/events",
  "get /v1/streams/{}/events",
  "get /v1/streams/{}",
  "get /v1/streams/{}/verify",
  "get /v1/streams",
  "get /v1/events",
  "get /v1/events/{}",
  "get /v1/event-types",
  "put /v1/sources/{}",
  "post /v1/webhooks/{}/{}",
];
const isPublic = new Set(["get /health", "get /openapi.json", "get /docs", "post /v1/webhooks/{}/{}"]);

const METHODS = new Set(["get", "post", "put", "patch", "delete"]);
const operations = (): [string, string, Operation][] =>
  Object.entries(description.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => METHODS.has(method))
      .map(([method, operation]): [string, string, Operation] => [method, path, operation]),
  );
const named = (method: string, path: string): string => `${method} ${path.replaceAll(/\{[^}]*\}/g, "{}")}`;
const operation = (name: string): Operation => operations().find(([method, path]) => named(method, path) === name)?.[2] as Operation;

/** Whether a value is what a schema of the description wants. */
function faults(schema: object, value: unknown): string {
  const root = JSON.parse(JSON.stringify({ ...schema, $defs: description.components?.schemas ?? {} }).replaceAll("#/components/schemas/", "#/$defs/"));
  const parsed = z.fromJSONSchema(root as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value);
  return parsed.success ? "" : z.prettifyError(parsed.error);
}

describe("the description", () => {
  test("is OpenAPI 3 of this platform", () => {
    expect(description.openapi).toMatch(/^3\.[01]\.\d+$/);
    expect(description.info).toMatchObject({ title: expect.stringMatching(/rivulet/i), version: expect.stringMatching(/\d/) });
  });

  test.each(built)("lists %s", (name) => {
    expect(operations().map(([method, path]) => named(method, path))).toContain(name);
  });

  test("lists nothing that is not served", async () => {
    for (const [method, path] of operations()) {
      const answer = await send("OPTIONS", path.replaceAll(/\{[^}]*\}/g, "api-1"));
      expect(answer.headers.get("allow"), path).toContain(method.toUpperCase());
    }
  });

  test("refers to nothing that is not in it", () => {
    for (const [, ref] of text.matchAll(/"\$ref":"([^"]*)"/g)) {
      expect(ref).toMatch(/^#\//);
      const found = (ref as string)
        .slice(2)
        .split("/")
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], description);
      expect(found, ref).toBeDefined();
    }
  });

  test("names every part of a path, and each operation once", () => {
    for (const [, path, { parameters = [] }] of operations()) {
      const parts = [...path.matchAll(/\{([^}]*)\}/g)].map(([, part]) => part);
      const required = parameters.filter(({ in: place, required }) => place === "path" && required === true);
      expect(required.map(({ name }) => name).sort()).toEqual(parts.sort());
    }
    const ids = operations().map(([, , { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("asks for a key exactly where one is needed", () => {
    for (const [method, path, { security }] of operations()) {
      const needed = (security ?? description.security ?? []).length > 0;
      expect(needed, path).toBe(!isPublic.has(named(method, path)));
    }
  });

  test("names the scopes of each operation that is not public", () => {
    const scopes = operations().flatMap(([method, path, { security = [] }]) =>
      isPublic.has(named(method, path)) ? [] : [[`${method} ${path}`, security[0]?.["key"] ?? []] as const],
    );
    for (const [name, needed] of scopes) {
      expect(needed, name).not.toEqual([]);
      for (const scope of needed) expect(scope.replaceAll(/\{\w+\}/g, "x"), name).toMatch(SCOPE_PATTERN);
    }
    expect(scopes.length).toBeGreaterThan(100);
  });
});

describe("every answer is one that the description has", () => {
  const body = { events: [{ type: "x.Y", data: 1 }] };
  const requests: readonly [string, number, () => Promise<Answer>][] = [
    ["get /health", 200, () => get("/health")],
    ["post /v1/streams/{}/events", 201, () => append("api-new", body.events)],
    ["post /v1/streams/{}/events", 200, () => append("api-1", [{ type: "x.Y", data: { a: 1 }, id: "api-event" }])],
    ["post /v1/streams/{}/events", 400, () => send("POST", "/v1/streams/api-1/events", "{")],
    ["post /v1/streams/{}/events", 401, () => append("api-1", body.events, { authorization: undefined })],
    ["post /v1/streams/{}/events", 403, () => append("audit-1", body.events)],
    ["post /v1/streams/{}/events", 409, () => append("api-1", [{ type: "x.Y", data: 2, id: "api-event" }])],
    ["post /v1/streams/{}/events", 412, () => append("api-1", body.events, { "if-match": '"77"' })],
    ["post /v1/streams/{}/events", 413, () => append("api-1", [{ type: "x.Y", data: "x".repeat(1_100_000) }])],
    ["post /v1/streams/{}/events", 415, () => send("POST", "/v1/streams/api-1/events", "x", { "content-type": "text/plain" })],
    ["post /v1/streams/{}/events", 422, () => append("api-1", [])],
    ["get /v1/streams/{}/events", 200, () => get("/v1/streams/api-1/events?direction=backward&limit=1")],
    ["get /v1/streams/{}/events", 304, () => get("/v1/streams/api-1/events", { "if-none-match": "*" })],
    ["get /v1/streams/{}/events", 404, () => get("/v1/streams/api-none/events")],
    ["get /v1/streams/{}/events", 422, () => get("/v1/streams/api-1/events?limit=0")],
    ["get /v1/streams/{}", 200, () => get("/v1/streams/api-1")],
    ["get /v1/streams/{}", 404, () => get("/v1/streams/api-none")],
    ["get /v1/streams/{}/verify", 200, () => get("/v1/streams/api-1/verify")],
    ["get /v1/streams/{}/verify", 404, () => get("/v1/streams/api-none/verify")],
    ["get /v1/streams", 200, () => get("/v1/streams")],
    ["get /v1/streams", 422, () => get("/v1/streams?limit=0")],
    ["get /v1/events", 200, () => get("/v1/events")],
    ["get /v1/events", 401, () => get("/v1/events", { authorization: undefined })],
    ["get /v1/events", 422, () => get("/v1/events?limit=0")],
    ["get /v1/events/{}", 200, () => get("/v1/events/api-event")],
    ["get /v1/events/{}", 404, () => get("/v1/events/api-none")],
    ["get /v1/event-types", 200, () => get("/v1/event-types")],
    ["put /v1/sources/{}", 200, () => send("PUT", "/v1/sources/api", { scheme: "github", secret: "another secret" })],
    ["put /v1/sources/{}", 201, () => send("PUT", "/v1/sources/api2", { scheme: "github", secret: "another secret" })],
    ["put /v1/sources/{}", 422, () => send("PUT", "/v1/sources/api3", { scheme: "none such" })],
    ["post /v1/webhooks/{}/{}", 401, () => send("POST", "/v1/webhooks/default/api", "{}")],
    ["post /v1/webhooks/{}/{}", 404, () => send("POST", "/v1/webhooks/default/api-none", "{}")],
  ];

  test.each(requests)("%s: %i", async (name, status, request) => {
    const answer = await request();
    expect(answer.status, answer.text.slice(0, 300)).toBe(status);
    const declared = operation(name).responses[status];
    expect(declared, `${name} declares ${Object.keys(operation(name).responses).join(", ")}`).toBeDefined();
    if (answer.text === "") return;
    const type = answer.headers.get("content-type")?.split(";")[0] ?? "";
    const schema = declared?.content?.[type]?.schema;
    expect(schema, type).toBeDefined();
    expect(faults(schema as object, answer.json())).toBe("");
  });
});

describe("the schema of an append", () => {
  const schema = (): object => operation("post /v1/streams/{}/events").requestBody?.content["application/json"]?.schema as object;
  const full = {
    type: "notes.NoteAdded",
    data: null,
    id: "a/1",
    time: "2026-11-20T10:00:00Z",
    source: "/a",
    schemaVersion: 2,
    metadata: { correlationId: "c", own: [1] },
  };
  test.each([[{ events: [{ type: "x.Y", data: 1 }] }], [{ events: [full] }]])("takes what the platform takes: %j", async (body) => {
    expect((await send("POST", "/v1/streams/api-good/events", body)).status).toBe(201);
    expect(faults(schema(), body)).toBe("");
  });

  test.each([
    [{}],
    [{ events: [] }],
    [{ events: [{ data: 1 }] }],
    [{ events: [{ type: "", data: 1 }] }],
    [{ events: [{ type: "x", data: 1, schemaVersion: 0 }] }],
  ])("refuses what the platform refuses: %j", async (body) => {
    expect((await send("POST", "/v1/streams/api-bad/events", body)).status).toBe(422);
    expect(faults(schema(), body)).not.toBe("");
  });
});
