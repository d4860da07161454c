import { generateKeyPairSync } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { headersFault } from "../../../src/followers/sink/headers.ts";
import { newSecret, secretFault } from "../../../src/followers/sink/secrets.ts";

const whsec = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 7).toString("base64")}`;

function whsk(more: (seed: Buffer, point: Buffer) => Buffer): string {
  const { d = "", x = "" } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  return `whsk_${more(Buffer.from(d, "base64url"), Buffer.from(x, "base64url")).toString("base64")}`;
}

describe("a secret", () => {
  test("that is made is whsec_ and 32 random bytes, and another each time", () => {
    const made = Array.from({ length: 100 }, newSecret);
    expect(new Set(made).size).toBe(100);
    for (const secret of made) {
      expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
      expect(secretFault(secret)).toBeUndefined();
      expect(new Webhook(secret)).toBeDefined();
    }
  });

  test.each([24, 25, 32, 63, 64])("of %i bytes is one", (bytes) => expect(secretFault(whsec(bytes))).toBeUndefined());

  test.each([0, 1, 23, 65, 128])("of %i bytes is none", (bytes) => expect(secretFault(whsec(bytes))).toMatch(/^Expected whsec_ and 24 to 64 bytes/));

  test("may be an Ed25519 key, alone or with its public key behind it", () => {
    expect(secretFault(whsk((seed) => seed))).toBeUndefined();
    expect(secretFault(whsk((seed, point) => Buffer.concat([seed, point])))).toBeUndefined();
    // As Svix's own tests have it.
    expect(secretFault("whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==")).toBeUndefined();
  });

  test.each([
    whsk((seed) => seed.subarray(1)),
    whsk((seed) => Buffer.concat([seed, Buffer.of(1)])),
    whsk((seed) => Buffer.concat([seed, seed])),
    whsk((seed, point) => Buffer.concat([point, seed])),
  ])("is none where the Ed25519 key is no key, or not this one's: %s", (secret) => expect(secretFault(secret)).toMatch(/^Expected/));

  const BASE64 = Buffer.alloc(32, 255).toString("base64");
  test.each([
    "",
    "hush",
    BASE64,
    `WHSEC_${BASE64}`,
    `whsec_${BASE64}\n`,
    ` whsec_${BASE64}`,
    `whsec_${BASE64.replaceAll("/", "_")}`,
    `whsec_${BASE64.replace("=", "")}`,
    `whpk_${BASE64}`,
    `whsec_${BASE64} whsec_${BASE64}`,
  ])("%j is none, and is not told again", (text) => {
    const fault = secretFault(text);
    expect(fault).toMatch(/^Expected/);
    expect(fault).not.toContain(BASE64);
  });
});

describe("a sink's own headers", () => {
  test.each([
    {},
    { Authorization: "Bearer t0ken" },
    { "X-Shop": "", "x-a": "a b\tc", "X-API-Key": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" },
    { Accept: "*/*", Cookie: "a=b", Referer: "https://shop.example", "webhooks-are": "fine", rivulet: "yes" },
    Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`x-${index}`, "v"])),
    { "x-long": "v".repeat(8_192 - 6) },
  ])("may be %j", (headers) => expect(headersFault(headers)).toBeUndefined());

  const OURS = [
    ..."webhook-id webhook-timestamp webhook-signature webhook-request-origin svix-id rivulet-attempt rivulet-replay rivulet-edited ce-id".split(" "),
    ..."content-type content-length content-encoding host connection transfer-encoding te trailer upgrade keep-alive expect date origin".split(" "),
    ..."proxy-authorization user-agent traceparent tracestate accept-encoding via forwarded x-forwarded-for x-real-ip cf-connecting-ip cdn-loop sec-fetch-mode".split(
      " ",
    ),
  ];
  test.each(OURS)("may not be %s, however it is written", (name) => {
    for (const spelt of [name, name.toUpperCase(), name.replaceAll(/\b\w/g, (letter) => letter.toUpperCase())])
      expect(headersFault({ "x-a": "b", [spelt]: "v" })).toBe(`Expected headers of your own, got ${spelt}, which the platform sets or leaves out itself`);
  });

  test.each(["", "a b", "a:b", "é", "a\r\nb", "a\u0000", "(a)", "a/b"])("may not have the name %j", (name) => {
    expect(headersFault({ [name]: "v" })).toBe(`Expected names of headers, got ${JSON.stringify(name)}`);
  });

  test.each(["a\r\nwebhook-id: x", "a\nb", "a\u0000b", "é", "\u20ac", " a", "a ", "\t", "a\u007f"])(
    "may not have the value %j, which is not told again",
    (value) => {
      expect(headersFault({ "x-a": value })).toBe("Expected x-a to be of visible ASCII characters, with blanks only between them");
    },
  );

  test("may not be there twice, too many, or too long", () => {
    expect(headersFault({ "X-A": "1", "x-a": "2" })).toBe("Expected each header once, got x-a twice");
    expect(headersFault(Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`x-${index}`, "v"])))).toBe("Expected at most 20 headers, got 21");
    expect(headersFault({ "x-long": "v".repeat(8_192 - 5) })).toBe("Expected headers of at most 8192 characters, got 8193");
  });
});
