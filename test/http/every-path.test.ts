import { beforeAll, describe, expect, test, vi } from "vitest";
import { type Answer, append, expectProblem, get, type HeaderFields, newerThan, ok, type Page, send } from "../support/http.ts";
import { open } from "./open.ts";

interface Operation {
  readonly security?: readonly object[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
  readonly responses: Readonly<Record<string, unknown>>;
}
type Methods = Readonly<Record<string, Operation>>;

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
const NO_KEY: HeaderFields = { authorization: undefined };
const isLive = (path: string): boolean => path.endsWith("/live");
/** Every path of /openapi.json, as it is asked for here, with what is described there. */
let paths: readonly (readonly [template: string, path: string, methods: Methods])[] = [];

const allowed = (value: string | null): string[] => (value ?? "").split(",").map((method) => method.trim());
/** With what is asked; nothing of it is taken by any endpoint, so nothing changes. */
const bodyOf = (method: string): string | undefined => (method === "GET" || method === "DELETE" ? undefined : "{");

/** What there is one of, so that every path leads somewhere. */
const ID = "every:1";
const SUBRIP = "1\n00:00:01,000 --> 00:00:02,000\nNobody.\n";
const video = { videoUrl: "https://example.com/a.mp4" };
const person = { email: "every@a.example", name: "Every", password: "correct horse battery staple" };
const commands: readonly (readonly [command: string, data: object])[] = [
  ["account/Register", person],
  ["account/LogIn", person],
  ["batch/StartBatch", { videoUrls: [video.videoUrl] }],
  ["inventory/Receive", { quantity: 1 }],
  ["membership/AssignRole", { role: "clerk" }],
  ["order/PlaceOrder", { customerId: "ann", items: [{ sku: "cup", quantity: 1, priceCents: 1 }] }],
  ["payment/RequestPayment", { amountCents: 1 }],
  ["product/AddProduct", { sku: "cup", name: "Cup", priceCents: 1 }],
  ["tenant/CreateTenant", { name: "Every", plan: "small" }],
  ["user/RegisterUser", person],
  ["video/RequestProcessing", video],
  ["subtitle/RequestDownload", { ...video, videoTitle: "every", language: "en" }],
  ["subtitle/StartDownload", {}],
  ["subtitle_result/KeepFile", { language: "en", format: "srt", text: SUBRIP }],
];

async function fill(): Promise<readonly Answer[]> {
  const command = (path: string, data: object): Promise<Answer> => send("POST", `/v1/aggregates/${path.replace("/", `/${ID}/`)}`, data);
  const written = [
    await send("PUT", "/v1/sources/every", { scheme: "github", secret: "a secret of some length" }),
    await append("every-1", [{ type: "x.Y", data: 1, id: "every-event" }], { "x-correlation-id": "every-flow" }),
  ];
  for (const [path, data] of commands) written.push(await command(path, data));
  const file = await send("PUT", "/subtitles/library/every/en", SUBRIP, { "content-type": "application/x-subrip" });
  return [...written, file, await command("subtitle/CompleteDownload", { downloadUrl: file.headers.get("location"), source: "library" })];
}

/** The key of a row that is there: a row's first column. */
async function keyOf(template: string): Promise<string> {
  const [row] = ok<Page<object>>(await get(`${template.replace("/{key}", "")}?limit=1`)).items;
  if (row === undefined) unfilled.add(template);
  return encodeURIComponent(String(Object.values(row ?? {})[0] ?? NOBODY));
}

/** What handlers make in their own time is perhaps not there yet: such paths lead to nobody, which is 404. */
const NOBODY = "nobody";
const unfilled = new Set<string>();

/** The id of an aggregate that is there: of a category, the first in the directory. */
async function aggregateOf(template: string): Promise<string> {
  const category = template.split("/")[3] ?? "";
  const [first] = ok<Page<{ stream: string }>>(await get(`/v1/streams?category=${category}&limit=1`)).items;
  if (first === undefined) unfilled.add(template);
  return first?.stream.slice(category.length + 1) ?? NOBODY;
}

/** A subscription that is pulled, a dead letter of its, and a handler. */
const follower = { subscription: "", letter: "", handler: "" };

/** A tenant that was made, a key, and an issuer of tokens. */
const TENANT = "every-tenant";
const identity = { key: "", issuer: "" };

async function fillIdentity(): Promise<void> {
  const jwk = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
  const issuer = { issuer: "https://login.every.example", audience: "every", jwks: { keys: [jwk] }, claims: { scopes: "scope" } };
  await send("POST", "/v1/tenants", { id: TENANT, name: "Every" });
  await send("PUT", "/v1/roles/every", { scopes: ["streams:read"] });
  const key = await send("POST", "/v1/keys", { name: "every", scopes: ["streams:read"] });
  const made = await send("POST", "/v1/issuers", issuer);
  // There still: nobody has removed it.
  if (key.status !== 409) identity.key = ok<{ id: string }>(key).id;
  if (made.status !== 409) identity.issuer = ok<{ id: string }>(made).id;
}

async function fillFollowers(): Promise<void> {
  const settings = { name: "every", types: ["dead.#"], sink: { pull: true }, retry: { maxAttempts: 1, minDelayMs: 1, maxDelayMs: 1 } };
  const { id } = ok<{ id: string }>(await send("POST", "/v1/subscriptions", settings));
  await get("/v1/events", newerThan(await append("every-2", [{ type: "dead.Y", data: 1 }])));
  const { items } = ok<{ items: readonly { position: number }[] }>(await get(`/v1/subscriptions/${id}/events`));
  const positions = items.map(({ position }) => position);
  ok(await send("POST", `/v1/subscriptions/${id}/nack`, { positions }));
  const data = { orderId: "every", totalCents: 0, currency: "EUR", goods: [] };
  ok(await send("POST", "/v1/sagas/order-fulfilment", { id: "every", data }));
  const [handler] = ok<Page<{ name: string }>>(await get("/v1/handlers")).items;
  Object.assign(follower, { subscription: id, letter: `${id}~${positions[0]}`, handler: handler?.name });
}

function followerOf(template: string): Readonly<Record<string, string>> {
  if (template.startsWith("/v1/subscriptions/")) return { id: follower.subscription, replay: "every" };
  if (template.startsWith("/v1/dead-letters/")) return { id: follower.letter };
  if (template.startsWith("/v1/sagas/")) return { name: "order-fulfilment", id: "every" };
  if (template.startsWith("/v1/tenants/")) return { id: TENANT };
  if (template.startsWith("/v1/roles/")) return { name: "every" };
  // No rule is set here, so there is none to look at.
  if (template.startsWith("/v1/alert-rules/")) unfilled.add(template);
  if (template.startsWith("/v1/traces/{")) {
    // Which requests are traced is not for this test to say: this one was not.
    unfilled.add(template);
    return { traceId: "1".repeat(32) };
  }
  if (template.startsWith("/v1/keys/")) return { id: identity.key };
  if (template.startsWith("/v1/issuers/")) return { id: identity.issuer };
  return template.startsWith("/v1/handlers/") ? { name: follower.handler } : {};
}

async function valuesOf(template: string): Promise<Readonly<Record<string, string>>> {
  const isAggregate = template.startsWith("/v1/aggregates/");
  const id = template.includes("correlations") ? "every-flow" : isAggregate ? await aggregateOf(template) : "every-event";
  const key = template.endsWith("/{key}") ? await keyOf(template) : "";
  return {
    stream: "every-1",
    tenant: "default",
    source: "every",
    name: "sources",
    job_id: ID,
    title: "every",
    language: "en",
    id,
    key,
    ...followerOf(template),
  };
}

beforeAll(async () => {
  for (const answer of await fill()) {
    ok(answer);
    // With the token the log and the views have it at once.
    for (const path of ["/v1/events", "/v1/correlations/every-flow", "/v1/views/stock"]) await get(path, newerThan(answer));
  }
  await fillFollowers();
  await fillIdentity();
  const described = ok<{ paths: Readonly<Record<string, Methods>> }>(await get("/openapi.json")).paths;
  const filled = Object.entries(described).map(async ([template, methods]) => {
    const values = await valuesOf(template);
    return [template, template.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole), methods] as const;
  });
  paths = await Promise.all(filled);
});

/** One request of each method to each path. */
const each = (): (readonly [method: string, template: string, path: string, isDescribed: boolean])[] =>
  paths.flatMap(([template, path, methods]) => METHODS.map((method) => [method, template, path, methods[method.toLowerCase()] !== undefined] as const));

/** Every operation that is described. */
const operations = (): (readonly [method: string, template: string, path: string, operation: Operation])[] =>
  paths.flatMap(([template, path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [method.toUpperCase(), template, path, operation] as const),
  );

test("the description has paths, each of which the tests below ask for", () => {
  expect(paths.length).toBeGreaterThan(18);
  for (const [, path] of paths) expect(path).not.toMatch(/[{}]/);
});

describe("on every path that is described,", () => {
  test("OPTIONS is 204 and its Allow names exactly what is described, HEAD with GET, and OPTIONS", async () => {
    for (const [template, path, methods] of paths) {
      const described = Object.keys(methods).map((method) => method.toUpperCase());
      const answer = await send("OPTIONS", path);
      expect([answer.status, answer.text], template).toEqual([204, ""]);
      expect(allowed(answer.headers.get("allow")).sort(), template).toEqual([...described, "OPTIONS", ...(described.includes("GET") ? ["HEAD"] : [])].sort());
    }
  });

  test("every method that is not described is a 405 problem with the Allow of OPTIONS", async () => {
    let count = 0;
    for (const [method, template, path] of each().filter(([, , , isDescribed]) => !isDescribed)) {
      const answer = await send(method, path, bodyOf(method));
      expectProblem(answer, 405, "method_not_allowed");
      expect(answer.headers.get("allow"), template).toBe((await send("OPTIONS", path)).headers.get("allow"));
      count++;
    }
    expect(count).toBeGreaterThan(50);
  });

  test("every operation without a key is 401 with WWW-Authenticate, but the public ones, which never ask for Bearer", async () => {
    let refused = 0;
    for (const [method, template, path, { security = [] }] of operations()) {
      for (const headers of [NO_KEY, { authorization: "Bearer wrong" }]) {
        const answer = await send(method, path, bodyOf(method), headers);
        const challenge = answer.headers.get("www-authenticate");
        if (security.length > 0) expectProblem(answer, 401, "unauthorized");
        expect(challenge ?? "", template).toMatch(security.length > 0 ? /^Bearer / : /^(Signature)?$/);
        refused += answer.status === 401 ? 1 : 0;
      }
    }
    expect(refused).toBeGreaterThan(30);
  });

  test("every answer, with a key, without one, of each method, has traceresponse and the X-Correlation-Id that was given", async () => {
    for (const [method, template, path, isDescribed] of [...each(), ...paths.map(([template, path]) => ["OPTIONS", template, path, true] as const)]) {
      for (const headers of isLive(path) && isDescribed ? [NO_KEY] : [{}, NO_KEY]) {
        // The precondition fails: nothing is removed that the other tests ask for.
        const answer = await send(method, path, bodyOf(method), { ...headers, "if-match": '"999"', "x-correlation-id": "every:1" });
        expect(answer.headers.get("x-correlation-id"), `${method} ${template}`).toBe("every:1");
        expect(answer.headers.get("traceresponse"), `${method} ${template}`).toMatch(/^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/);
      }
    }
  });

  const own = new Set(["traceresponse", "x-correlation-id", "date", "content-length"]);
  /** The header lines that say the same each time. */
  const fieldsOf = ({ headers }: { headers: Headers }): string[] => [...headers].filter(([name]) => !own.has(name)).map((field) => field.join(": "));

  /** Every GET that ends, with its path as it leads somewhere. */
  async function readable(): Promise<readonly (readonly [template: string, path: string, operation: Operation])[]> {
    // Those that were there may have been revoked by the tests before: a DELETE of theirs has no precondition.
    await fillIdentity();
    return paths.flatMap(([template, known, { get: operation }]) => {
      if (operation === undefined || isLive(known)) return [];
      const path = /^\/v1\/(keys|issuers)\//.test(template) ? template.replace("{id}", followerOf(template)["id"] ?? "") : known;
      return [[template, path, operation] as const];
    });
  }

  test("HEAD answers what GET answers, header for header, without the body", async () => {
    for (const [template, path] of await readable()) {
      const [head, full] = [await send("HEAD", path), await get(path)];
      const status = unfilled.has(template) ? 404 : 200;
      expect([full.status, head.status, head.text], template).toEqual([status, status, ""]);
      expect(fieldsOf(head), template).toEqual(fieldsOf(full));
      // Left out or right, as RFC 9110 says in section 8.6; 0 would be a lie.
      expect(head.headers.get("content-length") ?? String(new TextEncoder().encode(full.text).length), template).toBe(
        String(new TextEncoder().encode(full.text).length),
      );
    }
  });

  test("GET with an ETag is 304 for who has it, described so, with the header lines of the 200 but those of its body; what has none is never 304", async () => {
    const tagged: string[] = [];
    for (const [template, path, { responses }] of await readable()) {
      // What a follower has done moves its tag: it comes to rest.
      await vi.waitFor(async () => {
        const full = await get(path);
        const etag = full.headers.get("etag");
        if (unfilled.has(template)) return;
        // What also moves without its version has a tag for If-Match alone.
        const isMoving = ["/v1/streams/{stream}", "/v1/subscriptions/{id}", "/v1/tenants/{id}"].includes(template);
        expect([full.status, etag !== null && !isMoving], template).toEqual([200, responses["304"] !== undefined]);
        if (isMoving) expect([(await get(path, { "if-none-match": etag ?? "" })).status, etag], template).toEqual([200, expect.stringMatching(/^"\d+"$/)]);
        expect((await get(path, { "if-none-match": '"of another"' })).status, template).toBe(200);
        if (etag === null || isMoving) return;
        for (const known of [etag, `W/${etag}`, `"of another", ${etag}`, "*"]) {
          for (const method of ["GET", "HEAD"]) {
            const spared = await send(method, path, undefined, { "if-none-match": known });
            expect([spared.status, spared.text], `${method} ${template} ${known}`).toEqual([304, ""]);
            expect(fieldsOf(spared).sort(), template).toEqual(fieldsOf(full).filter((field) => !/^content-(type|language): /.test(field)));
          }
        }
        tagged.push(template);
      }, 30_000);
    }
    expect(tagged.length).toBeGreaterThan(20);
    expect(tagged).toEqual(expect.arrayContaining(["/v1/keys/{id}", "/v1/sagas/{name}/{id}"]));
  });

  // A webhook is proved before anything else of it is looked at; what its body must be is in the tests of its proofs.
  const isJson = (type: string): boolean => type.endsWith("json");
  const typesOf = ({ requestBody }: Operation): readonly string[] => Object.keys(requestBody?.content ?? {});
  const takers = () => operations().filter(([, template, , { requestBody }]) => requestBody !== undefined && !template.includes("/webhooks/"));
  const withBody = () => takers().filter(([, , , operation]) => typesOf(operation).some(isJson));

  test("every operation that takes another body than JSON refuses JSON, and any type that it does not name, with 415", async () => {
    const others = takers().filter(([, , , operation]) => !typesOf(operation).some(isJson));
    expect(others.length).toBeGreaterThan(0);
    for (const [method, template, path, operation] of others) {
      for (const type of ["application/json", "application/xml", "multipart/form-data; boundary=x"]) {
        const answer = await send(method, path, "{}", { "content-type": type });
        expectProblem(answer, 415, "unsupported_media_type");
        expect(answer.headers.get("accept")?.split(", "), template).toEqual(expect.arrayContaining([...typesOf(operation)]));
      }
    }
  });

  test("every operation that takes JSON refuses the wrong content type with 415, and says which it takes", async () => {
    expect(withBody().length).toBeGreaterThan(50);
    for (const [method, template, path] of withBody()) {
      for (const type of ["text/plain", "application/xml", "application/jsonx", "multipart/form-data; boundary=x", ""]) {
        const answer = await send(method, path, "{}", { "content-type": type });
        expectProblem(answer, 415, "unsupported_media_type");
        expect(answer.headers.get("accept"), template).toMatch(/json/);
      }
    }
  });

  test("every operation that takes JSON refuses what is none with 400, and JSON of another shape with 422 and its place", async () => {
    for (const [method, template, path, operation] of withBody()) {
      const type = typesOf(operation).find(isJson);
      const ask = (body: string) => send(method, path, body, { "content-type": type });
      for (const broken of ["{", "", "\ufeff{}", "{'a':1}", "nul", '{"a":1}}']) expectProblem(await ask(broken), 400, "invalid_json");
      // A command takes what it needs of an object, and is not refused for more: some need nothing.
      const objects = template.startsWith("/v1/aggregates/") ? [] : ['{"unknown":1}'];
      for (const other of ["null", "7", '"x"', '{"a":1,"a":2}', ...objects])
        expect(expectProblem(await ask(other), 422, "invalid_input").errors?.length, `${template} ${other}`).toBeGreaterThan(0);
    }
  });
});

test("an unknown path is a 404 problem for every method", async () => {
  for (const method of [...METHODS, "OPTIONS"]) expectProblem(await send(method, "/v1/no/such/path", bodyOf(method)), 404, "not_found");
});

test("what goes on is declared as well: its status, its media type, and what every answer carries", async () => {
  for (const path of ["/v1/streams/every-1/live", "/v1/events/live"]) {
    const sse = await open(path);
    expect([sse.status, sse.headers.get("content-type"), sse.headers.get("cache-control")]).toEqual([200, "text/event-stream", "no-store"]);
    await sse.body?.cancel();
    const socket = await open(path, { upgrade: "websocket" });
    expect(socket.status).toBe(101);
    socket.webSocket?.accept();
    socket.webSocket?.close();
  }
});

describe("authentication comes first", () => {
  test("but for a method that is not there: 405 and Allow tell anybody what the public description says, and nothing else", async () => {
    const own = new Set(["traceresponse", "x-correlation-id"]);
    const told = ({ status, text, headers }: Answer) => ({ status, text, headers: [...headers].filter(([name]) => !own.has(name)) });
    const unknown = (path: string): string => path.replace("every", "none-such").replace("/default/", "/no-such-tenant/");
    const missing = each().filter(([, , , isDescribed]) => !isDescribed);
    for (const [method, template, path] of [...missing, ...paths.map(([template, path]) => ["OPTIONS", template, path] as const)]) {
      const withKey = told(await send(method, path, bodyOf(method)));
      expect([204, 405], template).toContain(withKey.status);
      // Neither who asks nor what there is makes a difference.
      for (const headers of [NO_KEY, { authorization: "Bearer wrong" }]) expect(told(await send(method, path, bodyOf(method), headers))).toEqual(withKey);
      expect(told(await send(method, unknown(path), bodyOf(method), NO_KEY)), template).toEqual(withKey);
    }
  });

  test("also for a path that is not there", async () => {
    expectProblem(await send("GET", "/v1/no/such/path", undefined, NO_KEY), 401);
  });
});
