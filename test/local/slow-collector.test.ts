import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { hex, type ShownTrace } from "../support/traces.ts";
import { ask } from "./api.ts";
import { ADMIN_KEY, startServer, stop, until } from "./server.ts";

interface Export {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly { readonly spanId: string }[] }[] }[];
}

/** A collector that takes the connection and the whole request, and answers when it is let go; what it answered well. */
async function hangingCollector() {
  let isHanging = true;
  let asked = 0;
  const hanging: ServerResponse[] = [];
  const taken = new Set<string>();
  const server = createServer(async (request, response) => {
    asked++;
    const chunks = await Array.fromAsync(request as AsyncIterable<Buffer>).catch(() => undefined);
    if (chunks === undefined) return;
    if (isHanging) return void hanging.push(response);
    const said = JSON.parse(Buffer.concat(chunks).toString()) as Export;
    for (const { scopeSpans } of said.resourceSpans) for (const { spans } of scopeSpans) for (const { spanId } of spans) taken.add(spanId);
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    asked: () => asked,
    answered: () => hanging.filter(({ writableEnded }) => writableEnded).length + taken.size,
    taken,
    heal: () => {
      isHanging = false;
    },
  };
}

const BEFORE = 40;
const AFTER = 20;

test("a collector that takes the connection and never answers keeps no request and no other sink waiting; each span that it did not get is counted", async () => {
  const collector = await hangingCollector();
  // What its caller records is kept, and what is slow or fails.
  const server = await startServer({ environment: { ALLOW_LOCAL_TARGETS: "1", OTLP_URL: collector.url, TRACE_RATE: "0" } });
  const traces: string[] = [];
  const request = async (): Promise<number> => {
    const traceId = hex(32);
    traces.push(traceId);
    return (await ask(server.url, "/v1/event-types", { headers: { traceparent: `00-${traceId}-${hex(16)}-01` } })).status;
  };
  const requests = async (count: number): Promise<readonly number[]> => Promise.all(Array.from({ length: count }, request));
  const lost = async (): Promise<number> => {
    const text = await (await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } })).text();
    return Number(/^rivulet_spans_lost_total\{sink="OTLP"\} (\d+)$/m.exec(text)?.[1] ?? 0);
  };
  const spansOf = async (traceId: string): Promise<readonly string[]> => {
    const { body } = await ask<Partial<ShownTrace>>(server.url, `/v1/traces/${traceId}`);
    return (body.spans ?? []).map(({ spanId }) => spanId);
  };
  const shown = (): Promise<readonly (readonly string[])[]> =>
    until(
      () => Promise.all(traces.map(spansOf)),
      (all) => all.every(({ length }) => length > 0),
      60_000,
    );

  // One after the other: each is answered though the collector was asked and has not answered.
  expect(await requests(1)).toEqual([200]);
  const asked = await until(
    () => Promise.resolve(collector.asked()),
    (times) => times > 0,
    30_000,
  );
  expect(asked).toBeGreaterThan(0);
  expect(await requests(BEFORE - 1)).toEqual(Array.from({ length: BEFORE - 1 }, () => 200));
  // The other sink has them all, while this one still waits for its first answer.
  await shown();
  expect([collector.answered(), await lost()]).toEqual([0, 0]);
  // The first batch is given up.
  expect(await until(lost, (spans) => spans > 0, 90_000)).toBeGreaterThan(0);
  expect(await requests(AFTER)).toEqual(Array.from({ length: AFTER }, () => 200));
  collector.heal();
  const sent = (await shown()).flat();
  /** All spans that are kept: a request of the test's own that was slow is among them. */
  const kept = async (): Promise<ReadonlySet<string>> => {
    const { items } = (await ask<{ items: readonly { traceId: string }[] }>(server.url, "/v1/traces?limit=1000")).body;
    const spans: string[] = [];
    for (const { traceId } of items) spans.push(...(await spansOf(traceId)));
    return new Set(spans);
  };
  const missing = async (): Promise<number> => {
    const all = await kept();
    return all.size - [...collector.taken].filter((span) => all.has(span)).length - (await lost());
  };
  expect(await until(missing, (spans) => spans === 0, 120_000)).toBe(0);
  const all = await kept();
  expect(sent.filter((span) => !all.has(span))).toEqual([]);
  expect(collector.taken.size).toBeGreaterThan(0);
  await stop(server);
});
