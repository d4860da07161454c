import type { ReadRequest, StreamPage } from "../../durable-objects/aggregate/contract.ts";

/** Events and bytes read from the object at a time: what is in memory, however long the stream. */
const PAGE_EVENTS = 1_000;
const PAGE_BYTES = 1_000_000;

/** Which events, in which order. */
export type Range = Pick<ReadRequest, "from" | "to" | "direction">;

/** The request for a page of lines. */
export function pageOfLines(range: Range): ReadRequest {
  return { ...range, limit: PAGE_EVENTS, maxBytes: PAGE_BYTES, asLines: true };
}

/**
 * A stream's events as newline-delimited JSON, from a first page on to the end. A page is fetched when the one before it was
 * taken. Should it break off, the connection is aborted, so that nobody takes a part for the whole.
 */
export function ndjson(first: StreamPage, range: Range, read: (request: ReadRequest) => Promise<StreamPage>): ReadableStream<Uint8Array> {
  // What is appended meanwhile is not part of this answer.
  // Its beginning is fixed as well: what retention takes away meanwhile breaks it off, rather than ending it as if that were all.
  const bounds = { from: first.firstVersion, to: first.version, ...range };
  let page = first;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      controller.enqueue(page.items);
      if (page.next === null) return controller.close();
      page = await read(pageOfLines({ ...bounds, ...(range.direction === "forward" ? { from: page.next } : { to: page.next }) }));
      if (page.isGone) throw new Error("the stream was truncated while it was read");
    },
  });
}
