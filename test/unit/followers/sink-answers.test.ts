import { gzipSync } from "node:zlib";
import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { deliverWebhook } from "../../../src/followers/sink/deliver-webhook.ts";
import { deliver, delivery, sink, sinkServer, tcpServer } from "./sink-server.ts";

const NOW = Date.parse("2026-11-20T12:34:56.000Z");
const LOST = { kind: "failed", error: "no connection, or one that was lost before the answer" };

/** What an attempt at a sink that answers like this comes to. */
async function outcomeOf(answer: (response: ServerResponse) => void, more: Parameters<typeof sink>[1] = {}) {
  const server = await sinkServer(answer);
  const outcome = await deliver(sink(server.url, more), {}, NOW);
  expect(server.received).toHaveLength(1);
  await server.idle();
  return outcome;
}

const status =
  (code: number, text = "", headers: Readonly<Record<string, string>> = {}) =>
  (response: ServerResponse): void =>
    void response.writeHead(code, headers).end(text);

describe("an answer", () => {
  test.each([200, 201, 202, 299])("of %i is a delivery, with what it says", async (code) => {
    expect(await outcomeOf(status(code, "thanks"))).toEqual({ kind: "delivered", status: code, body: "thanks" });
  });

  test("of 204 is a delivery with nothing said", async () => {
    expect(await outcomeOf(status(204))).toEqual({ kind: "delivered", status: 204, body: "" });
  });

  test.each([400, 401, 404, 408, 415, 418, 429, 500, 502, 503, 504, 599])("of %i is a failed attempt, with what it says", async (code) => {
    expect(await outcomeOf(status(code, "no"))).toEqual({ kind: "failed", status: code, error: `the sink answered ${code}`, body: "no" });
  });

  test("of 410 says that the sink is gone", async () => {
    const gone = await outcomeOf(status(410, "moved away", { "retry-after": "5" }));
    expect(gone).toEqual({ kind: "gone", status: 410, error: "the sink answered 410: it is gone", body: "moved away" });
  });

  test.each([300, 301, 302, 303, 304, 307, 308])("of %i is not followed, and a failed attempt", async (code) => {
    const elsewhere = await sinkServer();
    const outcome = await outcomeOf(status(code, "", { location: elsewhere.url }));
    expect(outcome).toEqual({ kind: "failed", status: code, error: `the sink answered ${code}, and redirects are not followed`, body: "" });
    expect(elsewhere.received).toEqual([]);
  });
});

describe("Retry-After", () => {
  // A server's time is UTC, whatever the clock on this machine's wall says.
  beforeEach(() => void vi.stubEnv("TZ", "America/New_York"));
  afterEach(() => void vi.unstubAllEnvs());

  test.each([
    ["0", 0],
    ["7", 7_000],
    ["86400", 86_400_000],
    ["  12 ", 12_000],
    ["Fri, 20 Nov 2026 12:35:06 GMT", 10_000],
    ["Friday, 20-Nov-26 12:35:06 GMT", 10_000],
    ["Fri Nov 20 12:35:06 2026", 10_000],
    ["Fri, 20 Nov 2026 12:34:00 GMT", 0],
  ])("%j is so many milliseconds: %i", async (value, milliseconds) => {
    for (const code of [429, 503, 500, 307, 404]) {
      expect(await outcomeOf(status(code, "", { "retry-after": value }))).toMatchObject({ kind: "failed", status: code, retryAfterMs: milliseconds });
    }
  });

  test.each([
    "",
    "-1",
    "1.5",
    "soon",
    "1e3",
    "0x10",
    "12345678901",
    "2026-11-20T12:35:06Z",
    "Fri, 20 Nov 2026 12:35:06 +0100",
    "Fri, 99 Nov 2026 12:35:06 GMT",
  ])("%j says nothing", async (value) => {
    expect(await outcomeOf(status(503, "", { "retry-after": value }))).not.toHaveProperty("retryAfterMs");
  });

  test("on a delivery says nothing", async () => {
    expect(await outcomeOf(status(200, "", { "retry-after": "7" }))).toEqual({ kind: "delivered", status: 200, body: "" });
  });
});

describe("an answer's body", () => {
  test("is kept to 1 KB, and the rest is not fetched", async () => {
    const letter = Buffer.alloc(65_536, "x");
    const endless = (response: ServerResponse): void => {
      const more = (): void => {
        while (response.write(letter));
      };
      response.on("drain", more);
      more();
    };
    // The connection is let go, else this would never end.
    expect(await outcomeOf(endless)).toEqual({ kind: "delivered", status: 200, body: "x".repeat(1_024) });
  });

  test("of exactly 1 KB is kept whole, however it comes", async () => {
    expect(await outcomeOf(status(200, "y".repeat(1_024)))).toMatchObject({ body: "y".repeat(1_024) });
    const dripping = (response: ServerResponse): void => {
      response.write("a");
      setTimeout(() => response.write("b"), 5);
      setTimeout(() => response.end("c"), 10);
    };
    expect(await outcomeOf(dripping)).toMatchObject({ body: "abc" });
  });

  test("is not cut within a character, and is text even where it is not", async () => {
    expect(await outcomeOf(status(500, `a${"é".repeat(600)}`))).toMatchObject({ body: `a${"é".repeat(511)}` });
    const garbled = await outcomeOf((response) => void response.writeHead(200).end(Buffer.alloc(3_000, 0xff)));
    expect(garbled).toMatchObject({ body: "\ufffd".repeat(341) });
  });

  test("that is packed small is unpacked no further", async () => {
    const packed = gzipSync(Buffer.alloc(50_000_000, 0x7a));
    const outcome = await outcomeOf((response) => void response.writeHead(200, { "content-encoding": "gzip" }).end(packed));
    expect(outcome).toEqual({ kind: "delivered", status: 200, body: "z".repeat(1_024) });
  });

  test("that never ends takes nothing from the status, which is known", async () => {
    const outcome = await outcomeOf((response) => void response.writeHead(202).write("taken"), { timeoutMs: 200 });
    expect(outcome).toEqual({ kind: "delivered", status: 202, body: "taken" });
    expect(await outcomeOf((response) => void response.writeHead(500).write("oh"), { timeoutMs: 200 })).toMatchObject({
      kind: "failed",
      status: 500,
      body: "oh",
    });
  });

  test("that breaks off takes nothing from it either", async () => {
    const breaking = (code: number) => (response: ServerResponse) => {
      response.writeHead(code, { "content-length": "100" }).write("half");
      setTimeout(() => response.destroy(), 20);
    };
    expect(await outcomeOf(breaking(200))).toEqual({ kind: "delivered", status: 200, body: "half" });
    expect(await outcomeOf(breaking(503))).toMatchObject({ kind: "failed", status: 503, body: "half" });
  });
});

describe("no answer", () => {
  test("within the time of the attempt is a failed attempt, and the connection is let go", async () => {
    expect(await outcomeOf(() => undefined, { timeoutMs: 150 })).toEqual({ kind: "failed", error: "no answer within 150 ms" });
    const silent = await tcpServer(() => undefined);
    expect(await deliver(sink(silent.url, { timeoutMs: 150 }))).toEqual({ kind: "failed", error: "no answer within 150 ms" });
    await silent.idle();
  });

  test("because nobody listens, or hangs up, or speaks another language, says nothing of the network", async () => {
    const closed = await tcpServer((socket) => socket.destroy());
    const reset = await tcpServer((socket) => void socket.once("data", () => socket.resetAndDestroy()));
    const other = await tcpServer((socket) => void socket.end("220 mail.internal ESMTP ready\r\n"));
    for (const url of [
      "http://127.0.0.1:1/",
      "https://127.0.0.1:1/",
      "http://nowhere.invalid/",
      closed.url,
      reset.url,
      other.url,
      reset.url.replace("http", "https"),
    ]) {
      expect(await deliver(sink(url))).toEqual(LOST);
    }
  });

  test("is an outcome too where the fetch itself goes wrong", async () => {
    const fetches: readonly (() => unknown)[] = [
      () => Promise.reject(new Error("connect ECONNREFUSED 10.0.0.7:5432")),
      () => Promise.reject(undefined),
      () => {
        throw new TypeError("internal error; reference = 1");
      },
    ];
    for (const fetch of fetches) {
      expect(await deliverWebhook({ fetch: fetch as typeof globalThis.fetch, now: Date.now }, sink("http://127.0.0.1/"), delivery())).toEqual(LOST);
    }
    const deaf = (() => new Promise(() => undefined)) as typeof globalThis.fetch;
    const outcome = await deliverWebhook({ fetch: deaf, now: Date.now }, sink("http://127.0.0.1/", { timeoutMs: 20 }), delivery());
    expect(outcome).toEqual({ kind: "failed", error: "no answer within 20 ms" });
  });
});

describe("a target that is not allowed", () => {
  test("is a failed attempt each time, and nobody is called", async () => {
    let calls = 0;
    const fetch = (() => {
      calls++;
      return Promise.resolve(new Response());
    }) as typeof globalThis.fetch;
    for (const url of ["http://127.0.0.1/", "http://2130706433/", "http://metadata.google.internal/", "ftp://shop.example/", "nonsense"]) {
      const outcome = await deliverWebhook({ fetch, now: Date.now }, sink(url, { allowLocal: false }), delivery());
      expect(outcome).toEqual({ kind: "failed", error: expect.stringMatching(/^the target is refused: Expected/) });
    }
    expect(calls).toBe(0);
  });

  test("is judged by the URL that is called, and the call is no method of anything", async () => {
    const called: unknown[] = [];
    const fetch = function (this: unknown, url: string) {
      called.push([this, url]);
      return Promise.resolve(new Response());
    } as unknown as typeof globalThis.fetch;
    await deliverWebhook({ fetch, now: Date.now }, sink("  HTTPS:\\\\Shop.Example\\a/../hook?q=ü#part", { allowLocal: false }), delivery());
    expect(called).toEqual([[undefined, "https://shop.example/hook?q=%C3%BC#part"]]);
  });
});
