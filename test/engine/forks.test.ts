import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Reconciled } from "../../durable-objects/aggregate/contract.ts";
import { alertsFor, objectById } from "../../durable-objects/object-for.ts";
import { loggedStream } from "../../src/log/read-log.ts";
import { append, deliver, draft, env, fireAlarm, stub, wholeLog } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";
import { get, ok, type Page, send } from "../support/http.ts";
import { makeKey } from "../support/keys.ts";

// A stream and the log that tell different histories: what shows it, and how that ends once they tell the same again.

beforeEach(() => {
  faults.captured = [];
});
afterEach(heal);

const note = (n: number) => draft("notes.Added", { n });
const sent = (): readonly string[] => faults.captured?.splice(0) ?? [];
const hashInLog = async (tenant: string): Promise<string> => (await loggedStream(env.LOG_0, tenant, "note-1"))?.hash ?? expect.unreachable();
const setHash = (tenant: string, hash: string) =>
  env.LOG_0.prepare("UPDATE streams SET hash = ?2 WHERE tenant = ?1 AND stream = 'note-1'").bind(tenant, hash).run();
const forkedIn = async (tenant: string): Promise<string | null | undefined> => (await loggedStream(env.LOG_0, tenant, "note-1"))?.forked;
const reconcile = async (tenant: string, repair: boolean): Promise<Reconciled> =>
  (await objectById(env, stub(tenant, "note-1").id.toString())?.reconcile(repair)) as Reconciled;

/** A stream of two events, of which the log has the first and says that it ends with another. Gives the hash that it ended with. */
async function forked(tenant: string): Promise<string> {
  await append(tenant, "note-1", [note(1)]);
  await deliver(sent());
  // The guard looks at the row before it first, which is to be of another stream.
  await append(tenant, "note-2", [note(1)]);
  await deliver(sent());
  const hash = await hashInLog(tenant);
  await setHash(tenant, "sha256:another");
  await append(tenant, "note-1", [note(2)]);
  await deliver(sent());
  await fireAlarm(tenant, "note-1");
  expect(await forkedIn(tenant)).toContain("sha256:another");
  return hash;
}

test("the alert of a fork fires while a stream is kept out of the log, and is over when it tells the log's history again", async () => {
  const { as } = await makeKey("all", ["*:*"], {}, { "tenant-id": "forks-1" });
  ok(await send("PUT", "/v1/alert-rules/fork", {}, { ...as }));
  const alerts = async (): Promise<readonly string[]> => {
    await runDurableObjectAlarm(alertsFor(env, "forks-1"));
    return ok<Page<{ rule: string; state: string }>>(await get("/v1/alerts", { ...as })).items.map(({ rule, state }) => `${rule} ${state}`);
  };
  const figure = async (name: string): Promise<number> => Number(new RegExp(`^${name} (\\S+)$`, "m").exec((await get("/metrics", { ...as })).text)?.[1]);
  expect([await alerts(), await figure("rivulet_log_forked_streams")]).toEqual([[], 0]);
  const hash = await forked("forks-1");
  expect([await alerts(), await figure("rivulet_log_forked_streams")]).toEqual([["fork firing"], 1]);
  // The log is brought back to what it was; the mark stays until somebody looks.
  await setHash("forks-1", hash);
  expect(await reconcile("forks-1", false)).toMatchObject({ state: "forked", reason: expect.stringContaining("sha256:another") });
  expect(await alerts()).toEqual(["fork firing"]);
  expect(await reconcile("forks-1", true)).toMatchObject({ state: "behind", version: 2, loggedVersion: 1 });
  await deliver(sent());
  expect([await alerts(), await figure("rivulet_log_forked_streams")]).toEqual([[], 0]);
  // That there was one stays counted.
  expect(await figure("rivulet_log_forks_total")).toBeGreaterThanOrEqual(1);
  expect((await wholeLog("forks-1")).filter(({ stream }) => stream === "note-1").map(({ version }) => version)).toEqual([1, 2]);
});

test("a mark stays as long as the histories differ, however often it is repaired", async () => {
  await forked("forks-2");
  for (let turn = 0; turn < 2; turn++) expect(await reconcile("forks-2", true)).toMatchObject({ state: "forked" });
  expect(await forkedIn("forks-2")).toContain("sha256:another");
  expect(await wholeLog("forks-2")).toHaveLength(2);
});
