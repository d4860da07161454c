import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { afterAll } from "vitest";
import { eventHash, GENESIS_HASH, type JsonText, type LoggedEvent, sha256 } from "../../../src/kernel/index.ts";
import { deliverWebhook, type WebhookDelivery, type WebhookSink } from "../../../src/followers/sink/deliver-webhook.ts";

/** A request as it came over the wire. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A sink on this machine: what came to it, and how many connections are open and were made. */
export interface SinkServer {
  readonly url: string;
  readonly received: Received[];
  readonly connections: Set<Socket>;
  /** Resolves when no connection is open any more. */
  idle(): Promise<void>;
}

const closings: (() => void)[] = [];
afterAll(() => closings.forEach((close) => close()));

/** Runs a sink that answers like this, once it has read the request whole. */
export async function sinkServer(answer: (response: ServerResponse, request: Received) => void = (response) => response.end()): Promise<SinkServer> {
  const received: Received[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = "", url: path = "", headers } = request;
    const got = { method, path, headers: headers as Record<string, string>, body: await bodyOf(request) };
    received.push(got);
    answer(response, got);
  };
  const server = createServer((request, response) => void take(request, response));
  // So that a connection is open exactly as long as its answer.
  server.maxRequestsPerSocket = 1;
  return { received, ...(await listening(server)) };
}

/** Runs a server that speaks no HTTP, but does this with each connection. */
export async function tcpServer(take: (socket: Socket) => void): Promise<Omit<SinkServer, "received">> {
  return listening(createTcpServer(take));
}

async function listening(server: ReturnType<typeof createServer> | ReturnType<typeof createTcpServer>): Promise<Omit<SinkServer, "received">> {
  const connections = new Set<Socket>();
  const waiting = new Set<() => void>();
  server.on("connection", (socket: Socket) => {
    connections.add(socket);
    socket.on("error", () => undefined).resume();
    socket.on("close", () => {
      connections.delete(socket);
      if (connections.size === 0) waiting.forEach((done) => done());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closings.push(() => {
    connections.forEach((socket) => socket.destroy());
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    connections,
    idle: () => (connections.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.add(resolve))),
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

export const SECRET = `whsec_${Buffer.alloc(32, "current").toString("base64")}`;
export const PREVIOUS = `whsec_${Buffer.alloc(24, "previous").toString("base64")}`;

export function sink(url: string, more: Partial<WebhookSink> = {}): WebhookSink {
  return { url, headers: {}, secrets: [SECRET], format: "standard", timeoutMs: 15_000, allowLocal: true, ...more };
}

/** An event of the log; its data is written in a way of its own. */
export function loggedEvent(more: Partial<LoggedEvent> = {}): LoggedEvent {
  const envelope = {
    id: "0193-1",
    stream: "order-1",
    version: 3,
    type: "commerce.OrderPlaced",
    schemaVersion: 1,
    time: "2026-11-20T11:00:00.5+01:00",
    recorded: "2026-11-20T10:00:00.620Z",
    source: "/v1",
    metadata: { correlationId: "c-1", priority: "normal", traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", actor: "key:shop" },
    previousHash: GENESIS_HASH,
    dataHash: sha256("{}"),
  } as const;
  const data = '{ "z": 1.0, "a": "\\u00e9 Zoë 🚲", "big": 12345678901234567890 }' as JsonText;
  return { ...envelope, hash: eventHash("default", envelope), data, position: 812, ...more };
}

export function delivery(more: Partial<WebhookDelivery> = {}): WebhookDelivery {
  return { messageId: "msg_sub1_812", event: loggedEvent(), attempt: 1, ...more };
}

/** One attempt by Node's own fetch. */
export function deliver(sink: WebhookSink, what: Partial<WebhookDelivery> = {}, now = Date.now()) {
  return deliverWebhook({ fetch, now: () => now }, sink, delivery(what));
}
