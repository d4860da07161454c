import type { TicketHolder } from "../../durable-objects/tickets.ts";
import { DEFAULT_TENANT, EVERYTHING, TENANT_PATTERN } from "../kernel/index.ts";
import { problem } from "./problem.ts";
import type { Services } from "./services.ts";

/** Who asks, and on whose data. */
export interface Principal {
  readonly tenant: string;
  /** As it stands in events' metadata. */
  readonly actor: string;
  /** What it may do; see kernel/scope.ts. */
  readonly scopes: readonly string[];
}

/** Finds out who asks; an answer where that fails. Without an `ADMIN_KEY` no key is good: it fails closed. */
export function authenticate(request: Request, services: Services): Principal | Response {
  const [, key] = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  if (key === undefined) return unauthorized("A key is needed: send it as Authorization: Bearer <key>.");
  if (services.adminKey === undefined || !isSame(key, services.adminKey)) return unauthorized("The key is not known.", ', error="invalid_token"');
  const tenant = request.headers.get("tenant-id") ?? DEFAULT_TENANT;
  if (!TENANT_PATTERN.test(tenant)) return problem({ status: 400, code: "invalid_tenant", detail: `Tenant-Id "${tenant}" is no tenant's id.` });
  return { tenant, actor: "key:admin", scopes: [EVERYTHING] };
}

/** Who a `?ticket=` was made for; undefined where none is sent. A ticket is good once, for 60 seconds; HEAD opens nothing, and does not use it up. */
export async function ticketHolder(request: Request, services: Services): Promise<Principal | Response | undefined> {
  const ticket = new URL(request.url).searchParams.get("ticket");
  if (ticket === null) return undefined;
  const [tenant = "", secret = ""] = ticket.split(".");
  const holder = TENANT_PATTERN.test(tenant) ? await holderOf(services.dispatcherFor(tenant), secret, request.method) : undefined;
  return holder === undefined ? unauthorized("The ticket is not known: it was used, or is over 60 seconds old.") : { tenant, ...holder };
}

async function holderOf(dispatcher: ReturnType<Services["dispatcherFor"]>, ticket: string, method: string): Promise<TicketHolder | undefined> {
  return method === "HEAD" ? dispatcher.ticketHolder(ticket) : dispatcher.redeemTicket(ticket);
}

function unauthorized(detail: string, parameter = ""): Response {
  return problem({ status: 401, code: "unauthorized", detail, headers: { "www-authenticate": `Bearer realm="rivulet"${parameter}` } });
}

/** Compares in a time that depends on what was given alone, so that neither length nor content of the good one shows in it. */
function isSame(given: string, good: string): boolean {
  let difference = given.length ^ good.length;
  for (let at = 0; at < given.length; at++) difference |= given.charCodeAt(at) ^ good.charCodeAt(at % good.length);
  return difference === 0;
}
