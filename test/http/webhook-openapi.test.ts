import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { get, send } from "../support/http.ts";

let settings: z.ZodType;
let described = "";

beforeAll(async () => {
  const { text } = await get("/openapi.json");
  const { SourceSettings } = (JSON.parse(text) as { components: { schemas: Record<string, object> } }).components.schemas;
  described = JSON.stringify(SourceSettings);
  settings = z.fromJSONSchema(SourceSettings as Parameters<typeof z.fromJSONSchema>[0]);
});

const hmac = { scheme: "hmac", secret: "s", header: "X-Signature", algorithm: "sha256", encoding: "hex" };

describe("the description of a source's settings", () => {
  test.each([
    [{ scheme: "stripe", secret: "whsec_s" }],
    [{ scheme: "shopify", secrets: ["new", "old"], type: "a.{body.b}", stream: "a-{body.b}", id: "{header.X-B}" }],
    [{ scheme: "standard", secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }],
    [hmac],
    [{ ...hmac, algorithm: "SHA-512", prefix: "s=", timestampHeader: "X-T", tolerance: 60 }],
    [{ scheme: "none" }],
  ])("takes what the platform takes: %j", async (body) => {
    expect((await send("PUT", "/v1/sources/described", body)).status).toBeLessThan(300);
    expect(settings.safeParse(body).success).toBe(true);
  });

  test.each([
    [{}],
    [{ scheme: "carrier-pigeon", secret: "s" }],
    [{ scheme: "github", secret: "" }],
    [{ scheme: "github", secrets: ["a", "b", "c"] }],
    [{ scheme: "github", secret: "s", header: "X-Signature" }],
    [{ ...hmac, header: undefined }],
    [{ ...hmac, algorithm: "md5" }],
    [{ ...hmac, tolerance: 0 }],
    [{ scheme: "none", secrets: ["a"] }],
  ])("refuses what the platform refuses: %j", async (body) => {
    expect((await send("PUT", "/v1/sources/undescribed", body)).status).toBe(422);
    expect(settings.safeParse(JSON.parse(JSON.stringify(body))).success).toBe(false);
  });

  test("says how to change a secret, and how to write a template", () => {
    for (const word of ["the previous one", "whpk_", "{header.<Name>}", "{body.<path>}", "<timestamp>.<body>"]) expect(described).toContain(word);
  });
});
