import { createHmac } from "node:crypto";
import { type Answer, type Client, client, unexpected } from "./client.ts";
import { deliveries, type Delivery, signed } from "./deliveries.ts";
import { flagsOf } from "../local/flags.ts";
import { progress } from "./progress.ts";
import { table } from "./table.ts";

const HELP = `Sends real GitHub webhooks, signed, to a running server and prints what became of them: npm run demo

  --all    all payloads of @octokit/webhooks-examples, not just the first 60
  --fresh  new delivery ids; without it a second run sends the same deliveries, which are known already

After npm, flags come behind two dashes: npm run demo -- --all

Settings come from the environment:
  RIVULET_URL  the server (http://127.0.0.1:$PORT)
  PORT         its port on this machine (8787)
  ADMIN_KEY    its key; else from .dev.vars`;

/** How many are sent without --all. */
const FIRST = 60;
/** Requests under way at a time. */
const CONCURRENCY = 8;
const WEBHOOK = "/v1/webhooks/default/github";

interface EventTypeRow {
  readonly type: string;
  readonly count: number;
  readonly streams: number;
  readonly lastSeen: string;
}

interface Taken {
  readonly stream: string;
  readonly event: { readonly version: number };
}

/** What was learnt by sending. */
interface Sent {
  readonly added: number;
  readonly known: number;
  /** For each stream the token of its newest event. */
  readonly newest: ReadonlyMap<string, { readonly version: number; readonly token: string }>;
}

async function main(): Promise<void> {
  const flags = flagsOf({ help: { type: "boolean", short: "h" }, all: { type: "boolean" }, fresh: { type: "boolean" } }, "npm run demo -- --help");
  if (flags.help) return console.log(HELP);
  const server = await client(process.env);
  await expectServer(server);
  // Made from the key: the same at every run, so that setting it up again changes nothing, and known to nobody else.
  const secret = createHmac("sha256", server.key).update("rivulet demo").digest("hex");
  await setUpSource(server, secret);

  const chosen = deliveries(flags.fresh ?? false).slice(0, flags.all ? undefined : FIRST);
  const sent = await sendAll(server, chosen, secret);
  console.log(`${chosen.length} deliveries: ${sent.added} new (202), ${sent.known} known already (200)`);
  await sendAgain(server, chosen[0] as Delivery, secret);
  await forge(server, chosen[0] as Delivery);

  const rows = await readView(server, sent);
  console.log(`\nThe view GET /v1/event-types:\n`);
  console.log(
    table(
      [
        { heading: "type", cell: (row: EventTypeRow) => row.type },
        { heading: "count", cell: (row) => row.count },
        { heading: "streams", cell: (row) => row.streams },
        { heading: "last seen", cell: (row) => row.lastSeen },
      ],
      rows,
    ),
  );
  const streams = await list<{ stream: string; version: number }>(server, "/v1/streams?category=github");
  const events = rows.reduce((sum, { count }) => sum + count, 0);
  console.log(`\n${events} events of ${rows.length} types; ${streams.length} streams of GitHub's repositories`);
  const [busiest] = streams.sort((one, other) => other.version - one.version);
  const [commonest] = rows.toSorted((one, other) => other.count - one.count);
  tellNext(server, busiest?.stream ?? "", commonest?.type ?? "");
}

async function expectServer(server: Client): Promise<void> {
  const health = await server.ask("/health", { isPublic: true });
  if (health.status !== 200) throw unexpected(`expected Rivulet at ${server.url}`, health);
  const known = await server.ask("/v1/event-types?limit=1");
  if (known.status !== 200) throw unexpected(`expected ${server.url} to answer`, known);
}

async function setUpSource(server: Client, secret: string): Promise<void> {
  const before = await server.ask("/v1/sources/github");
  const answer = await server.ask("/v1/sources/github", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ scheme: "github", secret }),
  });
  if (answer.status !== 200 && answer.status !== 201) throw unexpected("expected to set up the source github", answer);
  const wasChanged = before.headers.get("etag") !== answer.headers.get("etag");
  console.log(`source github: ${answer.status === 201 ? "set up" : wasChanged ? "its secret was replaced by the demo's" : "set up already"}`);
}

async function sendAll(server: Client, all: readonly Delivery[], secret: string): Promise<Sent> {
  const shown = progress(all.length, "sent");
  const newest = new Map<string, { version: number; token: string }>();
  const counts = { added: 0, known: 0 };
  const queue = all.values();
  const lane = async (): Promise<void> => {
    for (const delivery of queue) {
      const answer = await server.ask(WEBHOOK, await signed(delivery, secret));
      if (answer.status !== 202 && answer.status !== 200) throw unexpected(`expected the delivery ${delivery.id} (${delivery.event}) to be taken`, answer);
      counts[answer.status === 202 ? "added" : "known"]++;
      const { stream, event } = answer.body as Taken;
      if (event.version > (newest.get(stream)?.version ?? 0)) newest.set(stream, { version: event.version, token: tokenOf(answer) });
      shown.step();
    }
  };
  try {
    await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  } finally {
    shown.stop();
  }
  return { ...counts, newest };
}

async function sendAgain(server: Client, delivery: Delivery, secret: string): Promise<void> {
  const answer = await server.ask(WEBHOOK, await signed(delivery, secret));
  if (answer.status !== 200) throw unexpected("expected a repeat to be known", answer);
  const { stream, event } = answer.body as Taken;
  console.log(`the first one again: 200, it is still version ${event.version} of ${stream}`);
}

async function forge(server: Client, delivery: Delivery): Promise<void> {
  const answer = await server.ask(WEBHOOK, await signed(delivery, "somebody else's secret"));
  if (answer.status !== 401) throw unexpected("expected a forgery to be refused", answer);
  console.log("the first one, signed by somebody else: 401");
}

/** Reads the view as new as everything that was sent: each stream's newest token in turn, the last one with the view itself. */
async function readView(server: Client, { newest }: Sent): Promise<readonly EventTypeRow[]> {
  const tokens = [...newest.values()].map(({ token }) => token);
  for (const token of tokens.slice(0, -1)) {
    const answer = await server.ask("/v1/event-types?limit=1", { headers: { "consistency-token": token } });
    if (answer.status !== 200) throw unexpected("expected the view to catch up", answer);
  }
  return list<EventTypeRow>(server, "/v1/event-types", { "consistency-token": tokens.at(-1) ?? "" });
}

/** All pages of a list. */
async function list<Item>(server: Client, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Item[]> {
  const items: Item[] = [];
  let next: string | null = null;
  do {
    const query: string = next === null ? "limit=1000" : `limit=1000&cursor=${encodeURIComponent(next)}`;
    const answer = await server.ask(`${path}${path.includes("?") ? "&" : "?"}${query}`, { headers });
    if (answer.status !== 200) throw unexpected(`expected ${path} to answer`, answer);
    const page = answer.body as { items: Item[]; next: string | null };
    items.push(...page.items);
    next = page.next;
  } while (next !== null);
  return items;
}

function tokenOf({ headers }: Answer): string {
  return headers.get("consistency-token") ?? "";
}

function tellNext({ url, keyFrom }: Client, stream: string, type: string): void {
  const curl = (path: string): string => `  curl -s -H "Authorization: Bearer $ADMIN_KEY" '${url}${path}'`;
  const lines = [
    "\nTry next:\n",
    ...(keyFrom === "file" ? [`  export ADMIN_KEY="$(sed -n 's/^ADMIN_KEY=//p' .dev.vars)"`] : []),
    curl(`/v1/streams/${stream}/events?limit=2&direction=backward`),
    curl(`/v1/streams/${stream}/verify`),
    curl(`/v1/events?type=${type}&limit=2`),
    curl("/v1/projections"),
    `  curl -s '${url}/openapi.json'`,
  ];
  console.log(lines.join("\n"));
}

// Whoever reads the output, such as `head`, may have had enough of it.
process.stdout.on("error", () => process.exit(0));
try {
  await main();
} catch (fault) {
  console.error(fault instanceof Error ? fault.message : fault);
  process.exitCode = 1;
}
