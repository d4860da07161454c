import { HEADER_NAMES } from "./answer-headers.ts";
import { problem } from "./problem.ts";
import type { Services } from "./services.ts";

/** What a page's script may send, beside what every page may, and the attributes of a CloudEvent in binary mode (`ce-…`). */
const SENT: ReadonlySet<string> = new Set([
  "authorization",
  "content-type",
  "content-digest",
  "consistency-token",
  "idempotency-key",
  "if-match",
  "if-none-match",
  "last-event-id",
  "prefer",
  "signature",
  "signature-input",
  "tenant-id",
  "traceparent",
  "tracestate",
  "x-correlation-id",
]);
/** What it may read of an answer's headers, beside what every page may: all of ours, and what a path takes. */
const READ = [...HEADER_NAMES, "Allow"]
  .map((name) => name.toLowerCase())
  .toSorted()
  .join(", ");

/** How long (seconds) a browser need not ask again: as long as any browser keeps to. */
const MAX_AGE = "7200";

/**
 * What OPTIONS answers: the methods of a path, and to a browser's preflight (https://fetch.spec.whatwg.org/#cors-preflight-fetch) also which
 * headers may be sent. A preflight carries no key, so nobody can know whose tenant is meant: it is the same for every origin, tells no more
 * than /openapi.json does, and the answer itself is readable where the tenant allows the page's origin. Whoever can send a key can send it
 * without a browser, so nothing is lost by letting the request come.
 */
export function options(request: Request, methods: readonly string[]): Response {
  const allow = methods.join(", ");
  const headers = new Headers({ allow });
  if (request.headers.has("origin") && request.headers.has("access-control-request-method")) {
    const wanted = (request.headers.get("access-control-request-headers") ?? "").split(",").map((name) => name.trim().toLowerCase());
    headers.set("access-control-allow-origin", "*");
    headers.set("access-control-allow-methods", methods.filter((method) => method !== "OPTIONS").join(", "));
    headers.set("access-control-allow-headers", wanted.filter((name) => SENT.has(name) || /^ce-[a-z0-9-]{1,60}$/.test(name)).join(", "));
    headers.set("access-control-max-age", MAX_AGE);
  }
  return new Response(null, { status: 204, headers });
}

/** Who asked, as far as it is known when the answer goes out. */
export interface Asker {
  /** Of whoever was authenticated; empty for a public endpoint, undefined where nobody was. */
  readonly tenant: string | undefined;
  readonly services: Pick<Services, "origins">;
}

/**
 * Lets a page of another origin read an answer: where the tenant that was asked has allowed its origin, or where there is nothing of any
 * tenant's in it (public reads, and that nobody was known). Keys are sent by the page itself, never by the browser, so there are no credentials
 * in the sense of CORS, and `Access-Control-Allow-Credentials` is never sent. Costs nothing where no `Origin` is sent.
 */
export async function letRead(request: Request, answer: Response, { tenant, services }: Asker): Promise<void> {
  const origin = request.headers.get("origin");
  if (origin === null || request.method === "OPTIONS") return;
  answer.headers.append("vary", "Origin");
  const isOpen = answer.status === 401 || (tenant === "" && (request.method === "GET" || request.method === "HEAD"));
  const isAllowed = isOpen || (tenant !== undefined && tenant !== "" && (await isAllowedBy(services, tenant, origin)));
  if (!isAllowed) return;
  answer.headers.set("access-control-allow-origin", isOpen ? "*" : origin);
  answer.headers.set("access-control-expose-headers", READ);
}

async function isAllowedBy(services: Pick<Services, "origins">, tenant: string, origin: string): Promise<boolean> {
  try {
    return (await services.origins.get(tenant)).includes(origin);
  } catch (fault) {
    // The request is done, and its answer stays what it is: a page cannot read it, that is all.
    console.warn("api: the origins of a tenant could not be had", tenant, String(fault));
    return false;
  }
}

/** 405 with what would be allowed. */
export function notAllowed(request: Request, methods: readonly string[]): Response {
  const allow = methods.join(", ");
  return problem({ status: 405, code: "method_not_allowed", detail: `${request.method} is not allowed here; ${allow} is.`, headers: { allow } });
}
