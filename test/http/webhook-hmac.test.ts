import { beforeAll, describe, expect, test } from "vitest";
import { expectProblem, get, newerThan } from "../support/http.ts";
import { deliver, eventOf, isNamed, post, putProducer, putSource } from "./webhook-delivery.ts";
import { macOf, type Producer, PRODUCERS } from "./webhook-signers.ts";

const hmac = PRODUCERS["hmac"] as Producer;
const form = { "content-type": "application/x-www-form-urlencoded" };

beforeAll(async () => {
  await putProducer("other", hmac);
  await putProducer("rivulet", hmac);
});

describe("an event of a generic signature", () => {
  test("has the id of its header, else its body's hash", async () => {
    await isNamed("other", hmac, { id: "o-1" }, { type: "other.contact.created", stream: "other-o-1", time: "2022-11-03T20:26:10.344522Z" });
    const noId = { "x-event-id": undefined };
    const answer = await deliver("other", hmac, { id: "o-2", headers: noId });
    const digest = Buffer.from(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(hmac.body("o-2")))).toString("hex");
    expect(await eventOf(answer, "other")).toMatchObject({ id: `sha256:${digest}` });
    expect((await deliver("other", hmac, { id: "o-2", headers: noId })).status).toBe(200);
    expect((await deliver("other", hmac, { id: "o-3", headers: noId })).status).toBe(202);
  });

  test("never takes a type of the platform", async () => {
    await isNamed("rivulet", hmac, { id: "r-1", body: '{"type":"SourceConfigured"}' }, { type: "webhook.rivulet.SourceConfigured", stream: "rivulet-default" });
  });

  test("is a form's fields, in their order, those that stand twice as a list", async () => {
    const answer = await deliver("other", hmac, { id: "o-form", body: "type=order+paid&2=b&1=%C3%A9&tag=x&tag=y&__proto__=z", headers: form });
    expect(await eventOf(answer, "other")).toMatchObject({ type: "other.order_paid" });
    expect((await get("/v1/events/o-form", newerThan(answer))).text).toContain('"data":{"type":"order paid","2":"b","1":"é","tag":["x","y"],"__proto__":"z"}');
  });

  test("is 401 with its prefix missing, its signature twice or in another encoding", async () => {
    const body = hmac.body("o-4");
    const right = (await hmac.sign({ body, secret: hmac.secret, timestamp: 0, id: "" }))["x-signature"] as string;
    const bytes = Buffer.from(right.slice(4), "base64url");
    for (const header of [
      right.slice(4),
      `${right}, ${right}`,
      `sig=${bytes.toString("hex")}`,
      `Sig=${right.slice(4)}`,
      `sig=${bytes.toString("base64")}`,
      "sig=",
    ])
      expectProblem(await post("other", body, { "x-signature": header, "x-event-id": "o-4" }), 401, "invalid_signature");
    expect((await post("other", body, { "x-signature": `${right}==`, "x-event-id": "o-4" })).status).toBe(202);
  });

  test("is proved in every algorithm and encoding that its settings can name", async () => {
    for (const [algorithm, hash] of [
      ["sha1", "SHA-1"],
      ["sha256", "SHA-256"],
      ["sha384", "SHA-384"],
      ["SHA-512", "SHA-512"],
    ] as const) {
      for (const encoding of ["hex", "base64", "base64url"] as const) {
        const source = `any-${hash}-${encoding}`;
        await putSource(source, { scheme: "hmac", secret: "s", header: "Authorization", prefix: "HMAC ", algorithm, encoding });
        const mac = (await macOf(hash, "s", "{}")).toString(encoding);
        expect((await post(source, "{}", { authorization: `HMAC ${mac}` })).status).toBe(202);
        expectProblem(await post(source, "{ }", { authorization: `HMAC ${mac}` }), 401);
      }
    }
  });

  test("has the window that its settings name", async () => {
    const timed = PRODUCERS["hmac with a timestamp"] as Producer;
    await putProducer("patient", { ...timed, settings: { ...timed.settings, tolerance: 3600 } });
    expect((await deliver("patient", timed, { id: "p-1", age: 3500 })).status).toBe(202);
    expectProblem(await deliver("patient", timed, { id: "p-2", age: 3700 }), 401, "timestamp_out_of_window");
    const words = { body: "{}", secret: timed.secret, id: "" };
    for (const timestamp of ["soon", "1e9", "-5", "1700000000.5"]) {
      const signed = await timed.sign({ ...words, timestamp: timestamp as unknown as number });
      expectProblem(await post("patient", "{}", signed), 401, "invalid_timestamp");
    }
  });
});
