import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A request that went through, and its answer. */
export interface Exchange {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly answer: { readonly status: number; readonly headers: Headers; readonly text: string };
}

/** Stands before a server until the test ends, passes everything on and keeps what it saw. */
export async function recorder(url: string): Promise<{ readonly url: string; readonly seen: readonly Exchange[] }> {
  const seen: Exchange[] = [];
  const proxy = createServer(async (request, response) => {
    const { method = "GET", url: path = "/", headers } = request;
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>));
    const passedOn = Object.entries(headers).filter((field): field is [string, string] => typeof field[1] === "string" && !HOP_BY_HOP.has(field[0]));
    const answer = await fetch(`${url}${path}`, { method, headers: passedOn, ...(body.length > 0 && { body }) });
    const text = await answer.text();
    seen.push({ path, headers, answer: { status: answer.status, headers: answer.headers, text } });
    response.writeHead(answer.status, Object.fromEntries([...answer.headers].filter(([name]) => !HOP_BY_HOP.has(name)))).end(text);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(() => void proxy.close());
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, seen };
}

/** What belongs to one connection, not to what is passed on. */
const HOP_BY_HOP = new Set(["host", "connection", "keep-alive", "content-length", "content-encoding", "transfer-encoding"]);
