import type { Figure } from "../figure.ts";
import { mean } from "../statistics.ts";

type Event = Readonly<Record<string, unknown>>;
type Matches = (event: Event) => boolean;

/** About 900 bytes of JSON, as the API gives an event. */
const EVENT = {
  position: 1_234,
  id: "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b",
  stream: "order-8f14e45f",
  version: 3,
  type: "commerce.OrderPlaced",
  schemaVersion: 1,
  time: "2026-11-20T10:00:00.000Z",
  recorded: "2026-11-20T10:00:00.012Z",
  source: "/v1",
  metadata: { correlationId: "0193a1b2", priority: "high", actor: "user:42", traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" },
  hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  previousHash: "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
  dataHash: "fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13",
  data: {
    total: 150,
    currency: "EUR",
    lines: [
      { sku: "a-1", quantity: 2 },
      { sku: "b-7", quantity: 5 },
    ],
    note: "x".repeat(170),
  },
};

const TEXT = JSON.stringify(EVENT);

/** What one would write, of each kind; each matches the event. */
const FILTERS = {
  topic: ["subtitle.#", "commerce.*", "users.*.Registered"],
  pattern: {
    type: ["commerce.OrderPlaced", "commerce.OrderPaid"],
    data: { total: [{ numeric: [">", 100] }], lines: { sku: [{ prefix: "b-" }], quantity: [{ numeric: [">=", 5] }] } },
  },
  cel: 'event.type == "commerce.OrderPlaced" && event.data.total > 100 && event.data.lines.exists(l, l.sku.startsWith("b-") && l.quantity >= 5)',
} as const;

type Kind = keyof typeof FILTERS;

const KINDS: readonly (readonly [kind: Kind, title: string])[] = [
  ["topic", "three topic patterns"],
  ["pattern", "an EventBridge pattern"],
  ["cel", "a CEL expression"],
];

/** Loaded only now: who asks for another figure, or for help, needs none of it. */
async function matcherOf(kind: Kind): Promise<Matches> {
  const [{ compileFilter }, { topicMatcher }] = await Promise.all([
    import("../../src/followers/filter/compile-filter.ts"),
    import("../../src/followers/filter/topics.ts"),
  ]);
  if (kind === "topic") {
    const matches = topicMatcher(FILTERS.topic);
    return ({ type }) => matches(type as string);
  }
  const compiled = compileFilter(FILTERS[kind]);
  if (!compiled.ok) throw new Error(`expected a filter, got ${JSON.stringify(compiled.faults)}`);
  return compiled.matches;
}

/** Events in a row, between two looks at the clock. */
const ROW = 100;

/** Shorter than this the compiler is not done with a filter, and in a short round that would be all there is to see. */
const WARM_SECONDS = 0.25;

/** How often a second something is done, over so many seconds, in this process. */
function rate(work: () => unknown, seconds: number): number {
  const begun = performance.now();
  const end = begun + seconds * 1000;
  let done = 0;
  let now = begun;
  for (; now < end; now = performance.now()) {
    for (let i = 0; i < ROW; i++) work();
    done += ROW;
  }
  return (done * 1000) / (now - begun);
}

async function rateOf(kind: Kind, seconds: number): Promise<number> {
  const matches = await matcherOf(kind);
  if (!matches(EVENT)) throw new Error(`expected the ${kind} filter to match the event, got no match`);
  // Warm, not new: what the first events cost is no part of it.
  rate(() => matches(EVENT), Math.max(seconds / 9, WARM_SECONDS));
  return rate(() => matches(EVENT), seconds / 3);
}

/** Matches of a kind a second, and how many of them one has for a JSON.parse of the same event: a ratio that means the same on any machine. */
export async function filterRate(kind: Kind, seconds: number): Promise<{ readonly perSecond: number; readonly perParse: number }> {
  const parse = (): number => rate(() => JSON.parse(TEXT), seconds / 9);
  const before = parse();
  const perSecond = await rateOf(kind, seconds);
  return { perSecond, perParse: perSecond / mean([before, parse()]) };
}

/** How many events a second each kind of filter looks at, in the process of the bench and not over HTTP: the ratio is to requests of hello. */
export const filterFigures: readonly Figure[] = KINDS.map(([kind, title]) => ({
  name: `filter-${kind}`,
  title: `events looked at by a filter, ${title}`,
  unit: "events",
  clients: 1,
  spread: "one",
  against: "hello",
  isNotQuick: true,
  measure: async (_, seconds) => ({ perSecond: await rateOf(kind, seconds), latencies: [] }),
}));

if (import.meta.main) {
  for (const [kind] of KINDS) {
    const { perSecond, perParse } = await filterRate(kind, 3);
    console.log(`${kind}: ${Math.round(perSecond)} events a second, ${perParse.toFixed(2)} for one JSON.parse of the event`);
  }
}
