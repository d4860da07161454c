import { describe, expect, test } from "vitest";
import { everything, expectProblem, get, type HeaderFields, newerThan, ok, send } from "../support/http.ts";
import { deliver, expectForged, putProducer, putSource } from "./webhook-delivery.ts";
import { consumersPart, type Producer, PRODUCERS } from "./webhook-signers.ts";

const github = PRODUCERS["github"] as Producer;
const stripe = PRODUCERS["stripe"] as Producer;

describe.each(Object.entries(PRODUCERS))("the secret of a source signed as %s signs", (name, producer) => {
  const source = `rotating-${name.replaceAll(" ", "-")}`;
  const { secret, otherSecret } = producer;
  const id = (n: number): string => `rotation-${name.replaceAll(" ", "-")}-${n}`;

  test("changes without a delivery lost: both count while both are set, each alone before and after", async () => {
    await putProducer(source, producer, [secret]);
    expect((await deliver(source, producer, { id: id(1) })).status).toBe(202);
    expectForged(await deliver(source, producer, { id: id(2), secret: otherSecret }), [secret, otherSecret]);

    await putProducer(source, producer, [otherSecret, secret]);
    expect((await deliver(source, producer, { id: id(2), secret: otherSecret })).status).toBe(202);
    expect((await deliver(source, producer, { id: id(3) })).status).toBe(202);
    expect((await deliver(source, producer, { id: id(1), secret: otherSecret })).status).toBe(200);
    expectForged(await deliver(source, producer, { id: id(4), sent: "{}" }), [secret, otherSecret]);

    await putProducer(source, producer, [otherSecret]);
    expect((await deliver(source, producer, { id: id(4), secret: otherSecret })).status).toBe(202);
    expectForged(await deliver(source, producer, { id: id(5) }), [secret, otherSecret]);
  });
});

describe("a source with two secrets", () => {
  test("says how many it has, and neither of them anywhere", async () => {
    const [secret, previous] = ["the-present-secret-1", "the-previous-secret-2"];
    const tenant = { "tenant-id": "two-secrets" };
    const write = await send("PUT", "/v1/sources/two", { scheme: "github", secrets: [secret, previous] }, tenant);
    expect(write.json()).toMatchObject({ scheme: "github", secretCount: 2 });
    const paths = ["/v1/sources", "/v1/sources/two", "/v1/events?category=rivulet_source", "/v1/streams/rivulet_source-two/events"];
    for (const answer of [write, ...(await Promise.all(paths.map((path) => get(path, { ...tenant, ...newerThan(write) }))))]) {
      expect(answer.status).toBeLessThan(300);
      for (const text of [secret, previous, btoa(secret), btoa(previous)]) expect(answer.text).not.toContain(text);
    }
    expect((await get("/v1/sources/two", tenant)).json()).toMatchObject({ secretCount: 2 });
  });

  test("is changed by no second PUT of the same, in one event each for those that do change it", async () => {
    const tenant = { "tenant-id": "steady-secrets" };
    const put = (settings: object) => send("PUT", "/v1/sources/steady", { scheme: "github", ...settings }, tenant);
    const steps = [{ secret: "a" }, { secrets: ["a"] }, { secrets: ["b", "a"] }, { secrets: ["b", "a"] }, { secrets: ["a", "b"] }, { secret: "a" }];
    const tags: (string | null)[] = [];
    for (const step of steps) tags.push((await put(step)).headers.get("etag"));
    expect(tags).toEqual(['"1"', '"1"', '"2"', '"2"', '"3"', '"4"']);
    const last = await put({ secret: "a" });
    expect(await everything("/v1/events?category=rivulet_source", { ...tenant, ...newerThan(last) })).toHaveLength(4);
  });

  test.each([
    ["both secret and secrets", { secret: "a", secrets: ["b"] }, "secrets"],
    ["neither", {}, "secret"],
    ["three", { secrets: ["a", "b", "c"] }, "secrets"],
    ["none of them", { secrets: [] }, "secrets"],
    ["the same twice", { secrets: ["a", "a"] }, "secrets[1]"],
    ["an empty one", { secrets: ["a", ""] }, "secrets[1]"],
    ["one that is no text", { secrets: ["a", 7] }, "secrets[1]"],
  ])("is not set up with %s: 422, and what was there stays", async (_, settings, path) => {
    await putProducer("kept", github);
    const problem = expectProblem(await send("PUT", "/v1/sources/kept", { scheme: "github", ...settings }), 422);
    expect(problem.errors?.map((error) => error.path)).toEqual([path]);
    expect((await get("/v1/sources/kept")).json()).toMatchObject({ secretCount: 1 });
    expect([200, 202]).toContain((await deliver("kept", github, { id: "kept-1" })).status);
  });
});

describe("a secret of Standard Webhooks", () => {
  test.each([
    ["no prefix", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    ["no base64", "whsec_not base64!"],
    ["nothing after its prefix", "whsec_"],
    ["a public key of 31 bytes", `whpk_${btoa("x".repeat(31))}`],
    ["the producer's private key", stripe.secret.replace("whsec_", "whsk_")],
  ])("that has %s is 422 and never repeated", async (_, secret) => {
    const answer = await send("PUT", "/v1/sources/badly-keyed", { scheme: "standard", secret });
    expect(expectProblem(answer, 422).errors).toMatchObject([{ path: "secret" }]);
    if (secret !== "whsec_") expect(answer.text).not.toContain(secret);
    expectProblem(await send("PUT", "/v1/sources/badly-keyed", { scheme: "standard", secrets: ["whsec_AAAA", secret] }), 422);
    expectProblem(await get("/v1/sources/badly-keyed"), 404);
  });

  test("may be of one kind and the other while it changes", async () => {
    const hmac = PRODUCERS["standard"] as Producer;
    const ed25519 = PRODUCERS["ed25519"] as Producer;
    await putSource("mixed", { scheme: "standard", secrets: [await consumersPart(ed25519.secret), hmac.secret] });
    expect((await deliver("mixed", hmac, { id: "mixed-1" })).status).toBe(202);
    expect((await deliver("mixed", ed25519, { id: "mixed-2" })).status).toBe(202);
    expectForged(await deliver("mixed", ed25519, { id: "mixed-3", secret: ed25519.otherSecret }), [ed25519.secret]);
  });
});

test("many who rotate at once leave one after the other, the last of whom counts", async () => {
  const tenant = "rotating-crowd";
  const names = Array.from({ length: 5 }, (_, n) => `secret-of-${n}`);
  await putSource("crowd", { scheme: "github", secret: "first" }, tenant);
  const answers = await Promise.all(names.map((secret) => putSource("crowd", { scheme: "github", secrets: [secret, "first"] }, tenant)));
  expect(answers.map((answer) => answer.headers.get("etag")).sort()).toEqual(['"2"', '"3"', '"4"', '"5"', '"6"']);
  expect(ok<{ secretCount: number }>(await get("/v1/sources/crowd", { "tenant-id": tenant })).secretCount).toBe(2);
});

test("many who set up the same at once make one source in one event", async () => {
  const tenant = "same-crowd";
  const answers = await Promise.all(Array.from({ length: 8 }, () => putSource("crowd", { scheme: "github", secrets: ["new", "old"] }, tenant)));
  expect(answers.map((answer) => answer.headers.get("etag"))).toEqual(Array.from({ length: 8 }, () => '"1"'));
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(7).fill(200), 201]);
});

test("a PUT with a precondition is held to it, and is not tried again", async () => {
  const put = (secret: string, headers: HeaderFields) => send("PUT", "/v1/sources/held", { scheme: "github", secret }, headers);
  expect((await put("a", { "if-none-match": "*" })).status).toBe(201);
  expectProblem(await put("b", { "if-none-match": "*" }), 412);
  expectProblem(await put("b", { "if-match": '"7"' }), 412);
  expect((await put("b", { "if-match": '"1"' })).headers.get("etag")).toBe('"2"');
});
