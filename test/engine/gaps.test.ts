import { runDurableObjectAlarm } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { alertsFor } from "../../durable-objects/object-for.ts";
import { append, draft, env, wholeLog } from "../support/engine.ts";
import { get, ok, type Page, send } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";

// Positions that are missing in the log: what shows them, and how that ends once they are there.

const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 30_000, interval: 50 });

test("the alert of a gap fires while positions are missing, and is over when they are there", async () => {
  const tenant = "gaps-1";
  const { as } = await makeKey("all", ["*:*"], {}, { "tenant-id": tenant });
  ok(await send("PUT", "/v1/alert-rules/gap", {}, { ...as }));
  const alerts = async (): Promise<readonly string[]> => {
    await runDurableObjectAlarm(alertsFor(env, tenant));
    return ok<Page<{ rule: string; state: string }>>(await get("/v1/alerts", { ...as })).items.map(({ rule, state }) => `${rule} ${state}`);
  };
  const figure = async (name: string): Promise<number> => Number(new RegExp(`^${name} (\\S+)$`, "m").exec((await get("/metrics", { ...as })).text)?.[1]);
  const head = async (): Promise<number> => (await wholeLog(tenant)).at(-1)?.position ?? 0;
  await append(tenant, "note-1", [draft("notes.Written", { text: "a" })]);
  // The key, the rule, and this.
  await until(async () => expect(await head()).toBeGreaterThanOrEqual(3));
  expect([await alerts(), await figure("rivulet_log_missing_positions")]).toEqual([[], 0]);
  const before = await head();
  // No way of ours leads there: the log itself is tampered with.
  await env.LOG_0.batch([
    env.LOG_0.prepare("UPDATE heads SET position = position + 2 WHERE tenant = ?").bind(tenant),
    env.LOG_0.prepare("DROP TRIGGER events_predecessor"),
  ]);
  await append(tenant, "note-2", [draft("notes.Written", { text: "b" })]);
  await until(async () => expect(await figure("rivulet_log_missing_positions")).toBe(2));
  // What fires is an event too, behind the gap.
  expect(await alerts()).toEqual(["gap firing"]);
  expect(await alerts()).toEqual(["gap firing"]);
  const fill = (position: number) =>
    env.LOG_0.prepare(
      `INSERT INTO events SELECT tenant, ?2, stream, version, id, type, schema_version, time, recorded, source, metadata, cloudevent, hash, previous_hash, data_hash, data, entry
       FROM events WHERE tenant = ?1 AND position = ?3`,
    ).bind(tenant, position, before);
  await fill(before + 1).run();
  expect([await alerts(), await figure("rivulet_log_missing_positions")]).toEqual([["gap firing"], 1]);
  await fill(before + 2).run();
  expect([await alerts(), await figure("rivulet_log_missing_positions")]).toEqual([[], 0]);
  // That there was one stays counted.
  expect(await figure("rivulet_log_gaps_total")).toBe(2);
});
