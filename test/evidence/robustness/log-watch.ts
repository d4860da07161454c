import type { Client } from "./client.ts";

interface LoggedEvent {
  readonly position: number;
  readonly stream: string;
  readonly metadata: { readonly traceparent: string };
}

interface Page {
  readonly items: readonly LoggedEvent[];
  readonly position: number;
  readonly next: string | null;
}

/** What a tenant's log has after a position, and where it ends. */
export interface LogRead {
  readonly position: number;
  readonly events: readonly LoggedEvent[];
}

/** Reads a tenant's log after a position, up to its end. */
export async function readLog(client: Client, key: string, tenant: string, after = 0): Promise<LogRead> {
  const events: LoggedEvent[] = [];
  for (let query = `after=${after}`; ;) {
    const request = { method: "GET", target: `/v1/events?limit=1000&${query}`, headers: { authorization: `Bearer ${key}`, "tenant-id": tenant } };
    const { status, text } = await client.send(request);
    if (status !== 200) throw new Error(`expected the log of ${tenant} to answer, got ${status} ${text.slice(0, 300)}`);
    const page = JSON.parse(text) as Page;
    events.push(...page.items);
    if (page.next === null) return { position: page.position, events };
    query = `cursor=${encodeURIComponent(page.next)}`;
  }
}

/** Waits until the log has stood still for a second: what was taken is logged a moment later. */
export async function settledLog(client: Client, key: string, tenant: string): Promise<LogRead> {
  let last = await readLog(client, key, tenant);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const { position, events } = await readLog(client, key, tenant, last.position);
    if (events.length === 0) return last;
    last = { position, events: [...last.events, ...events] };
  }
}

/** The trace that an answer or an event belongs to. */
export function traceOf(traceparent: string | undefined): string | undefined {
  return traceparent?.split("-")[1];
}
