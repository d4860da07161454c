import { describe, expect, test } from "vitest";
import { consumersPart } from "../http/webhook-signers.ts";
import { type Presented, proofOf } from "./support/webhook-proof.ts";

const STANDARD = { "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330" };
const SVIX = { "svix-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "svix-timestamp": "1614265330" };

/** What the producers' documentations and test suites publish; Stripe and Shopify publish no whole example. */
const VECTORS: readonly (readonly [string, string, Presented])[] = [
  [
    "GitHub",
    "https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation",
    {
      settings: { scheme: "github", secret: "It's a Secret to Everybody" },
      headers: { "x-hub-signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17" },
      body: "Hello, World!",
      now: 0,
    },
  ],
  [
    "Slack",
    "https://docs.slack.dev/authentication/verifying-requests-from-slack",
    {
      settings: { scheme: "slack", secret: "8f742231b10e8888abcd99yyyzzz85a5" },
      headers: {
        "x-slack-request-timestamp": "1531420618",
        "x-slack-signature": "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
      },
      body: "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
      now: 1531420618,
    },
  ],
  [
    "Standard Webhooks",
    "https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/javascript/src/webhook.test.ts",
    {
      settings: { scheme: "standard", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" },
      headers: { ...STANDARD, "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" },
      body: '{"test": 2432232314}',
      now: 1614265330,
    },
  ],
  [
    "Svix",
    "https://docs.svix.com/receiving/verifying-payloads/how-manual",
    {
      settings: { scheme: "standard", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" },
      headers: {
        ...SVIX,
        "svix-signature":
          "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= v1,bm9ldHUjKzFob2VudXRob2VodWUzMjRvdWVvdW9ldQo= v2,MzJsNDk4MzI0K2VvdSMjMTEjQEBAQDEyMzMzMzEyMwo=",
      },
      body: '{"test": 2432232314}',
      now: 1614265330,
    },
  ],
  [
    "Standard Webhooks, v1a",
    "https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/go/webhook_asymmetric_test.go",
    {
      settings: { scheme: "standard", secret: await consumersPart("whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=") },
      headers: {
        ...STANDARD,
        "webhook-signature": "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==",
      },
      body: '{"test": 2432232314}',
      now: 1614265330,
    },
  ],
  [
    "Shopify, by openssl dgst -sha256 -hmac",
    "https://shopify.dev/docs/apps/build/webhooks/verify-deliveries",
    {
      settings: { scheme: "shopify", secret: "shop-secret" },
      headers: { "x-shopify-hmac-sha256": "plW8VGqq0nDMIEhDqaNNW99asdUCy7EIqLZVcQwtAZ0=" },
      body: '{"id":1}',
      now: 0,
    },
  ],
  [
    "Stripe, by openssl dgst -sha256 -hmac",
    "https://docs.stripe.com/webhooks#verify-manually",
    {
      settings: { scheme: "stripe", secret: "whsec_test_secret" },
      headers: {
        "stripe-signature":
          "t=1492774577,v1=c2f890decbc5ede7c5060bb9a6d31e0626a4342bacb9aeae2adb1bcea72f9812,v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39",
      },
      body: '{\n  "id": "evt_test_webhook",\n  "object": "event"\n}',
      now: 1492774577,
    },
  ],
];

describe.each(VECTORS)("the example of %s (%s)", (_, __, vector) => {
  test("is proved", async () => {
    expect(await proofOf(vector)).toBe("proved");
  });

  test("is not proved with any one byte of its body changed", async () => {
    for (let at = 0; at < vector.body.length; at++) {
      const body = vector.body.slice(0, at) + String.fromCharCode(vector.body.charCodeAt(at) ^ 1) + vector.body.slice(at + 1);
      expect(await proofOf({ ...vector, body })).toBe("invalid_signature");
    }
  });

  test("is not proved with any one character of its headers changed", async () => {
    for (const [name, value] of Object.entries(vector.headers)) {
      // Beyond the first signature of a list stands what does not count.
      const end = value?.search(/ v1,|,v0=/) ?? -1;
      for (const at of Array.from({ length: end < 0 ? (value as string).length : end }, (_, at) => at)) {
        const changed = (value as string).slice(0, at) + (value?.[at] === "Z" ? "Y" : "Z") + value?.slice(at + 1);
        expect(await proofOf({ ...vector, headers: { ...vector.headers, [name]: changed } }), changed).not.toBe("proved");
      }
    }
  });
});
