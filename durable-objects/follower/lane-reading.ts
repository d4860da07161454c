import type { LoggedEvent } from "../../src/kernel/index.ts";
import type { FollowerDefinition, FollowerPorts } from "./contract.ts";

/** Events behind a lane's position that are read at a time, at least: few of them may be wanted. */
const FEW = 20;

/** What reads the log for a lane. */
interface Reading {
  readonly tenant: string;
  readonly ports: Pick<FollowerPorts, "read">;
}

/** The event that was seen at a position; none where the log is another one. */
export async function eventAt({ tenant, ports }: Reading, position: number, id: string): Promise<readonly LoggedEvent[]> {
  const { events } = await ports.read(tenant, { after: position - 1, to: position, types: ["#"], limit: 1 });
  return events.filter((event) => event.id === id);
}

/** What waits in a stream after a position, up to another, and is wanted: nothing only where there is nothing at all. */
export async function waitingBehind(
  {
    tenant,
    ports,
    definition,
    matches,
  }: Reading & { readonly definition: Pick<FollowerDefinition, "types">; readonly matches: (event: LoggedEvent) => boolean },
  { stream, after: begin, to, limit }: { readonly stream: string; readonly after: number; readonly to: number; readonly limit: number },
): Promise<readonly LoggedEvent[]> {
  for (let after = begin; after < to;) {
    const page = await ports.read(tenant, { after, to, types: definition.types, stream, limit: Math.max(limit, FEW) });
    const wanted = page.events.filter(matches);
    if (wanted.length > 0 || page.lookedTo === after) return wanted.slice(0, limit);
    after = page.lookedTo;
  }
  return [];
}
