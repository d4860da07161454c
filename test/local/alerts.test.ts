import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Webhook } from "standardwebhooks";
import { expect, onTestFinished, test } from "vitest";
import { append, ask } from "./api.ts";
import { ADMIN_KEY, startServer, stop, until } from "./server.ts";

interface Notification {
  readonly at: number;
  readonly type: string;
  readonly data: { readonly rule: string; readonly severity: string; readonly alerts: readonly { readonly id: string; readonly labels: object }[] };
}

/** A receiver on this machine that answers with this status, and what came to it: its headers, and its body to the byte. */
async function receiver(status: () => number) {
  const received: { readonly at: number; readonly headers: Record<string, string>; readonly body: string }[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      received.push({ at: Date.now(), headers: request.headers as Record<string, string>, body: Buffer.concat(parts).toString() });
      response.writeHead(status()).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, received };
}

const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;

test("a failing sink's alert fires within 60 s and is over after it recovers, its webhooks signed; promtool takes the /metrics of all that", async () => {
  const server = await startServer({ environment: { ALLOW_LOCAL_TARGETS: "1" } });
  let isAway = true;
  const [sink, pager] = [await receiver(() => (isAway ? 500 : 204)), await receiver(() => 204)];
  const post = <Body>(path: string, body: object) => ask<Body>(server.url, path, { method: "POST", body });
  const retry = { maxAttempts: 100, minDelayMs: 1_000, maxDelayMs: 2_000 };
  const failing = await post<{ id: string }>("/v1/subscriptions", { name: "shop", types: ["local.*"], sink: { url: sink.url }, retry });
  const types = ["rivulet.AlertFired", "rivulet.AlertResolved"];
  const paged = await post<{ sink: { secret: string } }>("/v1/subscriptions", { name: "pager", types, sink: { url: pager.url } });
  const condition = { threshold: 0, where: { follower: failing.body.id } };
  const put = (name: string, body: object) => ask<{ isOn: boolean }>(server.url, `/v1/alert-rules/${name}`, { method: "PUT", body });
  const rule = await put("sink-away", { metric: "rivulet_follower_waiting_streams", condition, severity: "critical", labels: { team: "shop" } });
  expect([failing.status, paged.status, rule.status]).toEqual([201, 201, 201]);
  expect((await put("delivery-errors", {})).body).toMatchObject({ isOn: true, metric: "rivulet_deliveries_total" });

  const begin = Date.now();
  await append(server.url, "note-a", ["one"]);
  const verifier = new Webhook(paged.body.sink.secret);
  /** What came, each proven with the subscription's secret. */
  const told = (): readonly Notification[] =>
    pager.received
      .map(({ at, headers, body }) => ({ at, ...(verifier.verify(body, headers) as { type: string; data: { data: Notification["data"] } }) }))
      .map(({ at, type, data }) => ({ at, type, data: data.data }));
  const of = (type: string, rule: string): readonly Notification[] => told().filter((one) => one.type === type && one.data.rule === rule);
  const fired = await until(
    () => of("rivulet.AlertFired", "sink-away"),
    ({ length }) => length > 0,
    90_000,
  );
  expect(fired).toHaveLength(1);
  expect(fired[0]?.data).toMatchObject({ severity: "critical", labels: { team: "shop" }, alerts: [{ labels: { follower: failing.body.id, partition: "0" } }] });
  expect((fired[0] as Notification).at - begin).toBeLessThan(60_000);
  const { items } = (await ask<{ items: readonly { rule: string; state: string }[] }>(server.url, "/v1/alerts")).body;
  expect(items).toContainEqual(expect.objectContaining({ rule: "sink-away", state: "firing", severity: "critical" }));

  isAway = false;
  const resolved = await until(
    () => of("rivulet.AlertResolved", "sink-away"),
    ({ length }) => length > 0,
    120_000,
  );
  expect(resolved.map(({ data }) => data.alerts.map(({ id }) => id))).toEqual([fired[0]?.data.alerts.map(({ id }) => id)]);
  expect(of("rivulet.AlertFired", "sink-away")).toHaveLength(1);
  expect(of("rivulet.AlertFired", "delivery-errors")).toHaveLength(1);

  const scraped = await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
  const text = await scraped.text();
  expect(text).toContain(`rivulet_deliveries_total{follower="${failing.body.id}",outcome="failed"}`);
  if (hasPromtool || process.env["CI"] !== undefined) {
    const checked = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
    expect(`${checked.stdout}${checked.stderr}`).toBe("");
    expect(checked.status).toBe(0);
  }
  await stop(server);
});
