import type { Priority } from "../kernel/index.ts";
import type { Principal } from "./principal.ts";
import { lacking } from "./scope.ts";

/** What every way in names its events' priorities by; undefined is `normal`. */
type Priorities = readonly (Priority | undefined)[];

/** Whether all that a request brings is critical, and something at all: then it passes also where its tenant's limit has no room left, in one of its own. */
export function areCritical(priorities: Priorities): boolean {
  return priorities.length > 0 && priorities.every((priority) => priority === "critical");
}

/** Whether somebody may write critical events. */
export function mayBeCritical(principal: Pick<Principal, "scopes">): boolean {
  return lacking(principal, CRITICAL) === undefined;
}

/** 403 where something is critical and who brings it may not; undefined for all else. */
export function criticalRefusal(principal: Pick<Principal, "scopes">, priorities: Priorities): Response | undefined {
  return priorities.includes("critical") ? lacking(principal, CRITICAL) : undefined;
}

const CRITICAL = "events:critical";
