import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { collected } from "../support/otlp.ts";
import { hex, type ShownSpan, type ShownTrace, wayUp } from "../support/traces.ts";
import { ask } from "./api.ts";
import { startServer, stop, until } from "./server.ts";

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A server on this machine that takes whatever comes. */
async function receiver(path: string) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    // What is cut off at the end of the test was not received.
    const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>).catch(() => undefined);
    if (chunks === undefined) return;
    received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, received };
}

const partsOf = (traceparent: unknown): readonly string[] => String(traceparent).split("-");

test("an order placed with a traceparent is one trace, from the request to the webhook, and goes to a collector too", async () => {
  const [hook, collector] = [await receiver("/hook"), await receiver("/v1/traces")];
  const server = await startServer({
    environment: { ALLOW_LOCAL_TARGETS: "1", OTLP_URL: collector.url, OTLP_HEADERS: "x-tenant=me,authorization=Bearer%20t" },
  });
  const post = (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) => ask(server.url, path, { method: "POST", body, headers });
  expect((await post("/v1/subscriptions", { name: "orders", types: ["commerce.OrderPlaced"], sink: { url: hook.url } })).status).toBe(201);
  expect((await post("/v1/aggregates/inventory/tea/Receive", { quantity: 5 })).status).toBe(200);

  const [traceId, caller] = [hex(32), hex(16)];
  const order = { customerId: "c1", items: [{ sku: "tea", quantity: 1, priceCents: 300 }] };
  const placed = await post("/v1/aggregates/order/o1/PlaceOrder", order, { traceparent: `00-${traceId}-${caller}-01`, "x-correlation-id": "the-order" });
  expect(placed.status).toBe(200);
  expect(partsOf(placed.headers.get("traceresponse"))).toEqual(["00", traceId, expect.any(String), "01"]);

  // A call's hop may be there before its caller's, which goes on longer.
  const isWhole = ({ spans = [], missing = [] }: Partial<ShownTrace>): boolean => {
    const services = new Set(spans.map(({ service }) => service));
    const handlers = [...services].filter((service) => service.startsWith("handler:"));
    const steps = spans.filter(({ name }) => name.startsWith("step "));
    return (
      handlers.length >= 3 &&
      steps.length >= 2 &&
      [...services].some((service) => service.startsWith("subscription:")) &&
      services.has("views") &&
      missing.length === 0
    );
  };
  const read = async (): Promise<Partial<ShownTrace>> => (await ask<Partial<ShownTrace>>(server.url, `/v1/traces/${traceId}`)).body;
  const trace = (await until(read, isWhole, 60_000)) as ShownTrace;
  const of = (isIt: (span: ShownSpan) => boolean): ShownSpan =>
    trace.spans.find(isIt) ?? expect.fail(`no such span among ${trace.spans.map(({ name }) => name).join(", ")}`);
  const request = ["api POST /v1/aggregates/order/{id}/PlaceOrder"];

  expect(of(({ parentSpanId }) => parentSpanId === caller)).toMatchObject({ service: "api", kind: "server", attributes: { "http.response.status_code": 200 } });
  expect(
    wayUp(
      trace,
      of(({ name }) => name === "authenticate"),
    ),
  ).toEqual(["api authenticate", ...request]);
  expect(
    wayUp(
      trace,
      of(({ name }) => name === "append"),
    ),
  ).toEqual(["aggregate:order append", "aggregate:order execute PlaceOrder", "api object execute", "api command order PlaceOrder", ...request]);
  for (const [service, name] of [
    ["aggregate:order", "send to queue"],
    ["projector", "project into the log"],
    ["views", "fold into the views"],
    ["handler:order-lifecycle", "handle commerce.OrderPlaced"],
    ["handler:commerce-analytics", "handle commerce.OrderPlaced"],
  ] as const)
    expect(
      wayUp(
        trace,
        of((span) => span.service === service && span.name === name),
      ),
      name,
    ).toEqual([`${service} ${name}`, ...request]);

  // A step of the saga, its command, and what that wrote.
  expect(
    wayUp(
      trace,
      of(({ name }) => name === "execute Reserve"),
    ),
  ).toEqual([
    "aggregate:inventory execute Reserve",
    "saga:order-fulfilment object execute",
    "saga:order-fulfilment command inventory Reserve",
    "saga:order-fulfilment step reserve",
    "handler:saga-order-fulfilment handle commerce.OrderPlaced",
    ...request,
  ]);

  // What follows from what a command wrote is the step's, too.
  expect(
    wayUp(
      trace,
      of(({ service, name }) => service === "aggregate:inventory" && name === "send to queue"),
    ),
  ).toEqual([
    "aggregate:inventory send to queue",
    "saga:order-fulfilment step reserve",
    "handler:saga-order-fulfilment handle commerce.OrderPlaced",
    ...request,
  ]);

  // The webhook was told its own attempt's span.
  const [, hookTrace, hookSpan, hookFlags] = partsOf(hook.received[0]?.headers["traceparent"]);
  const delivery = of(({ service }) => service.startsWith("subscription:"));
  expect([hookTrace, hookSpan, hookFlags]).toEqual([traceId, delivery.spanId, "01"]);
  expect(delivery).toMatchObject({
    kind: "client",
    status: "ok",
    attributes: { "http.response.status_code": 200, "server.address": "127.0.0.1", "server.port": Number(new URL(hook.url).port) },
  });
  expect(wayUp(trace, delivery)).toEqual([`${delivery.service} deliver commerce.OrderPlaced`, ...request]);

  expect(trace.missing).toEqual([]);
  expect(trace.spans.map(({ start }) => start)).toEqual(trace.spans.map(({ start }) => start).toSorted());

  const { edges } = (await ask<{ edges: readonly { from: string; to: string }[] }>(server.url, "/v1/traces/map")).body;
  expect(edges.map(({ from, to }) => `${from} > ${to}`)).toEqual(
    expect.arrayContaining(["client > api", "api > aggregate:order", "saga:order-fulfilment > aggregate:inventory", `${delivery.service} > → 127.0.0.1`]),
  );

  // What was exported is what is shown, by the official definitions.
  const exported = () => collector.received.flatMap(({ body }) => spanIdsOf(body, traceId));
  const shown = trace.spans.map(({ spanId }) => spanId);
  const sent = await until(
    async () => exported(),
    (ids) => shown.every((id) => ids.includes(id)),
    30_000,
  );
  expect(new Set(sent).size).toBe(sent.length);
  expect(collector.received[0]?.headers).toMatchObject({ "content-type": "application/json", "x-tenant": "me", authorization: "Bearer t" });
  for (const { body } of collector.received) collected(JSON.parse(body));
  const asOtlp = (await ask<object>(server.url, `/v1/traces/${traceId}?format=otlp`)).body;
  collected(asOtlp);
  // It goes on growing: objects look by their alarms whether the log has everything.
  expect(spanIdsOf(JSON.stringify(asOtlp), traceId)).toEqual(expect.arrayContaining(shown));
  await stop(server);
});

interface Exported {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly { readonly traceId: string; readonly spanId: string }[] }[] }[];
}

function spanIdsOf(body: string, trace: string): readonly string[] {
  const { resourceSpans } = JSON.parse(body) as Exported;
  const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
  return spans.filter(({ traceId }) => traceId === trace).map(({ spanId }) => spanId);
}
