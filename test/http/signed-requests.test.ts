import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Answer, eventsOf, everything, expectProblem, get, newerThan, ok, send } from "../support/http.ts";
import { contentDigest, signed, type Signing, type SigningKey } from "../support/sign.ts";
import { makeSigningKey } from "../support/signatures.ts";
import { open } from "./open.ts";

const body = JSON.stringify({ events: [{ type: "notes.NoteAdded", data: { n: 1 } }] });
const SCOPES = ["events:write:desk-*", "streams:read"];
let key: SigningKey & { readonly id: string; readonly text: string };
let other: SigningKey;

const ask = (signing: Signing, by: SigningKey = key): Promise<Answer> => send(signing.method ?? "GET", signing.path, signing.body, signed(by, signing));
const appending = (stream: string, more: Partial<Signing> = {}): Signing => ({ method: "POST", path: `/v1/streams/${stream}/events`, body, ...more });
const now = (): number => Math.floor(Date.now() / 1_000);

beforeAll(async () => {
  key = await makeSigningKey("robot", SCOPES);
  other = await makeSigningKey("other-robot", SCOPES);
});

describe("a signed request", () => {
  test("is taken as its key's, with a body and without", async () => {
    expect((await ask(appending("desk-1"))).status).toBe(201);
    expect((await eventsOf("desk-1")).map(({ metadata }) => metadata["actor"])).toEqual(["key:robot"]);
    expect((await ask({ path: "/v1/streams/desk-1" })).status).toBe(200);
    expect((await ask({ path: "/v1/streams?category=desk&limit=1" })).status).toBe(200);
    expect((await ask(appending("desk-1", { headers: { "idempotency-key": "signed-1", "content-digest": contentDigest(body, "sha-512") } }))).status).toBe(201);
    expectProblem(await ask(appending("chair-1")), 403, "missing_scope");
    const live = await open("/v1/streams/desk-1/live?from=1", signed(key, { path: "/v1/streams/desk-1/live?from=1" }) as never);
    expect(live.status).toBe(200);
    await live.body?.cancel();
  });

  test("is taken within five minutes, by its own time, and not beyond its end", async () => {
    for (const created of [now() - 295, now() + 295]) expect((await ask({ path: "/v1/streams", created })).status).toBe(200);
    for (const created of [now() - 302, now() + 310, 0]) expectProblem(await ask({ path: "/v1/streams", created }), 401, "invalid_signature");
    expect((await ask({ path: "/v1/streams", more: `;expires=${now() + 60}` })).status).toBe(200);
    expectProblem(await ask({ path: "/v1/streams", more: `;expires=${now() - 1}` }), 401, "invalid_signature");
  });

  test("is taken once, whatever it asks for", async () => {
    for (const signing of [appending("desk-once"), { path: "/v1/streams/desk-once" }]) {
      const headers = signed(key, signing);
      const answers: Answer[] = [];
      for (let time = 0; time < 3; time++) answers.push(await send(signing.method ?? "GET", signing.path, signing.body, headers));
      expect(answers.map(({ status }) => status)).toEqual([signing.method === "POST" ? 201 : 200, 401, 401]);
      expectProblem(answers[1] as Answer, 401, "invalid_signature");
    }
    expect(await eventsOf("desk-once")).toHaveLength(1);
    // At once as well: one of them comes first.
    const headers = signed(key, appending("desk-race"));
    const all = await Promise.all(Array.from({ length: 8 }, () => send("POST", "/v1/streams/desk-race/events", body, headers)));
    expect(all.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(401)]);
    // The same nonce of another key is another one, and so is the same at another time.
    const nonce = "the-same-for-both-of-them";
    const created = now();
    expect((await ask({ path: "/v1/streams", nonce, created })).status).toBe(200);
    expect((await ask({ path: "/v1/streams", nonce, created }, other)).status).toBe(200);
    expect((await ask({ path: "/v1/streams", nonce, created: created - 1 })).status).toBe(200);
  });

  test("is held to its key's limit", async () => {
    const limited = await makeSigningKey("limited-robot", SCOPES, { limits: { requests: { limit: 2, periodSeconds: 86_400 } } });
    const statuses: number[] = [];
    for (let time = 0; time < 3; time++) statuses.push((await ask({ path: "/v1/streams" }, limited)).status);
    expect(statuses).toEqual([200, 200, 429]);
  });
});

describe("a signed request is refused, and does nothing,", () => {
  /** The stream that nobody may write to by it: another one for each test. */
  let forged = "";
  let count = 0;
  beforeEach(() => {
    forged = `desk-forged.${++count}`;
  });
  const refused = async (answer: Answer): Promise<void> => {
    expectProblem(answer, 401, "invalid_signature");
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer\b/);
    expectProblem(await get(`/v1/streams/${forged}`), 404);
  };
  /** Signed as one thing, and sent as another. */
  const altered = async (
    signing: Signing,
    change: { method?: string; path?: string; body?: string; headers?: Record<string, string | undefined> },
  ): Promise<void> =>
    refused(
      await send(change.method ?? signing.method ?? "GET", change.path ?? signing.path, "body" in change ? change.body : signing.body, {
        ...signed(key, signing),
        ...change.headers,
      }),
    );

  test("with another method", () => altered({ ...appending(forged), method: "PUT" }, { method: "POST" }));
  test("with another path", () => altered(appending("desk-other"), { path: `/v1/streams/${forged}/events` }));
  test("with another query", () => altered({ path: "/v1/streams?limit=1" }, { path: "/v1/streams?limit=2" }));
  test("with a query that it had not", () => altered({ path: "/v1/streams" }, { path: "/v1/streams?limit=2" }));
  test("without the query that it had", () => altered({ path: "/v1/streams?limit=2" }, { path: "/v1/streams" }));
  test("with another body", () => altered(appending(forged), { body: body.replace("1", "2") }));
  test("with no body", () => altered(appending(forged), { body: "" }));
  test("with a body that it had not", () =>
    altered({ method: "POST", path: `/v1/streams/${forged}/events` }, { body, headers: { "content-type": "application/json" } }));
  test("with a body that nothing says anything of", () =>
    altered({ method: "POST", path: `/v1/streams/${forged}/events`, headers: { "content-type": "application/json" } }, { body }));
  test("with another body and its digest, which is not signed", () => {
    const mine = body.replace("1", "2");
    return altered(appending(forged), { body: mine, headers: { "content-digest": contentDigest(mine) } });
  });
  test("with another body at a place for webhooks, where the body is read before the key is known", async () => {
    ok(await send("PUT", "/v1/sources/desk", { scheme: "none" }));
    const path = "/v1/webhooks/default/desk";
    const delivery = (id: string): string => JSON.stringify({ type: "x", data: { id } });
    await altered({ method: "POST", path, body: delivery("as.signed") }, { body: delivery(forged.slice("desk-".length)) });
    await altered({ method: "POST", path, components: ["@method", "@path"] }, { body: delivery(forged.slice("desk-".length)) });
    expect((await ask({ method: "POST", path, body: delivery("as.signed") })).status).toBe(202);
    expect((await eventsOf("desk-as.signed")).map(({ metadata }) => metadata["actor"])).toEqual(["key:robot"]);
  });
  test("with a digest that is not covered", () => altered(appending(forged, { components: ["@method", "@path", "content-type"] }), {}));
  test("with another Content-Type", () => altered(appending(forged), { headers: { "content-type": "application/cloudevents+json" } }));
  test("with an Idempotency-Key that it had not", () => altered(appending(forged), { headers: { "idempotency-key": "mine" } }));
  test("with another Idempotency-Key", () => altered(appending(forged, { headers: { "idempotency-key": "its" } }), { headers: { "idempotency-key": "mine" } }));
  test("without the precondition that it had", () => altered(appending(forged, { headers: { "if-match": '"7"' } }), { headers: { "if-match": undefined } }));
  test("with an attribute of a CloudEvent that it had not", () => altered(appending(forged), { headers: { "ce-type": "x" } }));
  test("without its method covered", () => altered(appending(forged, { components: ["@path", "content-type", "content-digest"] }), {}));
  test("without its path covered", () => altered(appending(forged, { components: ["@method", "content-type", "content-digest"] }), {}));
  test("with another nonce than it was signed with", async () => {
    const headers = signed(key, appending(forged));
    const input = String(headers["signature-input"]).replace(/nonce="[^"]+"/, 'nonce="another-one-of-mine"');
    await refused(await send("POST", `/v1/streams/${forged}/events`, body, { ...headers, "signature-input": input }));
  });
  test("with another time than it was signed with", async () => {
    const headers = signed(key, appending(forged, { created: now() - 900 }));
    const input = String(headers["signature-input"]).replace(/created=\d+/, `created=${now()}`);
    await refused(await send("POST", `/v1/streams/${forged}/events`, body, { ...headers, "signature-input": input }));
  });
  test("with another secret", async () => refused(await ask(appending(forged), { ...key, secret: other.secret })));
  test("with no secret", async () => refused(await ask(appending(forged), { ...key, secret: "" })));
  test("with another key's name", async () => refused(await ask(appending(forged), { ...key, keyid: other.keyid })));
  test("with another tenant's name", async () => refused(await ask(appending(forged), { ...key, keyid: key.keyid.replace("default", "walk-red") })));
  test("with the name of a key that does not sign, and its secret", async () => {
    const made = ok<{ id: string; key: string }>(await send("POST", "/v1/keys", { name: "bearer", scopes: SCOPES }));
    const [keyid, secret = ""] = [`rvk_default.${made.id}`, made.key.split(".")[2]];
    await refused(await ask(appending(forged), { keyid, secret }));
  });
  test("with two signatures", async () => {
    const [one, two] = [signed(key, appending(forged)), signed(other, appending(forged, { label: "sig2" }))];
    const both = Object.fromEntries(["signature", "signature-input"].map((name) => [name, `${one[name]}, ${two[name]}`]));
    await refused(await send("POST", `/v1/streams/${forged}/events`, body, { ...one, ...both }));
  });
  test("without the signature itself", () => altered(appending(forged), { headers: { signature: undefined } }));
});

describe("a key that signs", () => {
  test("is shown once, is nowhere in clear, and opens nothing as a Bearer", async () => {
    expect(JSON.parse(key.text)).toEqual({
      id: key.id,
      name: "robot",
      scopes: SCOPES,
      signing: true,
      signingKey: { keyid: `rvk_default.${key.id}`, secret: expect.stringMatching(/^[\w-]{43}$/) },
    });
    const [created] = await eventsOf(`rivulet_key-${key.id}`);
    expect(created?.data).toMatchObject({ signing: expect.stringMatching(/^v2\./) });
    expect(JSON.stringify(created)).not.toContain(key.secret);
    const shown = await get(`/v1/keys/${key.id}`);
    expect(shown.json()).toMatchObject({ signing: true });
    const listed = (await everything<{ id: string }>("/v1/keys", newerThan(await ask(appending("desk-listed"))))).find(({ id }) => id === key.id);
    expect(listed).toMatchObject({ signing: true });
    for (const text of [shown.text, JSON.stringify(listed)]) expect(text).not.toMatch(/v[12]\.|secret|hash/);
    for (const text of [`${key.keyid}.${key.secret}`, key.secret, key.keyid]) expectProblem(await get("/v1/streams", { authorization: `Bearer ${text}` }), 401);
  });

  test("is not shown to a repeat", async () => {
    const keyed = { "idempotency-key": "a-signing-key" };
    const made = { name: "repeated-robot", scopes: SCOPES, signing: true };
    const [first, again] = [await send("POST", "/v1/keys", made, keyed), await send("POST", "/v1/keys", made, keyed)];
    expect([first.status, again.status, again.headers.get("idempotency-replayed")]).toEqual([201, 201, "true"]);
    const { signingKey, ...open } = first.json<{ signingKey: object }>();
    expect(signingKey).toBeDefined();
    expect(again.json()).toEqual(open);
  });

  test("is rotated with an overlap and without, and refused once it is revoked", async () => {
    const first = await makeSigningKey("rotated-robot", SCOPES);
    const rotate = async (overlapSeconds: number): Promise<SigningKey> =>
      ok<{ signingKey: SigningKey }>(await send("POST", `/v1/keys/${first.id}/rotate`, { overlapSeconds })).signingKey;
    const second = await rotate(60);
    for (const one of [first, second]) expect((await ask({ path: "/v1/streams" }, one)).status).toBe(200);
    const third = await rotate(0);
    for (const one of [first, second]) expectProblem(await ask({ path: "/v1/streams" }, one), 401, "invalid_signature");
    expect((await ask({ path: "/v1/streams" }, third)).status).toBe(200);
    await send("DELETE", `/v1/keys/${first.id}`);
    expectProblem(await ask({ path: "/v1/streams" }, third), 401);
  });
});
