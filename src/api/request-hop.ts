import type { Hop, HopStart } from "../tracing/hop.ts";
import type { Attributes } from "../tracing/span.ts";
import { spanNow } from "../tracing/traced.ts";
import type { RequestContext } from "./endpoint.ts";

/** A request as a hop, named by OpenTelemetry's conventions for HTTP (https://opentelemetry.io/docs/specs/semconv/http/http-spans/). The query is left out: it may hold a ticket. */
export function requestHop(request: Request, { correlationId, trace }: RequestContext): HopStart {
  const { method } = request;
  return { service: "api", name: method, kind: "server", context: trace, correlationId, attributes: () => attributesOf(request) };
}

function attributesOf({ method, url, headers }: Request): Attributes {
  const agent = headers.get("user-agent");
  const { pathname = "", protocol = "", hostname = "" } = URL.parse(url) ?? {};
  return {
    "http.request.method": method,
    "url.path": pathname,
    "url.scheme": protocol.slice(0, -1),
    "server.address": hostname,
    ...(agent !== null && { "user_agent.original": agent }),
  };
}

/** The request was for this path of the description: its name from now on. */
export function routedHop(path: string): void {
  const root = spanNow()?.hop.root;
  if (root === undefined) return;
  root.name = `${root.name} ${path}`;
  root.set({ "http.route": path });
}

/** What the request was answered; a 5xx is a failure of ours. */
export function answeredHop({ root }: Hop, status: number): void {
  root.set({ "http.response.status_code": status });
  if (status < 500) return;
  root.set({ "error.type": String(status) });
  root.fail(`answered ${status}`);
}
