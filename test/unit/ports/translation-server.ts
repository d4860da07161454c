import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as the server got it. */
export interface Got {
  readonly method: string;
  readonly path: string;
  readonly body: { readonly q: readonly string[]; readonly source: string; readonly target: string; readonly format: string; readonly api_key?: string };
}

/** What a server answers; undefined leaves it to the usual: every text in capitals. */
export type Answering = (got: Got, response: ServerResponse) => unknown;

/** A server of LibreTranslate's protocol on loopback, and what it was asked. */
export interface TranslationServer {
  readonly url: string;
  readonly asked: readonly Got[];
  stop(): Promise<void>;
}

/** What is not markup, in capitals: as a translator would leave tags and entities alone. */
export function inCapitals(text: string): string {
  return text.replaceAll(/<[^>]*>|&[a-z#0-9]+;|[^<&]+/g, (part) => (/^[<&]/.test(part) ? part : part.toUpperCase()));
}

/** Starts one; `answering` gives a body, or ends the response itself and gives `null`. */
export async function translationServer(answering: Answering = () => undefined): Promise<TranslationServer> {
  const asked: Got[] = [];
  const server = createServer((request, response) => {
    void answer(request, response).catch((fault: unknown) => response.destroy(fault as Error));
  });
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString();
    const got = { method: request.method ?? "", path: request.url ?? "", body: (text === "" ? {} : JSON.parse(text)) as Got["body"] };
    asked.push(got);
    const said = answering(got, response);
    const body = said === undefined ? usual(got) : said;
    if (body !== null) response.setHeader("content-type", "application/json").end(JSON.stringify(body));
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function usual({ path, body }: Got): unknown {
  if (path.endsWith("/languages")) return ["en", "he", "zh-Hans", "pt", "de"].map((code) => ({ code, name: code, targets: ["en"] }));
  return { translatedText: body.q.map(inCapitals) };
}
