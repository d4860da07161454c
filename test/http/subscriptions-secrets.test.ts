import { describe, expect, test } from "vitest";
import { type Answer, expectProblem, get, newerThan, ok, send } from "../support/http.ts";
import { act, hook, made, type Subscription, subscribe } from "./subscriptions.ts";

const secretOf = (answer: Answer): string => ok<Subscription>(answer).sink.secret as string;
/** The forms in which a text could come back. */
const forms = (text: string): readonly string[] => [
  text,
  text.replace("whsec_", ""),
  btoa(text),
  encodeURIComponent(text),
  Array.from(text, (char) => char.charCodeAt(0).toString(16)).join(""),
];

/** Everywhere that a subscription can be read, after this write. */
async function readEverywhere(id: string, write: Answer, tenant: Record<string, string>): Promise<readonly Answer[]> {
  const paths = [
    "/v1/subscriptions",
    `/v1/subscriptions/${id}`,
    `/v1/subscriptions/${id}/attempts`,
    "/v1/events?category=rivulet_subscription",
    "/v1/events?type=%23",
    `/v1/streams/rivulet_subscription-${id}`,
    `/v1/streams/rivulet_subscription-${id}/events`,
    "/v1/streams?category=rivulet_subscription",
  ];
  return Promise.all(paths.map((path) => get(path, { ...tenant, ...newerThan(write) })));
}

function expectSecret(answers: readonly Answer[], texts: readonly string[]): void {
  for (const { text, headers } of answers) {
    for (const form of texts.flatMap(forms)) {
      expect(text).not.toContain(form);
      for (const [, value] of headers) expect(value).not.toContain(form);
    }
  }
}

describe("a secret", () => {
  test("that was made is in the 201, and nowhere ever after", async () => {
    const tenant = { "tenant-id": "sub-secret-made" };
    const answer = await subscribe("made", {}, tenant);
    const secret = secretOf(answer);
    const id = answer.json<Subscription>().id;
    const changed = await send("PATCH", `/v1/subscriptions/${id}`, { timeoutMs: 1 }, tenant);
    const paused = await act(id, "pause", undefined, tenant);
    const resumed = await act(id, "resume", undefined, tenant);
    expectSecret([changed, paused, resumed, ...(await readEverywhere(id, resumed, tenant))], [secret]);
  });

  test("that was given is in no answer at all", async () => {
    const tenant = { "tenant-id": "sub-secret-given" };
    const secret = `whsec_${btoa("a secret of some length, thirty-two")}`;
    const answer = await subscribe("given", { sink: { ...hook, secret } }, tenant);
    const id = ok<Subscription>(answer).id;
    expect(answer.json<Subscription>().sink.secret).toBeUndefined();
    expectSecret([answer, ...(await readEverywhere(id, answer, tenant))], [secret]);
  });

  test("is another one for each subscription", async () => {
    expect(secretOf(await subscribe("own 1"))).not.toBe(secretOf(await subscribe("own 2")));
  });

  test("is 24 to 64 random bytes in base64", async () => {
    const bytes = atob(secretOf(await subscribe("bytes")).slice("whsec_".length));
    expect(bytes.length).toBeGreaterThanOrEqual(24);
    expect(bytes.length).toBeLessThanOrEqual(64);
  });
});

describe("a header", () => {
  const headers = {
    Authorization: "Bearer of-news",
    "X-Api-Key": "key-of-kings",
    "X-Auth-Token": "token-of-love",
    "X-Hub-Signature": "signed-by-me",
    "X-Password": "pass-word-1",
    "X-Client-Secret": "secret-garden",
    "X-Shop": "flowers",
  };

  test("that speaks of a secret is shown as one, and its value nowhere; another as it is", async () => {
    const tenant = { "tenant-id": "sub-headers" };
    const answer = await subscribe("headers", { sink: { ...hook, headers } }, tenant);
    const { id, sink } = ok<Subscription>(answer);
    const { "X-Shop": shop, ...hidden } = headers;
    const shown = { ...Object.fromEntries(Object.keys(hidden).map((name) => [name, "•••"])), "X-Shop": shop };
    expect(sink.headers).toEqual(shown);
    expect(ok<Subscription>(await get(`/v1/subscriptions/${id}`, tenant)).sink.headers).toEqual(shown);
    expectSecret([answer, ...(await readEverywhere(id, answer, tenant))], Object.values(hidden));
  });

  test("is sealed in the log, its name too", async () => {
    const tenant = { "tenant-id": "sub-headers2" };
    const answer = await subscribe("sealed", { sink: { ...hook, headers } }, tenant);
    const log = await get("/v1/events?category=rivulet_subscription", { ...tenant, ...newerThan(answer) });
    for (const text of Object.entries(headers).flat()) expect(log.text).not.toContain(text);
  });
});

describe("POST …/rotate-secret", () => {
  test("makes another secret, shows it this once, and says how long the one before signs as well", async () => {
    const tenant = { "tenant-id": "sub-rotate" };
    const created = await subscribe("rotated", {}, tenant);
    const { id } = created.json<Subscription>();
    const rotated = await act(id, "rotate-secret", undefined, tenant);
    const { secret, previousSecretUntil } = rotated.json<{ sink: { secret: string; previousSecretUntil: string } }>().sink;
    expect(rotated.status).toBe(200);
    expect(secret).toMatch(/^whsec_/);
    expect(secret).not.toBe(secretOf(created));
    expect(Math.abs(Date.parse(previousSecretUntil) - Date.now() - 86_400_000)).toBeLessThan(600_000);
    expectSecret(await readEverywhere(id, rotated, tenant), [secret, secretOf(created)]);
    expect(ok<Subscription>(await get(`/v1/subscriptions/${id}`, tenant)).sink).toEqual({ url: hook.url, headers: {}, previousSecretUntil });
  });

  test("takes a secret, which it does not show, and an overlap", async () => {
    const id = await made("rotated to");
    const secret = `whsec_${btoa("y".repeat(40))}`;
    const rotated = await act(id, "rotate-secret", { secret, overlapSeconds: 0 });
    expect(ok<Subscription>(rotated).sink).toEqual({ url: hook.url, headers: {} });
    expectSecret([rotated], [secret]);
  });

  test("keeps URL, headers and everything else", async () => {
    const id = await made("rotated whole", { sink: { ...hook, headers: { "x-a": "1" } }, timeoutMs: 77 });
    const before = ok<Subscription>(await get(`/v1/subscriptions/${id}`));
    await act(id, "rotate-secret", { overlapSeconds: 0 });
    expect(ok<Subscription>(await get(`/v1/subscriptions/${id}`))).toMatchObject({ sink: before.sink, timeoutMs: 77, name: before.name });
  });

  test("several at once are several rotations, one after the other", async () => {
    const id = await made("rotated at once");
    const answers = await Promise.all([1, 2, 3].map(() => act(id, "rotate-secret")));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers.map(({ headers }) => headers.get("etag")).sort()).toEqual(['"2"', '"3"', '"4"']);
    expect(new Set(answers.map(secretOf)).size).toBe(3);
  });

  test.each<[string, object]>([
    ["secret", { secret: "whsec_" }],
    ["secret", { secret: 5 }],
    ["overlapSeconds", { overlapSeconds: -1 }],
    ["overlapSeconds", { overlapSeconds: 2_592_001 }],
    ["", { unknown: 1 }],
  ])("is 422 at %s of %j", async (path, body) => {
    const id = await made(`unrotated ${JSON.stringify(body)}`);
    expect(expectProblem(await act(id, "rotate-secret", body), 422, "invalid_input").errors?.map((error) => error.path)).toEqual([path]);
    expect((await get(`/v1/subscriptions/${id}`)).headers.get("etag")).toBe('"1"');
  });
});
