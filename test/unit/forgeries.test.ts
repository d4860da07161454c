import { describe, expect, test } from "vitest";
import { receiveWebhook } from "../../src/api/routes/webhooks.ts";
import { Believed } from "../../src/identity/believed.ts";
import { FLOOD, Forgeries } from "../../src/webhooks/forgeries.ts";
import { secretContext } from "../../src/webhooks/source.ts";
import { sealerOf } from "../support/vault.ts";

type Call = Parameters<typeof receiveWebhook.handle>[0];

/** A place for webhooks that nobody has the secret of, and how often what it is was read. */
async function place(now: () => number) {
  const seal = sealerOf("a-master-key-of-32-characters-here");
  const configuration = { scheme: "github", secret: await seal.seal("secret", secretContext("acme", "shop")) };
  let reads = 0;
  const read = async (): Promise<{ configuration?: typeof configuration }> => {
    reads++;
    return { configuration };
  };
  const services = {
    forgeries: new Forgeries(now),
    sources: new Believed(read, now),
    objectFor: () => ({ state: async () => ({ state: JSON.stringify(await read()), version: 1 }) }),
    tenants: { get: () => ({ isSuspended: false }) },
    sealer: seal,
  };
  const forge = async (): Promise<number> => {
    const request = new Request("https://rivulet.example/v1/webhooks/acme/shop", {
      method: "POST",
      headers: { "x-hub-signature-256": `sha256=${"0".repeat(64)}` },
    });
    const call = { request, services, params: { tenant: "acme", source: "shop" }, bytes: new Uint8Array() } as unknown as Call;
    return (await receiveWebhook.handle(call)).status;
  };
  return { forge, reads: () => reads };
}

describe("a flood of deliveries that nobody proves", () => {
  test("is turned away at the price of one reading in five seconds", async () => {
    let now = 1_000_000;
    const { forge, reads } = await place(() => now);
    for (let n = 0; n < FLOOD; n++) expect(await forge()).toBe(401);
    expect(reads()).toBe(FLOOD);
    for (let n = 0; n < 1_000; n++) expect(await forge()).toBe(401);
    expect(reads()).toBe(FLOOD + 1);
    now += 5_000;
    for (let n = 0; n < 1_000; n++) expect(await forge()).toBe(401);
    expect(reads()).toBe(FLOOD + 2);
  });

  test("is over ten seconds after it began, and counted anew", () => {
    let now = 0;
    const forgeries = new Forgeries(() => now);
    for (let n = 0; n < FLOOD; n++) {
      expect(forgeries.areFlood("acme/shop")).toBe(false);
      forgeries.note("acme/shop");
    }
    expect([forgeries.areFlood("acme/shop"), forgeries.areFlood("acme/other")]).toEqual([true, false]);
    now += 10_000;
    expect(forgeries.areFlood("acme/shop")).toBe(false);
    forgeries.note("acme/shop");
    expect(forgeries.areFlood("acme/shop")).toBe(false);
  });

  test("over many places takes memory for a thousand of them", () => {
    const forgeries = new Forgeries(() => 0);
    for (let n = 0; n < FLOOD; n++) forgeries.note("first");
    for (let n = 0; n < 999; n++) forgeries.note(`place-${n}`);
    expect(forgeries.areFlood("first")).toBe(true);
    forgeries.note("one more");
    expect(forgeries.areFlood("first")).toBe(false);
  });
});
