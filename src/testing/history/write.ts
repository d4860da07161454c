import { canonicalJson, sha256 } from "../../kernel/index.ts";
import type { Call } from "./call.ts";
import type { Append, Result, SentEvent } from "./operation.ts";

/** What one client wanted written once, over all the times that it was sent: with the same key, or with the same ids of its own. */
export interface Write {
  readonly stream: string;
  readonly events: readonly SentEvent[];
  readonly first: Append;
  readonly calls: readonly Call<Append>[];
  /** ok where any call was taken; refused where every call was; else unknown. */
  readonly outcome: "ok" | "unknown" | "refused";
  /** The first answer. */
  readonly answer?: Result<Append>;
  readonly begun: number;
  /** When the first answer was there; Infinity without one. */
  readonly answered: number;
}

/** What an event says: its type and the hash of its data, which a purge leaves. */
export function contentOf({ type, data }: SentEvent): string {
  return `${type} ${sha256(canonicalJson(data ?? null))}`;
}

/** The name of an event with an id from outside; undefined for one without. */
export function outsideId({ id, source }: SentEvent): string | undefined {
  return id === undefined ? undefined : `${source ?? "/v1"} ${id}`;
}

/** Brings the calls that are one write together. */
export function writesOf(appends: readonly Call<Append>[]): readonly Write[] {
  return [...Map.groupBy(appends, identity).values()].map((calls) => {
    const [{ operation: first }] = calls as [Call<Append>];
    const taken = calls.filter(({ outcome }) => outcome.phase === "ok").toSorted((one, other) => one.ended - other.ended)[0];
    const isUnknown = calls.some(({ outcome }) => outcome.phase === "unknown");
    return {
      stream: first.stream,
      events: first.events,
      first,
      calls,
      outcome: taken ? "ok" : isUnknown ? "unknown" : "refused",
      ...(taken?.outcome.phase === "ok" && { answer: taken.outcome.result }),
      begun: Math.min(...calls.map(({ invoked }) => invoked)),
      answered: taken?.ended ?? Infinity,
    };
  });
}

function identity({ call, operation: { stream, events, idempotencyKey } }: Call<Append>): string {
  const ids = events.map(outsideId);
  if (idempotencyKey !== undefined) return JSON.stringify([stream, idempotencyKey, events.map(contentOf)]);
  return ids.includes(undefined) ? `call ${call}` : JSON.stringify([stream, ids, events.map(contentOf)]);
}

/** Ids from outside that several writes to a stream carry: where one of them was there already, an answer is not a run of versions. */
export function sharedIds(writes: readonly Write[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const { stream, events } of writes) {
    for (const event of events) {
      const id = outsideId(event);
      if (id === undefined) continue;
      const name = `${stream} ${id}`;
      if (seen.has(name)) shared.add(name);
      seen.add(name);
    }
  }
  return shared;
}
