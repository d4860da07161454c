import { beforeAll, describe, expect, test } from "vitest";
import { expectProblem } from "../support/http.ts";
import { deliver, idsOf, isNamed, type Named, post, putProducer } from "./webhook-delivery.ts";
import { type Producer, PRODUCERS } from "./webhook-signers.ts";

const stripe = PRODUCERS["stripe"] as Producer;

beforeAll(async () => {
  await putProducer("stripe", stripe);
});

describe("an event of Stripe", () => {
  const body = (event: object): string => JSON.stringify({ object: "event", created: 1686089970, ...event });
  const time = "2023-06-06T22:19:30.000Z";
  test.each<[string, string, Named]>([
    [
      "has the object's id as its stream and its `created` as its time",
      body({ id: "evt_1NG8Du2eZvKYlo2CUI79vXWy", type: "setup_intent.created", data: { object: { id: "seti_1NG8Du2e", object: "setup_intent" } } }),
      { id: "evt_1NG8Du2eZvKYlo2CUI79vXWy", type: "stripe.setup_intent.created", stream: "stripe-seti_1NG8Du2e", time },
    ],
    [
      "has its customer's, where the object has none, as an upcoming invoice",
      body({ id: "evt_2", type: "invoice.upcoming", data: { object: { object: "invoice", customer: "cus_9s6XKzkNRiz8i3" } } }),
      { id: "evt_2", type: "stripe.invoice.upcoming", stream: "stripe-cus_9s6XKzkNRiz8i3", time },
    ],
    [
      "has its account's, where it has no customer either",
      body({ id: "evt_3", type: "balance.available", account: "acct_1032", data: { object: { object: "balance" } } }),
      { id: "evt_3", type: "stripe.balance.available", stream: "stripe-acct_1032", time },
    ],
    [
      "is in stripe-unknown else",
      body({ id: "evt_4", type: "balance.available", data: { object: {} } }),
      { id: "evt_4", type: "stripe.balance.available", stream: "stripe-unknown", time },
    ],
    [
      "of the second version is its related object's, and its time is kept to the character",
      '{"id":"evt_test_65R9Ijk8dKEYZcXeRWn16R9A7j1FSQ3w3TGDPLLGSM4CW0","object":"v2.core.event","type":"v1.billing.meter.error_report_triggered","created":"2024-09-17T06:20:52.24612Z","related_object":{"id":"mtr_test_61R9","type":"billing.meter"}}',
      {
        id: "evt_test_65R9Ijk8dKEYZcXeRWn16R9A7j1FSQ3w3TGDPLLGSM4CW0",
        type: "stripe.v1.billing.meter.error_report_triggered",
        stream: "stripe-mtr_test_61R9",
        time: "2024-09-17T06:20:52.24612Z",
      },
    ],
  ])("%s", async (_, body, named) => {
    await isNamed("stripe", stripe, { id: named.id as string, body }, named);
  });

  test.each([
    ["id", { type: "x.y", data: {} }],
    ["type", { id: "evt_no_type", data: {} }],
  ])("without %s is 422, which says so, and is not stored", async (name, event) => {
    const problem = expectProblem(await deliver("stripe", stripe, { id: "evt_no", body: JSON.stringify(event) }), 422, "missing_value");
    expect(problem.errors).toEqual([{ path: `body.${name}`, message: expect.stringContaining("is missing") }]);
    expect(await idsOf("stripe")).not.toContain("evt_no_type");
  });

  test("with two signatures is proved by either, and with two timestamps by none", async () => {
    const body = stripe.body("evt_two");
    const timestamp = Math.floor(Date.now() / 1000);
    const signed = async (secret: string): Promise<string> => (await stripe.sign({ body, secret, timestamp, id: "" }))["stripe-signature"] as string;
    const [right, wrong] = [await signed(stripe.secret), await signed(stripe.otherSecret)];
    const v1 = (header: string): string => header.slice(header.indexOf("v1="));
    const send = (header: string) => post("stripe", body, { "stripe-signature": header });
    expect((await send(`${wrong},${v1(right)}`)).status).toBe(202);
    expect((await send(`${right},${v1(wrong)},v0=${"0".repeat(64)}`)).status).toBe(200);
    for (const header of [`${wrong},${v1(wrong)}`, `t=1,${right}`, `${right},t=1`, right.replace("v1=", "v0="), v1(right), right.replace("t=", "t= ")]) {
      expectProblem(await send(header), 401, "invalid_signature");
    }
  });
});
