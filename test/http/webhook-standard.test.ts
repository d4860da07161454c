import { beforeAll, describe, expect, test } from "vitest";
import { expectProblem } from "../support/http.ts";
import { isNamed, post, putProducer } from "./webhook-delivery.ts";
import { type Producer, PRODUCERS } from "./webhook-signers.ts";

const standard = PRODUCERS["standard"] as Producer;

beforeAll(async () => {
  await putProducer("acme", standard);
});

describe("an event of Standard Webhooks", () => {
  const time = "2022-11-03T20:26:10.344522Z";
  test("has the delivery's id, the source's name and its type, its data's id as stream, and its timestamp to the character", async () => {
    await isNamed(
      "acme",
      standard,
      { id: "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W" },
      { type: "acme.contact.created", stream: "acme-msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", time },
    );
  });

  test("without data, type or time of its own has the source's", async () => {
    await isNamed("acme", standard, { id: "msg_bare", body: '{"test": 2432232314}' }, { type: "acme.received", stream: "acme-default" });
    await isNamed("acme", standard, { id: "msg_when", body: '{"type":"a b..c*","timestamp":"yesterday"}' }, { type: "acme.a_b.c_", stream: "acme-default" });
  });

  test("has its category and its words from any source's name", async () => {
    for (const [source, type, stream] of [
      ["Audit", "Audit.x", "webhook_audit-default"],
      ["rivulet_source", "rivulet_source.x", "webhook_rivulet_source-default"],
      ["9.Shop-EU.", "9.Shop-EU.x", "webhook_9_shop_eu_-default"],
      ["My.Shop", "My.Shop.x", "my_shop-default"],
    ] as const) {
      await putProducer(source, standard);
      await isNamed(source, standard, { id: `msg_${source}`.replaceAll(".", ""), body: '{"type":"x"}' }, { type, stream });
    }
  });

  test("is proved by any signature of its list", async () => {
    const body = standard.body("msg_list");
    const timestamp = Math.floor(Date.now() / 1000);
    const signed = await standard.sign({ body, secret: standard.secret, timestamp, id: "msg_list" });
    const right = signed["webhook-signature"] as string;
    const wrong = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
    const send = (list: string) => post("acme", body, { ...signed, "webhook-signature": list });
    expect((await send(`${wrong} ${wrong.replace("v1", "v2")} v1a,AAAA ${right} ${wrong}`)).status).toBe(202);
    for (const list of [`${wrong} ${wrong}`, right.replace("v1", "v2"), right.replace("v1", "v1a"), right.slice(3), "v1,", `${right}=`])
      expectProblem(await send(list), 401, "invalid_signature");
    expectProblem(
      await post("acme", body, { ...(await standard.sign({ body, secret: standard.secret, timestamp, id: "msg.dot" })) }),
      401,
      "invalid_signature",
    );
  });
});
