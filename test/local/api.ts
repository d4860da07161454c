import { ADMIN_KEY } from "./server.ts";

/** An answer, its body read. */
export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface AppendedEvent {
  readonly id: string;
  readonly version: number;
  readonly hash: string;
}

export interface EventTypeRow {
  readonly type: string;
  readonly count: number;
  readonly streams: number;
}

interface Ask {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly key?: string;
}

/** Asks a server; a body goes as JSON. */
export async function ask<Body>(url: string, path: string, { method = "GET", body, headers, key = ADMIN_KEY }: Ask = {}): Promise<Answer<Body>> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
}

/** Appends to a stream, expecting to be heard. */
export async function append(
  url: string,
  stream: string,
  data: readonly unknown[],
  headers: Readonly<Record<string, string>> = {},
): Promise<readonly AppendedEvent[]> {
  const events = data.map((value) => ({ type: "local.Happened", data: value }));
  const { status, body } = await ask<{ events: readonly AppendedEvent[] }>(url, `/v1/streams/${stream}/events`, { method: "POST", body: { events }, headers });
  if (status !== 201 && status !== 200) throw new Error(`expected the append to ${stream} to be taken, got ${status} ${JSON.stringify(body)}`);
  return body.events;
}

interface Figures {
  readonly metrics: readonly {
    readonly name: string;
    readonly series: readonly { readonly labels: Readonly<Record<string, string>>; readonly value?: number }[];
  }[];
}

/** What a counter of the tenant's has come to, over all series with these labels. */
export async function counted(url: string, metric: string, wanted: Readonly<Record<string, string>> = {}): Promise<number> {
  const { metrics } = (await ask<Figures>(url, "/v1/metrics")).body;
  const series = metrics.find(({ name }) => name === metric)?.series ?? [];
  const isWanted = (labels: Readonly<Record<string, string>>): boolean => Object.entries(wanted).every(([name, value]) => labels[name] === value);
  return series.filter(({ labels }) => isWanted(labels)).reduce((sum, { value = 0 }) => sum + value, 0);
}

/** Every item of a list, page by page. */
export async function all<Item>(url: string, path: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  let cursor = "";
  for (;;) {
    const { status, body } = await ask<{ items: readonly Item[]; next: string | null }>(url, `${path}${path.includes("?") ? "&" : "?"}limit=1000${cursor}`);
    if (status !== 200) throw new Error(`expected ${path} to answer, got ${status} ${JSON.stringify(body)}`);
    items.push(...body.items);
    if (body.next === null) return items;
    cursor = `&cursor=${encodeURIComponent(body.next)}`;
  }
}

/** The data of a stream's events, in order; none where there is no such stream. */
export async function dataOf(url: string, stream: string, key = ADMIN_KEY): Promise<readonly unknown[]> {
  const { status, body } = await ask<{ items: readonly { data: unknown }[] }>(url, `/v1/streams/${stream}/events?limit=1000`, { key });
  return status === 404 ? [] : body.items.map(({ data }) => data);
}
