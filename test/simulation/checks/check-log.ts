import { GENESIS_HASH } from "../../../src/kernel/index.ts";
import type { World } from "../world/world.ts";
import type { FinalState, LogEvent } from "./final-state.ts";

/** Positions 1, 2, 3…; each stream whole, in its order, as its object has it; heads and directory agree; nothing has forked. */
export function* checkLog(world: World, { log, streams, histories }: FinalState, setBack: ReadonlySet<string>): Generator<string> {
  const heads = new Map(
    world.log.database.rows<{ tenant: string; position: number }>("SELECT tenant, position FROM heads").map((row) => [row.tenant, row.position]),
  );
  for (const [tenant, events] of log) {
    const gap = events.findIndex(({ position }, index) => position !== index + 1);
    if (gap >= 0) yield `the log of ${tenant} has position ${events[gap]?.position} where ${gap + 1} belongs`;
    if (heads.get(tenant) !== events.length) yield `the head of ${tenant} is ${heads.get(tenant)}, its log has ${events.length} events`;
  }
  for (const { name, tenant } of streams) {
    const logged = (log.get(tenant) ?? []).filter((event) => `${tenant}/${event.stream}` === name);
    const own = histories.get(name) ?? [];
    yield* checkChain(name, logged);
    if (setBack.has(name)) {
      const isSilent = !isForked(world, name) && JSON.stringify(logged.map(({ hash }) => hash)) !== JSON.stringify(own.map(({ hash }) => hash));
      if (isSilent) yield `the log and ${name} tell different histories, and nobody says so`;
      continue;
    }
    const wrong = logged.findIndex((event, index) => !isSame(event, own[index]));
    if (wrong >= 0) yield `the log has ${describe(logged[wrong])} of ${name} where the stream has ${describe(own[wrong])}`;
    if (logged.length < own.length) yield `the log has ${logged.length} of the ${own.length} events of ${name}`;
    yield* checkDirectory(world, name, logged.at(-1));
  }
}

function* checkChain(name: string, logged: readonly LogEvent[]): Generator<string> {
  for (const [index, { version, previousHash }] of logged.entries()) {
    if (version !== index + 1) yield `the log has version ${version} of ${name} where ${index + 1} belongs`;
    if (previousHash !== (logged[index - 1]?.hash ?? GENESIS_HASH)) yield `in the log, version ${version} of ${name} does not continue its predecessor`;
  }
}

function isForked(world: World, name: string): boolean {
  return world.log.database.rows("SELECT 1 FROM streams WHERE tenant = ? AND stream = ? AND forked IS NOT NULL", ...name.split("/")).length > 0;
}

function* checkDirectory(world: World, name: string, last: LogEvent | undefined): Generator<string> {
  const [tenant, stream] = name.split("/");
  type Row = { version: number; hash: string; position: number; forked: string | null };
  const [row] = world.log.database.rows<Row>("SELECT version, hash, position, forked FROM streams WHERE tenant = ? AND stream = ?", tenant, stream);
  if (row !== undefined && row.forked !== null) yield `${name} is marked as forked: ${row.forked}`;
  if (row?.version !== last?.version || row?.hash !== last?.hash || row?.position !== last?.position) {
    yield `the directory has ${name} at version ${row?.version}, position ${row?.position}; the log at version ${last?.version}, position ${last?.position}`;
  }
}

function isSame(event: LogEvent, own: FinalState["streams"][number]["events"][number] | undefined): boolean {
  return own !== undefined && event.version === own.version && event.hash === own.hash && event.id === own.id && event.data === own.data;
}

function describe(event: { readonly version: number; readonly hash: string; readonly data: string } | undefined): string {
  return event === undefined ? "nothing" : `version ${event.version} (${event.hash.slice(7, 15)}, ${event.data || "emptied"})`;
}
