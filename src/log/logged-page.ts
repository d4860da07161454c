import type { JsonText, LoggedPage, LogHead, MarkedEvent } from "../kernel/index.ts";
import { eventOf } from "./log-row.ts";

/** Characters that are handed on at a time, at most: what is longer is read from the log. */
export const MOST_HANDED_ON = 4_000_000;

/** An event as it goes to D1, a column each. */
export type EventRow = readonly [
  tenant: string,
  ordinal: number,
  stream: string,
  version: number,
  id: string,
  type: string,
  schemaVersion: number,
  time: string,
  recorded: string,
  source: string,
  metadata: JsonText,
  cloudevent: JsonText | null,
  hash: string,
  previousHash: string,
  dataHash: string,
  data: JsonText | null,
  entry: string,
];

/** The events of a page, as reading them from the log gives them. */
export function eventsOn({ after, rows }: LoggedPage): readonly MarkedEvent[] {
  let last: MarkedEvent | undefined;
  let lastText: string | undefined;
  return (JSON.parse(rows) as EventRow[]).map((row, index) => {
    const [, , stream, version, id, type, schema_version, time, recorded, source, metadata, cloudevent, hash, previous_hash, data_hash, data, entry] = row;
    const columns = { stream, version, id, type, schema_version, time, recorded, source, metadata, cloudevent, hash, previous_hash, data_hash, entry };
    // What one append brought shares its metadata.
    const shared = metadata === lastText ? last?.metadata : undefined;
    lastText = metadata;
    last = { ...eventOf({ ...columns, position: after + index + 1, data: data as JsonText }, shared), entry };
    return last;
  });
}

/** What one transaction wrote of a tenant's. */
export interface WrittenRows {
  readonly after: number;
  readonly to: number;
  /** The entry of the event at `after`; null where there is none. */
  readonly entryAt: string | null;
  /** Undefined where they are too large to be handed on. */
  readonly rows: readonly string[] | undefined;
}

/** Gathers what a run writes into the logs. */
export class LoggedPages {
  readonly #pages = new Map<string, LoggedPage[]>();

  /** These rows came into the tenant's log. What comes to stand behind something else than the rows before begins anew. */
  add(tenant: string, { after, to, entryAt, rows }: WrittenRows): void {
    const before = this.#pages.get(tenant) ?? [];
    const pages = before.at(-1)?.to === after ? before : [];
    if (rows !== undefined) this.#pages.set(tenant, [...pages, { after, to, entryAt, rows: `[${rows.join(",")}]` as JsonText }]);
    else this.#pages.delete(tenant);
  }

  /** What came into the tenant's log last, page behind page up to this head; none where another wrote the end, or where it is too long. */
  upTo(tenant: string, head: LogHead): readonly LoggedPage[] {
    const pages = this.#pages.get(tenant) ?? [];
    const characters = pages.reduce((sum, { rows }) => sum + rows.length, 0);
    return pages.at(-1)?.to === head.position && characters <= MOST_HANDED_ON ? pages : [];
  }
}
