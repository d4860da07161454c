import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SCHEMES } from "../../src/webhooks/schemes.ts";
import { consumersPart, type Producer, PRODUCERS } from "../http/webhook-signers.ts";
import { OTHER_KEY, proofOf } from "./support/webhook-proof.ts";

const T = 1_700_000_000;
const BODY = '{"type":"a.b"}';

async function presented(producer: Producer, secret = producer.secret) {
  const headers = await producer.sign({ body: BODY, secret, timestamp: T, id: "msg_1" });
  return { settings: { ...producer.settings, secret: await consumersPart(producer.secret) }, headers, body: BODY, now: T };
}

const TIMED = Object.entries(PRODUCERS).filter(([, { isTimed }]) => isTimed);

test("every scheme that signs has a producer here", () => {
  const signed = Object.entries(SCHEMES).filter(([, scheme]) => "signature" in scheme);
  expect(new Set(Object.values(PRODUCERS).map(({ settings }) => settings["scheme"]))).toEqual(new Set(signed.map(([name]) => name)));
});

describe.each(TIMED)("the window of %s", (_, producer) => {
  test("is 300 seconds wide on both sides, to the second", async () => {
    const delivery = await presented(producer);
    for (const now of [T, T - 300, T + 300, T + 300.999]) expect(await proofOf({ ...delivery, now }), `${now - T}`).toBe("proved");
    for (const now of [T - 301, T - 300.001, T + 301, 0, 4_000_000_000])
      expect(await proofOf({ ...delivery, now }), `${now - T}`).toBe("timestamp_out_of_window");
  });

  test("is looked at only once the signature is right", async () => {
    expect(await proofOf({ ...(await presented(producer, producer.otherSecret)), now: T + 301 })).toBe("invalid_signature");
  });
});

test.each(Object.entries(PRODUCERS).filter(([, { isTimed }]) => !isTimed))("%s, which signs no time, has no window", async (_, producer) => {
  expect(await proofOf({ ...(await presented(producer)), now: T + 1e9 })).toBe("proved");
});

test("a tolerance of its own is that window, to the second", async () => {
  const producer = PRODUCERS["hmac with a timestamp"] as Producer;
  const delivery = await presented(producer);
  const settings = { ...delivery.settings, tolerance: 10 };
  expect(await proofOf({ ...delivery, settings, now: T + 10 })).toBe("proved");
  expect(await proofOf({ ...delivery, settings, now: T + 11 })).toBe("timestamp_out_of_window");
  expect(await proofOf({ ...delivery, settings, now: T - 11 })).toBe("timestamp_out_of_window");
});

describe.each(Object.entries(PRODUCERS))("a secret of %s that another MASTER_KEY sealed", (_, producer) => {
  test("makes a proof impossible, which is no forgery, unless the other secret proves it", async () => {
    const delivery = await presented(producer);
    const [right, other] = await Promise.all([producer.secret, producer.otherSecret].map(consumersPart));
    expect(await proofOf(delivery, [OTHER_KEY])).toBe("secret_unavailable");
    const both = { ...producer.settings, secrets: [other, right] };
    expect(await proofOf({ ...delivery, settings: both })).toBe("proved");
    expect(await proofOf({ ...delivery, settings: both }, [OTHER_KEY])).toBe("proved");
    expect(await proofOf({ ...delivery, settings: { ...both, secrets: [right, other] } }, [OTHER_KEY])).toBe("secret_unavailable");
    expect(await proofOf({ ...delivery, settings: { ...both, secrets: [other] } }, [])).toBe("invalid_signature");
  });
});

describe.each(Object.entries(PRODUCERS))("headers of %s that anybody made up", (_, producer) => {
  test("prove nothing, and break nothing", async () => {
    const delivery = await presented(producer);
    const value = fc.oneof(
      fc.string({ unit: fc.constantFrom(..."tv01a=,.: -_AZaz09+/="), maxLength: 120 }),
      fc.stringMatching(/^(t=17000000000?,)?v[01]a?[=,][0-9a-f]{64}$/),
      fc.constantFrom("", "1700000000", "v1,", "v1a,", "t=", "sha256=", `v1a,${"A".repeat(86)}==`, "v1, ".repeat(500)),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...producer.proofs), value, async (name, value) => {
        fc.pre(value !== delivery.headers[name]);
        expect(await proofOf({ ...delivery, headers: { ...delivery.headers, [name]: value } })).not.toBe("proved");
      }),
    );
  });
});
