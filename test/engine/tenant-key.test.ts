import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { tenantKeyFor } from "../../durable-objects/object-for.ts";
import { type TenantKey, TenantKeyObject } from "../../durable-objects/tenant-key.ts";
import { sealContext } from "../../src/kernel/index.ts";
import { append, draft, env } from "../support/engine.ts";
import { listen, type Sinks, standing, subscribe } from "../support/followers.ts";
import { newSealer } from "../support/sealed.ts";
import { clock } from "../support/worker.ts";

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const object = (tenant: string) => tenantKeyFor(env, tenant);
const keyOf = async (tenant: string): Promise<TenantKey> => object(tenant).key();
const kept = (tenant: string) => runInDurableObject(object(tenant), (_, { storage }) => [...storage.kv.list()]);

afterEach(() => {
  vi.restoreAllMocks();
  clock.aheadMs = 0;
});

describe("the object of a tenant's key", () => {
  test("gives all who ask at once the same 32 bytes, and a tenant none of another's", async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => keyOf("asked-at-once")));
    expect(new Set(all.map((key) => JSON.stringify(key))).size).toBe(1);
    const [{ bytes }] = all as [{ bytes: string }];
    expect(Buffer.from(bytes, "base64url")).toHaveLength(32);
    expect(await keyOf("asked-beside")).not.toEqual(all[0]);
  });

  test("has the same bytes after it was evicted", async () => {
    const before = await keyOf("evicted");
    await evictDurableObject(object("evicted"));
    expect(await keyOf("evicted")).toEqual(before);
  });

  test("makes no new key after it was told to destroy it, however often it is asked and wherever it wakes; nothing of the key is left", async () => {
    const { bytes } = (await keyOf("destroyed")) as { bytes: string };
    await object("destroyed").destroy();
    expect(await keyOf("destroyed")).toEqual({ destroyed: true });
    await evictDurableObject(object("destroyed"));
    expect(await keyOf("destroyed")).toEqual({ destroyed: true });
    await object("destroyed").destroy();
    expect(await keyOf("destroyed")).toEqual({ destroyed: true });
    expect(await kept("destroyed")).toEqual([["key", { destroyed: true }]]);
    expect(JSON.stringify(await kept("destroyed"))).not.toContain(bytes);
  });

  test("makes none for a tenant that was deleted before it had any", async () => {
    await object("never-asked").destroy();
    expect(await keyOf("never-asked")).toEqual({ destroyed: true });
  });

  test("does not destroy that of the tenant default", async () => {
    const before = await keyOf("default");
    await runInDurableObject(object("default"), (key) => expect(() => key.destroy()).toThrow("expected a tenant that can be deleted"));
    expect(await keyOf("default")).toEqual(before);
  });
});

test("isolates that ask for a new tenant's key at the same time open what the others have sealed", async () => {
  const isolates = Array.from({ length: 5 }, () => newSealer());
  const context = sealContext("new-tenant", "note-1");
  const sealed = await Promise.all(isolates.map(({ seal }, n) => seal(`by ${n}`, context)));
  for (const { open } of isolates) expect(await Promise.all(sealed.map((text) => open(text, context)))).toEqual(["by 0", "by 1", "by 2", "by 3", "by 4"]);
});

describe("a delivery", () => {
  let sink: Sinks;
  beforeEach(() => {
    sink = listen();
  });

  const write = (tenant: string, version: number) => append(tenant, `note-${version}`, [draft("notes.Written", { text: "delivered" })]);
  const delivered = (count: number) => until(() => expect(sink.received).toHaveLength(count));

  test("asks for the tenant's key once in five minutes, and goes on after the key's object was evicted", async () => {
    const asked = vi.spyOn(TenantKeyObject.prototype, "key");
    await subscribe("delivering", "s");
    asked.mockClear();
    await write("delivering", 1);
    await delivered(1);
    expect(asked).toHaveBeenCalled();
    asked.mockClear();
    await evictDurableObject(object("delivering"));
    for (let n = 2; n <= 6; n++) {
      await write("delivering", n);
      await delivered(n);
    }
    expect(asked).not.toHaveBeenCalled();
    clock.aheadMs = 300_001;
    await write("delivering", 7);
    await delivered(7);
    expect(asked).toHaveBeenCalled();
    expect(sink.received.every(({ attempt }) => attempt === 1)).toBe(true);
  });

  test("comes again where the key cannot be read at first; that is no secret that cannot be opened, and the sink is not asked without it", async () => {
    await subscribe("mute-key", "s");
    const asked = vi.spyOn(TenantKeyObject.prototype, "key").mockImplementationOnce(() => {
      throw new Error("not now");
    });
    await write("mute-key", 1);
    await delivered(1);
    expect(asked.mock.calls.length).toBeGreaterThanOrEqual(2);
    expect(sink.received.map(({ attempt }) => attempt)).toEqual([2]);
    await until(async () => expect(await standing("mute-key", "s")).toMatchObject({ counts: { delivered: 1, failed: 1, parked: 0 } }));
    const { attempts } = await standing("mute-key", "s");
    expect(attempts.map(({ error }) => error).filter((error) => error !== null)).toEqual(["The platform could not deliver it."]);
  });

  test("is not made with the secrets of a tenant whose key is destroyed", async () => {
    await subscribe("keyless", "s");
    await object("keyless").destroy();
    await write("keyless", 1);
    await until(async () => expect(await standing("keyless", "s")).toMatchObject({ parked: 1 }));
    expect(sink.received).toEqual([]);
    const { results } = await env.VIEWS_0.prepare("SELECT attempts FROM dead_letters WHERE tenant = 'keyless'").all();
    expect(JSON.stringify(results)).toContain("cannot be opened");
  });
});
