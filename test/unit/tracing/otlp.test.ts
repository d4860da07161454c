import { describe, expect, test, vi } from "vitest";
import type { HopRecord } from "../../../src/tracing/hop.ts";
import { otlpOf } from "../../../src/tracing/otlp.ts";
import { otlpSink } from "../../../src/tracing/otlp-sink.ts";
import type { SpanKind, SpanRecord } from "../../../src/tracing/span.ts";
import { tracers } from "../../../src/tracing-composed.ts";
import { collected } from "../../support/otlp.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const spanId = "b7ad6b7169203331";
const kinds: readonly SpanKind[] = ["internal", "server", "client", "producer", "consumer"];
const span = (more: Partial<SpanRecord> = {}): SpanRecord => ({
  spanId,
  parentSpanId: null,
  name: "append",
  kind: "server",
  start: 1_795_000_000_123.25,
  durationMs: 7,
  status: "unset",
  attributes: {},
  events: [],
  links: [],
  ...more,
});
const hop = (spans: HopRecord["spans"], more: Partial<HopRecord> = {}): HopRecord => ({
  tenant: "default",
  traceId,
  service: "api",
  correlationId: undefined,
  isEntry: true,
  spans,
  ...more,
});

describe("an export", () => {
  test("is an ExportTraceServiceRequest by the official definitions, and says what the spans say", () => {
    const full = span({
      parentSpanId: "00f067aa0ba902b7",
      status: "error",
      error: "no",
      attributes: { text: "ü", whole: -3, part: 0.5, huge: 1e300, no: false },
      events: [{ name: "asked", time: 1_795_000_000_124, attributes: { whom: "bank" } }],
      links: [{ traceId, spanId: "00f067aa0ba902b8" }],
    });
    const message = collected(otlpOf([hop([full]), hop([span({ status: "ok" })], { service: "views" })]));
    const b64 = (hex: string): string => Buffer.from(hex, "hex").toString("base64");
    expect(message).toEqual({
      resourceSpans: [
        {
          resource: {
            attributes: [
              { key: "service.name", value: { stringValue: "api" } },
              { key: "service.namespace", value: { stringValue: "rivulet" } },
              { key: "rivulet.tenant", value: { stringValue: "default" } },
            ],
          },
          scopeSpans: [
            {
              scope: { name: "rivulet" },
              spans: [
                {
                  traceId: b64(traceId),
                  spanId: b64(spanId),
                  parentSpanId: b64("00f067aa0ba902b7"),
                  name: "append",
                  kind: "SPAN_KIND_SERVER",
                  startTimeUnixNano: "1795000000123250000",
                  endTimeUnixNano: "1795000000130250000",
                  attributes: [
                    { key: "text", value: { stringValue: "ü" } },
                    { key: "whole", value: { intValue: "-3" } },
                    { key: "part", value: { doubleValue: 0.5 } },
                    { key: "huge", value: { doubleValue: 1e300 } },
                    { key: "no", value: { boolValue: false } },
                  ],
                  events: [{ timeUnixNano: "1795000000124000000", name: "asked", attributes: [{ key: "whom", value: { stringValue: "bank" } }] }],
                  links: [{ traceId: b64(traceId), spanId: b64("00f067aa0ba902b8") }],
                  status: { code: "STATUS_CODE_ERROR", message: "no" },
                },
              ],
            },
          ],
        },
        expect.objectContaining({ scopeSpans: [expect.objectContaining({ spans: [expect.objectContaining({ status: { code: "STATUS_CODE_OK" } })] })] }),
      ],
    });
  });

  test.each(kinds)("has the kind %s", (kind) => {
    const json = JSON.stringify(collected(otlpOf([hop([span({ kind })])])));
    expect(json).toContain(`"SPAN_KIND_${kind.toUpperCase()}"`);
  });

  test("that has a field of another name, or an id of another form, would be seen", () => {
    const good = otlpOf([hop([span()])]);
    expect(() => collected({ ...good, more: 1 })).toThrow(/more/);
    expect(() => collected(otlpOf([hop([span({ spanId: "x" })])]))).toThrow(/no id/);
  });
});

describe("a collector", () => {
  const taken = (): Response => new Response("{}");
  const sentTo = (answers: readonly (() => Response)[]) => {
    const requests: { readonly url: string; readonly headers: Headers; readonly body: unknown }[] = [];
    const waits: number[] = [];
    const sink = otlpSink({
      url: "http://collector.test/v1/traces",
      headers: "Api-Key=a%3Db, x-tenant=me",
      fetch: async (url, init) => {
        requests.push({ url: String(url), headers: new Headers(init?.headers as HeadersInit), body: JSON.parse(String(init?.body)) });
        return (answers[requests.length - 1] as () => Response)();
      },
      textOf: (answer) => answer.text(),
      wait: async (milliseconds) => void waits.push(milliseconds),
    });
    return { sink, requests, waits };
  };
  const refusing =
    (status: number, headers: Record<string, string> = {}) =>
    () =>
      new Response("", { status, headers });
  const lost = (): Response => {
    throw new TypeError("connection lost");
  };

  test("gets all hops of a flush in one request, with its headers, and none where there are none", async () => {
    const { sink, requests } = sentTo([taken]);
    await sink.write([], ["default"]);
    await sink.write([hop([span()]), hop([span({ spanId: "00f067aa0ba902b7" })])], []);
    expect(requests.length).toBe(1);
    expect(() => collected(requests[0]?.body)).not.toThrow();
    expect([requests[0]?.headers.get("api-key"), requests[0]?.headers.get("x-tenant"), requests[0]?.headers.get("content-type")]).toEqual([
      "a=b",
      "me",
      "application/json",
    ]);
  });

  test("gets a header that is not percent-encoded as it stands, and no request fails for it", async () => {
    const got: Headers[] = [];
    const answering = (async (_: unknown, init?: RequestInit) => {
      got.push(new Headers(init?.headers as HeadersInit));
      return taken();
    }) as typeof fetch;
    const work: Promise<unknown>[] = [];
    const env = { OTLP_URL: "http://collector.test/v1/traces", OTLP_HEADERS: "authorization=Basic 100%" };
    const tracer = tracers(() => 0, answering)(env, (one) => work.push(one));
    expect(await tracer?.hop({ service: "api", name: "GET", tenant: "t", context: { traceparent: `00-${traceId}-${spanId}-01` } }, async () => 7)).toBe(7);
    await Promise.all(work);
    expect(got.map((headers) => headers.get("authorization"))).toEqual(["Basic 100%"]);
  });

  test("that is busy or away is asked again, the same, after a while that it may name", async () => {
    const { sink, requests, waits } = sentTo([refusing(503), refusing(429, { "retry-after": "3" }), lost, taken]);
    await sink.write([hop([span()])], []);
    expect(waits).toEqual([500, 3_000, 2_000]);
    expect(new Set(requests.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });

  test("that takes the rest without some of the spans is not asked again, and those are lost, shared out over the tenants", async () => {
    const warned = vi.spyOn(console, "warn").mockImplementation(() => {});
    const saying = (partialSuccess: object) => () => Response.json({ partialSuccess });
    const sent = [hop([span(), span(), span()]), { ...hop([span()]), tenant: "other" }, hop([span(), span()])];
    const lostOf = async (answer: () => Response): Promise<Readonly<Record<string, number>>> => {
      const { sink, requests } = sentTo([answer]);
      const lost: Record<string, number> = {};
      for (const { tenant, spans } of (await sink.write(sent, [])) ?? []) lost[tenant] = (lost[tenant] ?? 0) + spans.length;
      expect(requests.length).toBe(1);
      return lost;
    };
    expect(await lostOf(saying({ rejectedSpans: "4", errorMessage: "too old" }))).toEqual({ default: 3, other: 1 });
    expect(warned).toHaveBeenLastCalledWith(expect.stringContaining("tracing:"), 4, "too old");
    expect(await lostOf(saying({ rejectedSpans: 600 }))).toEqual({ default: 5, other: 1 });
    // A warning alone, and answers that say nothing of it.
    expect(await lostOf(saying({ errorMessage: "use gzip" }))).toEqual({});
    expect(warned).toHaveBeenCalledTimes(3);
    for (const answer of [taken, () => new Response(null), () => new Response("\n\u0002"), () => new Response("null"), saying({ rejectedSpans: "many" })])
      expect(await lostOf(answer)).toEqual({});
    expect(warned).toHaveBeenCalledTimes(3);
    warned.mockRestore();
  });

  test("that stays away, or that wants none of it, is given up", async () => {
    const away = sentTo([refusing(503), refusing(503), refusing(503), refusing(503), taken]);
    await expect(away.sink.write([hop([span()])], [])).rejects.toThrow("503");
    expect(away.requests.length).toBe(4);
    const unwilling = sentTo([refusing(400), taken]);
    await expect(unwilling.sink.write([hop([span()])], [])).rejects.toThrow("400");
    expect(unwilling.requests.length).toBe(1);
  });
});
