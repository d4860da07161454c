import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { ask } from "./api.ts";
import { startServer, stop, until } from "./server.ts";

interface Asked {
  readonly path: string;
  readonly key: string;
  readonly authorization: string | undefined;
  readonly traceparent: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** Services on this machine: each request is kept, and answered by `reply`. */
async function services(reply: (asked: Asked, earlier: readonly Asked[]) => Reply | Promise<Reply>) {
  const all: Asked[] = [];
  const server = createServer(async (request, response) => {
    const text = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString();
    const { "idempotency-key": key, authorization, traceparent } = request.headers;
    const asked = {
      path: request.url ?? "",
      key: String(key),
      authorization,
      traceparent: traceparent as string | undefined,
      body: JSON.parse(text) as Asked["body"],
    };
    const earlier = all.filter((other) => other.path === asked.path && other.key === asked.key);
    all.push(asked);
    const { status, body } = await reply(asked, earlier);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, all };
}

const stateOf = async (url: string, saga: string, id: string): Promise<string | undefined> =>
  (await ask<{ state?: string }>(url, `/v1/sagas/${saga}/${id}`)).body.state;

const isOver = (state: string | undefined): boolean => ["completed", "compensated", "stuck", "cancelled"].includes(state ?? "");

test("orders, letters and videos go through services over HTTP: each asked under one key until it answers, and its no is a no", async () => {
  const outside = await services(({ path, body }, earlier) => {
    if (path === "/pay/charges") {
      // The first attempt of every charge meets a provider that is busy.
      if (earlier.length === 0) return { status: 503, body: { detail: "Later." } };
      if (String(body["customerId"]).startsWith("broke")) return { status: 402, body: { detail: "There is no money." } };
      return { status: 200, body: { outcome: "captured", reference: `ref-${String(body["orderId"])}` } };
    }
    if (path === "/mail/letters") {
      if (String(body["to"]).endsWith("@nobody.example")) return { status: 422, body: { detail: "Nobody lives there." } };
      return { status: 202, body: {} };
    }
    if (path === "/video/jobs")
      return String(body["videoUrl"]).endsWith("bad.mp4") ? { status: 422, body: { detail: "No video." } } : { status: 202, body: { processor: "p-1" } };
    return { status: 404, body: {} };
  });
  const server = await startServer({
    environment: {
      ALLOW_LOCAL_TARGETS: "1",
      PAYMENTS_URL: `${outside.url}/pay/`,
      PAYMENTS_KEY: "the-key-of-payments",
      MAIL_URL: `${outside.url}/mail`,
      VIDEO_PROCESSOR_URL: `${outside.url}/video`,
    },
  });
  const { url } = server;
  const command = async (path: string, body: unknown) => {
    const { status, body: answer } = await ask(url, `/v1/aggregates/${path}`, { method: "POST", body });
    expect([path, status, answer]).toEqual([path, 200, expect.anything()]);
  };
  const ended = (saga: string, id: string) => until(() => stateOf(url, saga, id), isOver, 60_000);

  // An order that is paid, and one that is not.
  await command("inventory/tea/Receive", { quantity: 5 });
  const items = [{ sku: "tea", quantity: 1, priceCents: 300 }];
  await command("order/o1/PlaceOrder", { customerId: "c1", items });
  await command("order/o2/PlaceOrder", { customerId: "broke-1", items });
  expect(await ended("order-fulfilment", "o1")).toBe("completed");
  expect(await ended("order-fulfilment", "o2")).toBe("compensated");
  const { body: cancelled } = await ask<{ state: { status: string; reason?: string } }>(url, "/v1/aggregates/order/o2");
  expect(cancelled.state).toMatchObject({ status: "cancelled" });
  const charges = (order: string) => outside.all.filter(({ path, body }) => path === "/pay/charges" && body["orderId"] === order);
  for (const order of ["o1", "o2"]) {
    expect(charges(order).length, order).toBeGreaterThanOrEqual(2);
    expect(new Set(charges(order).map(({ key }) => key)).size, order).toBe(1);
  }
  expect(charges("o1")[0]).toMatchObject({
    authorization: "Bearer the-key-of-payments",
    key: expect.stringMatching(/^"[0-9a-f]{64}"$/),
    traceparent: expect.stringMatching(/^00-/),
    body: { orderId: "o1", customerId: "c1", amountCents: 300, currency: "EUR" },
  });
  const { body: stock } = await ask<{ state: { available: number; reserved: number } }>(url, "/v1/aggregates/inventory/tea");
  expect(stock.state).toMatchObject({ available: 4, reserved: 0 });

  // A user who is welcomed, and one whom no letter reaches.
  await command("user/u1/RegisterUser", { email: "ann@example.com", name: "Ann" });
  await command("user/u2/RegisterUser", { email: "ben@nobody.example", name: "Ben" });
  expect(await ended("user-onboarding", "u1")).toBe("completed");
  expect(await ended("user-onboarding", "u2")).toBe("compensated");
  expect(outside.all.filter(({ path, body }) => path === "/mail/letters" && body["to"] === "ann@example.com")).toHaveLength(1);

  // A batch: one video is processed by the service, which reports with a key of its own; the other it does not take.
  const { body: made } = await ask<{ key: string }>(url, "/v1/keys", { method: "POST", body: { name: "processor", scopes: ["commands:video:*"] } });
  await command("batch/b1/StartBatch", { videoUrls: ["https://videos.example/good.mp4", "https://videos.example/bad.mp4"] });
  const jobs = () => outside.all.filter(({ path }) => path === "/video/jobs").map(({ body }) => String(body["jobId"]));
  await until(
    async () => new Set(jobs()),
    ({ size }) => size === 2,
    30_000,
  );
  const good = String(outside.all.find(({ path, body }) => path === "/video/jobs" && String(body["videoUrl"]).endsWith("good.mp4"))?.body["jobId"]);
  const report = (name: string, body: unknown) =>
    ask<{ state: { status: string } }>(url, `/v1/aggregates/video/${good}/${name}`, { method: "POST", body, key: made.key });
  await until(
    () => report("ReportProgress", { percent: 40, stage: "encoding" }),
    ({ status }) => status === 200,
    30_000,
  );
  expect((await report("CompleteProcessing", { outputs: [{ url: "https://videos.example/out.m3u8", kind: "hls" }] })).status).toBe(200);
  expect(await ended("video-batch", "b1")).toBe("completed");
  const { body: batch } = await ask<{ state: object }>(url, "/v1/aggregates/batch/b1");
  expect(batch.state).toMatchObject({ done: ["b1:1"], failed: ["b1:2"] });
  await stop(server);
});
