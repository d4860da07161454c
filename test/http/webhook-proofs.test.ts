import { beforeAll, describe, expect, test } from "vitest";
import { adminKey, type Answer, expectProblem, get, newerThan } from "../support/http.ts";
import { deliver, type Delivered, eventOf, expectForged, idsOf, post, putProducer } from "./webhook-delivery.ts";
import { PRODUCERS } from "./webhook-signers.ts";

const changed = (text: string): string => (text.endsWith("0") ? `${text.slice(0, -1)}1` : `${text.slice(0, -1)}0`);

describe.each(Object.entries(PRODUCERS))("a delivery signed as %s signs", (name, producer) => {
  const source = `proofs-${name.replaceAll(" ", "-")}`;
  const secrets = [producer.secret, producer.otherSecret];
  const id = (n: string): string => `${name.replaceAll(" ", "-")}-${n}`;
  beforeAll(async () => {
    await putProducer(source, producer);
  });

  const taken: string[] = [];

  async function isTaken(delivered: Delivered): Promise<Answer> {
    const answer = await deliver(source, producer, delivered);
    expect(answer.status, answer.text).toBe(202);
    taken.push(delivered.id);
    return answer;
  }

  async function isForged(delivered: Delivered, code = "invalid_signature"): Promise<void> {
    expectForged(await deliver(source, producer, delivered), secrets, code);
  }

  test("is 202 once and 200 ever after, and is one event with the JSON that came", async () => {
    const first = await isTaken({ id: id("whole") });
    const again = await deliver(source, producer, { id: id("whole") });
    expect([again.status, again.text]).toEqual([200, first.text]);
    const event = await eventOf(first, source);
    expect(event).toMatchObject({ id: id("whole"), source: `/webhooks/${source}`, version: 1, metadata: { actor: `webhook:${source}` } });
    const { text } = await get(`/v1/events/${id("whole")}?source=/webhooks/${source}`, newerThan(first));
    expect(text).toContain(`"data":${producer.body(id("whole")).replace(/\s+(?=(?:[^"]*"[^"]*")*[^"]*$)/g, "")}`);
  });

  test("is 401 with a byte of its body changed, added or taken away", async () => {
    const body = producer.body(id("byte"));
    const at = body.indexOf(id("byte"));
    for (const sent of [`${body.slice(0, at)}X${body.slice(at + 1)}`, ` ${body}`, `${body}\n`, body.slice(0, -1), ""]) await isForged({ id: id("byte"), sent });
  });

  test("is 401 where the body was parsed and written out again", async () => {
    const body = producer.body(id("again"));
    const sent = JSON.stringify(JSON.parse(body)) === body ? JSON.stringify(JSON.parse(body), null, 1) : JSON.stringify(JSON.parse(body));
    await isForged({ id: id("again"), sent });
  });

  test("is 401 under another secret", async () => {
    await isForged({ id: id("key"), secret: producer.otherSecret });
  });

  test.each(producer.proofs)("is 401 without %s, and with another in its place", async (header) => {
    const signed = await producer.sign({ body: producer.body(id(header)), secret: producer.secret, timestamp: 1_000_000_000, id: id(header) });
    await isForged({ id: id(header), headers: { [header]: undefined } });
    await isForged({ id: id(header), headers: { [header]: "" } });
    await isForged({ id: id(header), headers: { [header]: changed(signed[header] as string) } });
  });

  test("is 401 with the admin key in the place of a signature", async () => {
    const answer = await post(source, producer.body(id("admin")), { ...producer.headers(id("admin")), authorization: `Bearer ${adminKey}` });
    expectForged(answer, secrets, "invalid_signature");
  });

  test("is 415 as anything but JSON, and 400 where it is none, only once it is proved", async () => {
    await isForged({ id: id("kind"), secret: producer.otherSecret, headers: { "content-type": "text/plain" } });
    expectProblem(await deliver(source, producer, { id: id("kind"), headers: { "content-type": "text/plain" } }), 415);
    expectProblem(await deliver(source, producer, { id: id("kind"), body: "{" }), 400, "invalid_json");
  });

  const timed = producer.isTimed ? test : () => {};

  timed("is taken within 300 seconds of its timestamp, and is 401 before and after", async () => {
    for (const [n, age] of [290, -290].entries()) await isTaken({ id: id(`window${n}`), age });
    for (const age of [310, 86_400, -310, -86_400]) await isForged({ id: id("replay"), age }, "timestamp_out_of_window");
  });

  timed("is 401 with a timestamp that was moved into the window", async () => {
    const old = await producer.sign({ body: producer.body(id("moved")), secret: producer.secret, timestamp: 1_600_000_000, id: id("moved") });
    const fresh = `${Math.floor(Date.now() / 1000)}`;
    const moved = Object.entries(old).map(([header, value]) => [header, value?.replace("1600000000", fresh)]);
    await isForged({ id: id("moved"), headers: Object.fromEntries(moved) });
  });
  test("that was refused is in no log", async () => {
    expect([...(await idsOf(source))].sort()).toEqual(taken.sort());
  });
});
