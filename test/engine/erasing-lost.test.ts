import { runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AggregateObject } from "../../durable-objects/aggregate.ts";
import type { StreamTail } from "../../durable-objects/aggregate/contract.ts";
import { denialsFor, objectFor } from "../../durable-objects/object-for.ts";
import { AUDIT_LOG } from "../../src/kernel/index.ts";
import { env } from "../support/engine.ts";
import { DispatcherObject } from "../../durable-objects/dispatcher.ts";
import { FollowerObject } from "../../durable-objects/follower.ts";
import { KeyRegistryObject } from "../../durable-objects/key-registry.ts";
import { TenantKeyObject } from "../../durable-objects/tenant-key.ts";
import { faults, heal } from "../support/faults.ts";
import { listen } from "../support/followers.ts";
import { tenantNow } from "../support/tenants.ts";
import { sinks } from "../support/worker.ts";
import { deleted, eraser, heldByNobody, lived, rowsOf, runToTheEnd } from "../support/erased.ts";

beforeEach(() => {
  listen();
});
afterEach(() => {
  vi.restoreAllMocks();
  heal();
  sinks.handle = async () => {};
});

describe("the job that deletes a tenant", () => {
  /** Calls of D1 until the job is lost: before the mark, and up to the last tables. */
  const losses = [1, 2, 3, 4, 8, 19];

  test.each(losses)("goes on where it was lost, at its D1 call number %i", async (nth) => {
    const tenant = `lost-${nth}`;
    await lived(tenant);
    await deleted(tenant);
    let calls = 0;
    let kept: string | undefined;
    const lose = async (): Promise<void> => {
      if (++calls !== nth) return;
      const abort = (_: unknown, state: DurableObjectState): void => {
        kept = state.storage.kv.get<{ readonly step: string }>("job")?.step;
        state.abort("lost");
      };
      await runInDurableObject(eraser(tenant), abort).catch(() => {});
    };
    faults.beforeQuery = (_, sql) => (/^(DELETE|INSERT INTO heads|SELECT stream FROM streams)/.test(sql.trim()) ? lose() : undefined);
    faults.afterBatch = lose;
    await runToTheEnd(tenant);
    expect(calls).toBeGreaterThan(nth);
    // A tenant of any size gets to its end only if what was done is not done again.
    if (nth >= 8) expect(kept).not.toBe("mark");
    expect(await rowsOf(tenant)).toEqual({});
    await heldByNobody(tenant);
    expect((await tenantNow(tenant)).erased).toMatchObject({ streams: expect.any(Number) });
  });

  test.each([
    ["the dispatcher", DispatcherObject],
    ["a follower", FollowerObject],
    ["a stream", AggregateObject],
    ["a registry", KeyRegistryObject],
    ["the key", TenantKeyObject],
  ] as const)("goes on where %s does not answer at first", async (who, kind) => {
    const tenant = `mute-${who.replaceAll(" ", "-")}`;
    await lived(tenant);
    await deleted(tenant);
    const name = kind === TenantKeyObject ? "destroy" : "forget";
    const spy = vi.spyOn(kind.prototype as unknown as Record<string, () => Promise<void>>, name).mockRejectedValueOnce(new Error("not now"));
    await runToTheEnd(tenant);
    expect(spy.mock.calls.length).toBeGreaterThanOrEqual(2);
    expect(await rowsOf(tenant)).toEqual({});
    await heldByNobody(tenant);
  });

  test("leaves nothing of what is written beside it: denials of a minute that is over while the job is at its registries", async () => {
    const tenant = "beside-denials";
    await lived(tenant);
    await deleted(tenant);
    const written = Promise.withResolvers<StreamTail>();
    const { forget } = KeyRegistryObject.prototype;
    vi.spyOn(KeyRegistryObject.prototype, "forget").mockImplementationOnce(async function (this: KeyRegistryObject) {
      await denialsFor(env, tenant).writeDown(Date.now() + 60_000);
      written.resolve(await objectFor(env, tenant, AUDIT_LOG).eventsAfter(0, 10_000));
      return forget.call(this);
    });
    await runToTheEnd(tenant);
    // The object had forgotten all it had, and begins anew.
    expect((await written.promise).events).toMatchObject([{ version: 1, type: "rivulet.ActsDenied" }]);
    await heldByNobody(tenant);
    expect(await rowsOf(tenant)).toEqual({});
  });
});
