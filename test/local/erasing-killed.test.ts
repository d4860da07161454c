import { expect, onTestFinished, test } from "vitest";
import { killableServer } from "../evidence/kills/killable-server.ts";
import { ask } from "./api.ts";
import { until } from "./server.ts";

const STREAMS = 64;

interface Shown {
  readonly status: string;
  readonly erased?: { readonly streams: number };
}
interface Events {
  readonly items: readonly { readonly type: string; readonly recorded: string }[];
}

test("a server that is killed while a tenant is deleted goes on when it is started again, to the end", async () => {
  const server = await killableServer();
  onTestFinished(() => server.dispose());
  await server.start();
  const { url, key } = server;
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) => ask(url, path, { method: "POST", body, headers, key });
  const shown = async (): Promise<Shown> => (await ask<Shown>(url, "/v1/tenants/acme", { key })).body;
  const acme = { "tenant-id": "acme" };
  expect((await post("/v1/tenants", { id: "acme", name: "Acme" })).status).toBe(201);
  for (let n = 0; n < STREAMS; n++)
    expect((await post(`/v1/streams/note-${n}/events`, { events: [{ type: "notes.NoteAdded", data: n }] }, acme)).status).toBe(201);
  expect((await post("/v1/tenants/acme/suspend", {})).status).toBe(200);
  const kill = server.prepareKill();
  expect((await ask<Shown>(url, "/v1/tenants/acme", { method: "DELETE", key })).body.status).toBe("deleting");
  await kill();
  const killedAt = Date.now();

  await server.start();
  const end = await until(shown, ({ status }) => status === "deleted", 120_000);
  expect(end.erased?.streams).toBeGreaterThanOrEqual(STREAMS);
  const { items } = (await ask<Events>(url, "/v1/streams/rivulet_tenant-acme/events", { key })).body;
  // Had it come to its end before the blow, this would show nothing.
  expect(Date.parse(items.at(-1)?.recorded ?? "")).toBeGreaterThan(killedAt);
});
