import type { z } from "zod";
import type { LogHead } from "../../kernel/index.ts";
import { positionAt } from "../../log/follow-matching.ts";
import { logHead, markedHead } from "../../log/log-heads.ts";
import { invalidInput } from "../endpoint.ts";
import type { Services } from "../services.ts";
import type { from, replayFrom, replayTo } from "./input.ts";

/** Where a subscription begins, as its aggregate keeps it. */
export interface Start {
  readonly after: number;
  readonly epoch: string;
  /** The mark of the event there. */
  readonly entry?: string;
  readonly since?: string;
}

/** The place that `from` names, fixed as a position of the log as it is now; 422 for one that the log has not come to. */
export async function startAt(services: Services, tenant: string, wanted: z.output<typeof from> = "now"): Promise<Start | Response> {
  const { log } = services.shardOf(tenant);
  const since = typeof wanted === "string" && wanted !== "now" && wanted !== "beginning" ? wanted : undefined;
  const asked = since === undefined ? afterWhich(wanted) : (await positionAt(log, tenant, since)) - 1;
  const { position, epoch, entry } = await markedHead(log, tenant, asked);
  if (typeof wanted === "number" && wanted > position + 1)
    return invalidInput([{ path: "from", message: `Expected a position up to ${position + 1}, which comes next, got ${wanted}` }]);
  return { after: asked ?? position, epoch, ...(entry !== null && { entry }), ...(since !== undefined && { since }) };
}

/** Undefined for the head, wherever that is. */
function afterWhich(wanted: z.output<typeof from>): number | undefined {
  return typeof wanted === "number" ? wanted - 1 : wanted === "beginning" ? 0 : undefined;
}

/** What a replay is asked to go over. */
export interface RangeAsked {
  readonly from: z.output<typeof replayFrom>;
  readonly to?: z.output<typeof replayTo> | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

/** Positions, both inclusive, and times as `recorded`, `until` exclusive. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly since?: string;
  readonly until?: string;
}

/** The range of the log that a replay goes over, up to the head where nothing else is said; 422 where the log has no such range. */
export async function rangeOf(services: Services, tenant: string, asked: RangeAsked): Promise<Range | Response> {
  const { log } = services.shardOf(tenant);
  const head = await logHead(log, tenant);
  const from = asked.from === "beginning" ? 1 : typeof asked.from === "number" ? asked.from : await positionAt(log, tenant, asked.from);
  const to = typeof asked.to === "number" ? asked.to : head.position;
  const fault = rangeFault(asked, head, { from, to });
  if (fault !== undefined) return invalidInput([fault]);
  const since = tighter(typeof asked.from === "string" && asked.from !== "beginning" ? asked.from : undefined, asked.since, "max");
  const until = tighter(typeof asked.to === "string" ? asked.to : undefined, asked.until, "min");
  return { from, to, ...(since !== undefined && { since }), ...(until !== undefined && { until }) };
}

function rangeFault(asked: RangeAsked, head: LogHead, { from, to }: { readonly from: number; readonly to: number }) {
  if (typeof asked.from === "number" && from > Math.max(head.position, 1))
    return { path: "from", message: `Expected a position up to ${head.position}, which is the last, got ${from}` };
  if (typeof asked.to === "number" && to > head.position)
    return { path: "to", message: `Expected a position up to ${head.position}, which is the last, got ${to}` };
  if (typeof asked.to === "number" && to < from) return { path: "to", message: `Expected a position from ${from} on, where it begins, got ${to}` };
  return undefined;
}

/** The later (or the earlier) of two times, either of which may be left out. */
function tighter(one: string | undefined, other: string | undefined, which: "max" | "min"): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one > other === (which === "max") ? one : other;
}
