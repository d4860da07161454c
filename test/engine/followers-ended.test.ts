import { runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, it, vi } from "vitest";
import { append, draft, env } from "../support/engine.ts";
import { heal } from "../support/faults.ts";
import { follower, listen, type Sinks, standing, subscribe, tell } from "../support/followers.ts";

let sinks: Sinks;

beforeEach(() => {
  heal();
  sinks = listen();
});

const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const write = (tenant: string, stream: string) => append(tenant, stream, [draft("notes.Written", { text: "a" })]);
const got = (stream: string) => sinks.received.filter(({ event }) => event.stream === stream).map(({ event }) => event.version);

it("what a sink has said 410 to, and what came since, is delivered once the subscription is resumed", async () => {
  const tenant = "ended-gone";
  sinks.answer = () => 410;
  await subscribe(tenant, "s");
  await write(tenant, "note-1");
  await until(async () => expect(await standing(tenant, "s")).toMatchObject({ state: "disabled" }));
  await write(tenant, "note-1");
  sinks.answer = () => 204;
  await tell(tenant, "s", "Resume", {});
  await until(() => expect(got("note-1")).toEqual([1, 1, 2]));
});

it("a follower that was deleted leaves no dead letter and no alarm, also where something waited for its next attempt", async () => {
  const tenant = "ended-deleted";
  const letters = () => env.VIEWS_0.prepare("SELECT count(*) AS n FROM dead_letters WHERE tenant = ?").bind(tenant).first<number>("n");
  const day = 86_400_000;
  sinks.answer = ({ event }) => (event.stream.startsWith("bad-") ? 500 : 204);
  await subscribe(tenant, "s", { retry: { maxAttempts: 1, minDelayMs: 1, maxDelayMs: 1 } });
  await write(tenant, "bad-1");
  await until(async () => expect(await standing(tenant, "s")).toMatchObject({ parked: 1, retrying: 0 }));
  expect(await letters()).toBe(1);
  await subscribe(tenant, "waits", { retry: { maxAttempts: 2, minDelayMs: day, maxDelayMs: day } });
  await until(async () => expect(await standing(tenant, "waits")).toMatchObject({ retrying: 1 }));
  for (const id of ["s", "waits"]) await tell(tenant, id, "Delete", {});
  await until(async () => {
    expect(await letters()).toBe(0);
    for (const id of ["s", "waits"]) expect(await runInDurableObject(follower(tenant, id), (_, { storage }) => storage.getAlarm())).toBeNull();
  });
  const before = sinks.received.length;
  await write(tenant, "note-1");
  await subscribe(tenant, "after");
  await until(() => expect(got("note-1")).toEqual([1]));
  // What the third one got, too: of the two that are gone nobody was called.
  expect(sinks.received.slice(before).every(({ url }) => url.endsWith("/after"))).toBe(true);
});
