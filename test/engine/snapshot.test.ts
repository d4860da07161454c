import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { StreamStore } from "../../durable-objects/aggregate/stream-store.ts";
import { draft, stub } from "../support/engine.ts";

const stream = "rivulet_source-s1";
const configure = (tenant: string, secret: string) =>
  stub(tenant, stream).execute({
    command: { name: "Configure", data: { scheme: "github", secret } },
    precondition: { kind: "none" },
    source: "/v1/sources",
    metadata: draft("x", 1).metadata,
  });

async function hundred(tenant: string): Promise<void> {
  for (let n = 1; n <= 100; n++) await configure(tenant, `sealed-${n}`);
}

test("every hundred events a snapshot is kept, and an object that wakes folds on from it", async () => {
  await hundred("snap-1");
  await configure("snap-1", "sealed-last");
  expect((await stub("snap-1", stream).describe())?.snapshotVersion).toBe(100);
  await evictDurableObject(stub("snap-1", stream));
  const texts = vi.spyOn(StreamStore.prototype, "texts");
  const { state, version } = await stub("snap-1", stream).state();
  expect(JSON.parse(state)).toMatchObject({ configuration: { secret: "sealed-last" } });
  expect(version).toBe(101);
  expect(texts.mock.calls).toEqual([[101, 101]]);
  texts.mockRestore();
});

test("a snapshot of another build is not used: the stream is folded anew, to the same state", async () => {
  await hundred("snap-2");
  await runInDurableObject(stub("snap-2", stream), (_, state) => {
    const wrong = { build: "another", version: 100, state: { configuration: { scheme: "github", secret: "from another build" } } };
    state.storage.sql.exec("UPDATE settings SET value = ? WHERE name = 'snapshot'", JSON.stringify(wrong));
  });
  await evictDurableObject(stub("snap-2", stream));
  expect(JSON.parse((await stub("snap-2", stream).state()).state)).toMatchObject({ configuration: { secret: "sealed-100" } });
});

test("a snapshot that cannot be kept does not fail the append", async () => {
  for (let n = 1; n <= 99; n++) await configure("snap-3", `sealed-${n}`);
  vi.spyOn(StreamStore.prototype, "putSetting").mockImplementationOnce(() => {
    throw new Error("the disk is full");
  });
  expect(await configure("snap-3", "sealed-100")).toMatchObject({ ok: true, version: 100 });
  expect((await stub("snap-3", stream).describe())?.snapshotVersion).toBeNull();
});
