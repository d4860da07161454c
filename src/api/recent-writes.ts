import { categoryOf, isPlatformCategory } from "../kernel/index.ts";
import { consistencyTokenOf, freshness, MOST_STREAMS, tokenOf, type Written, writtenOf } from "./consistency.ts";
import type { Call, Endpoint } from "./endpoint.ts";
import type { Services } from "./services.ts";

/** How long (milliseconds) a write is remembered: by then its view has it, or is behind by more than a list waits for. */
const REMEMBERED = 10_000;
/** Lists whose writes are remembered at a time. */
const MOST = 1_000;
/** How long (seconds) a list waits for what it was not asked to wait for. */
const PATIENCE = 1;

type Asked = Pick<Call<unknown, unknown, unknown>, "request" | "services" | "principal">;
type Listing = Pick<Endpoint<never, never, never>, "method" | "tag" | "headers">;

interface Recent extends Written {
  readonly at: number;
}

/** What this isolate has written of late, by whose list it is in. */
const known = new WeakMap<Services, Map<string, readonly Recent[]>>();

/**
 * Whoever changes keys, subscriptions, sources and the like and lists them next sees the change: what this isolate has just written of them,
 * the list waits for as if it had been asked with its `Consistency-Token`, a second at most. Elsewhere, and of a client's own events, the token
 * does that.
 */
export async function seeingRecent<Asking extends Asked>(
  call: Asking,
  endpoint: Listing,
  answer: (call: Asking) => Promise<Response> | Response,
): Promise<Response> {
  const { services, principal, request } = call;
  const list = `${principal.tenant}/${endpoint.tag}`;
  if (endpoint.method !== "get") {
    const answered = await answer(call);
    const token = answered.headers.get("consistency-token");
    // Of the platform's own streams alone, which a token names one at a time.
    if (answered.ok && token !== null && isPlatformCategory(categoryOf(token))) remember(services, list, writtenOf(token));
    return answered;
  }
  const seen = known.get(services)?.get(list);
  const token = endpoint.headers === freshness && tokenOf(request) === null ? consistencyTokenOf(still(seen)) : undefined;
  if (token === undefined) return answer(call);
  const headers = new Headers(request.headers);
  headers.set("consistency-token", token);
  headers.set("prefer", `wait=${PATIENCE}`);
  const fresh = await answer({ ...call, request: new Request(request, { headers }) });
  // Nobody has asked for it to be fresh, so what there is will do.
  if (fresh.status === 503) return answer(call);
  // What was written meanwhile is for the next.
  if (known.get(services)?.get(list) === seen) known.get(services)?.delete(list);
  return fresh;
}

function remember(services: Services, list: string, written: readonly Written[]): void {
  const lists = known.get(services) ?? new Map<string, readonly Recent[]>();
  known.set(services, lists);
  const at = Date.now();
  const others = (lists.get(list) ?? []).filter(({ stream }) => written.every((one) => one.stream !== stream));
  // The longest changed goes first.
  lists.delete(list);
  if (lists.size >= MOST) lists.delete(lists.keys().next().value as string);
  lists.set(list, [...others, ...written.map((one) => ({ ...one, at }))].slice(-MOST_STREAMS));
}

function still(recent: readonly Recent[] = []): readonly Written[] {
  const since = Date.now() - REMEMBERED;
  return recent.filter(({ at }) => at >= since);
}
