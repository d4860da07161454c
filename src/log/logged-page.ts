import type { FreshSlice, JsonText, LoggedPage, LogHead } from "../kernel/index.ts";
import { eventOf } from "./log-row.ts";

/** Events and characters that a page is handed on with, at most: what is longer is read from the log. */
export const PAGE_EVENTS = 500;
const PAGE_CHARACTERS = 1_000_000;

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

/** A page that ends at the head, as reading it from the log gives it. */
export function sliceOf({ position, epoch }: LogHead, { after, entryAt, rows }: LoggedPage): FreshSlice {
  const events = (JSON.parse(rows) as EventRow[]).map((row, index) => {
    const [, , stream, version, id, type, schema_version, time, recorded, source, metadata, cloudevent, hash, previous_hash, data_hash, data, entry] = row;
    const columns = { stream, version, id, type, schema_version, time, recorded, source, metadata, cloudevent, hash, previous_hash, data_hash, entry };
    return { ...eventOf({ ...columns, position: after + index + 1, data: data as JsonText }), entry };
  });
  return { position, epoch, after, entryAt, events };
}

interface Page {
  readonly after: number;
  readonly entryAt: string | null;
  readonly rows: readonly string[];
  readonly characters: number;
}

/** Gathers what a run writes into the logs. */
export class LoggedPages {
  readonly #pages = new Map<string, Page>();

  /**
   * These rows came into the tenant's log behind `after`. Rows that are too large to be handed on, and events of others that came in
   * between, are missing on the page then: its length tells.
   */
  add(tenant: string, { after, entryAt, rows }: Omit<Page, "characters">): void {
    const before = this.#pages.get(tenant) ?? { after, entryAt, rows: [], characters: 0 };
    const characters = rows.reduce((sum, row) => sum + row.length, before.characters);
    // What is too long already is not gathered any further.
    const isTooLong = before.rows.length + rows.length > PAGE_EVENTS || characters > PAGE_CHARACTERS;
    this.#pages.set(tenant, { ...before, rows: isTooLong ? [] : [...before.rows, ...rows], characters });
  }

  /** What came into the tenant's log up to this head, if it is all there, and not too long. */
  upTo(tenant: string, head: LogHead): LoggedPage | undefined {
    const page = this.#pages.get(tenant);
    if (page === undefined || page.after + page.rows.length !== head.position) return undefined;
    return { after: page.after, entryAt: page.entryAt, rows: `[${page.rows.join(",")}]` as JsonText };
  }
}
