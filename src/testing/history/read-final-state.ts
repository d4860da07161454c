import { categoryOf } from "../../kernel/index.ts";
import { eventTypesFold } from "./event-types-fold.ts";
import type { FinalEvent, FinalState, FinalStream, ViewFold } from "./final-state.ts";
import type { Row } from "./operation.ts";
import { isPlatforms } from "./platforms.ts";
import { askFor, readAll } from "./read-all.ts";

export interface FinalStateOptions {
  /** The key's. */
  readonly tenant?: string;
  /** Streams to read beside those that the log knows: what it has never heard of is in no directory. */
  readonly streams?: Iterable<string>;
  readonly views?: readonly ViewFold[];
}

/** Streams that are read at a time. */
const AT_ONCE = 4;

/** Reads all there is over HTTP, when nobody appends any more and the log has everything. Throws where an answer is no 200. */
export async function readFinalState(url: string, key: string, options: FinalStateOptions = {}): Promise<FinalState> {
  const { tenant = "default", streams = [], views = [eventTypesFold] } = options;
  const list = <Item>(path: string): Promise<readonly Item[]> => readAll<Item>(url, key, path);
  const directories = await Promise.all(["", "?prefix=rivulet_", "?prefix=audit-"].map((query) => list<{ stream: string }>(`/v1/streams${query}`)));
  const known = directories.flat().map(({ stream }) => stream);
  const names = [...new Set([...known, ...streams])].toSorted();
  // The log leaves the platform's own out unless they are named.
  const categories = new Set(names.filter(isPlatforms).map(categoryOf));
  const own = await Promise.all([...categories].map((category) => list<FinalEvent>(`/v1/events?category=${category}`)));
  const log = await list<FinalEvent>("/v1/events");
  const rows = await Promise.all(views.map(async ({ name, path }) => [name, await list<Row>(path)] as const));
  const found: (FinalStream | undefined)[] = [];
  const rest = names.values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const stream of rest) found.push(await readStream(url, key, stream));
    }),
  );
  const atPosition = (event: FinalEvent): number => event.position ?? 0;
  return {
    tenant,
    streams: found.filter((stream) => stream !== undefined).toSorted((one, other) => (one.stream < other.stream ? -1 : 1)),
    log: own.every((events) => events.length === 0) ? log : [...log, ...own.flat()].toSorted((one, other) => atPosition(one) - atPosition(other)),
    views: Object.fromEntries(rows),
  };
}

async function readStream(url: string, key: string, stream: string): Promise<FinalStream | undefined> {
  const path = `/v1/streams/${stream}`;
  const head = await askFor<{ version: number; firstVersion: number }>(url, key, path);
  if (head === undefined) return undefined;
  const { version, firstVersion } = head;
  const events = await readAll<FinalEvent>(url, key, `${path}/events?from=${firstVersion}`);
  const verified = await askFor<NonNullable<FinalStream["verified"]>>(url, key, `${path}/verify?from=${firstVersion}`);
  return { stream, version, firstVersion, events, ...(verified && { verified }) };
}
