import { createExecutionContext, createMessageBatch, getQueueResult, runDurableObjectAlarm } from "cloudflare:test";
import { metadata } from "./metadata.ts";
import { env as bindings } from "cloudflare:workers";
import type { AggregateObject } from "../../durable-objects/aggregate.ts";
import type { Appended, AppendRequest, EventDraft, Refusal } from "../../durable-objects/aggregate/contract.ts";
import { dispatcherFor, objectFor } from "../../durable-objects/object-for.ts";
import type { Env } from "../../src/env.ts";
import { dataHash, jsonText, type LoggedEvent } from "../../src/kernel/index.ts";
import { readLog } from "../../src/log/read-log.ts";
import worker from "./worker.ts";

export const env = bindings as unknown as Env;

export function stub(tenant: string, stream: string): DurableObjectStub<AggregateObject> {
  return objectFor(env, tenant, stream);
}

/** Sends a command to an aggregate's object, as the API does; a refusal throws. Answers with the version and the state after it. */
export async function send<State = unknown>(
  tenant: string,
  stream: string,
  name: string,
  data: object,
): Promise<{ readonly version: number; readonly state: State }> {
  const result = await stub(tenant, stream).execute({ command: { name, data }, precondition: { kind: "none" }, source: "/test", metadata });
  if (!result.ok) throw new Error(`expected ${name} to be decided, got ${result.detail}`);
  return { version: result.version, state: JSON.parse(result.state) as State };
}

/** What an aggregate's object holds now. */
export async function stateOf<State>(tenant: string, stream: string): Promise<State> {
  return JSON.parse((await stub(tenant, stream).state()).state) as State;
}

export function draft(type: string, value: unknown, more: Partial<EventDraft> = {}): EventDraft {
  const data = jsonText(value);
  return { source: "/v1", type, schemaVersion: 1, metadata, data, dataHash: dataHash(data), ...more };
}

export async function append(tenant: string, stream: string, events: readonly EventDraft[], more: Partial<AppendRequest> = {}): Promise<Appended | Refusal> {
  return (await stub(tenant, stream).append({ events, precondition: { kind: "none" }, ...more })) as Appended | Refusal;
}

/** Gives messages to the queue's consumer, as the runtime would; returns the bodies it wants to see again. */
export async function deliver(messages: readonly string[]): Promise<readonly string[]> {
  if (messages.length === 0) return [];
  const named = messages.map((body, index) => ({ id: `m${index}`, timestamp: new Date(), attempts: 1, body }));
  const batch = createMessageBatch<string>("rivulet-events-0", named);
  await worker.queue(batch, env);
  const { retryMessages } = await getQueueResult(batch, createExecutionContext());
  return retryMessages.map(({ msgId }) => (named.find(({ id }) => id === msgId) as { body: string }).body);
}

/** A tenant's whole log, the platform's events among it. */
export async function wholeLog(tenant: string): Promise<readonly LoggedEvent[]> {
  const events: LoggedEvent[] = [];
  for (let position = 0; ;) {
    const page = await readLog(env.LOG_0, tenant, { after: position, limit: 1000, maxBytes: 8_000_000, filter: { withPlatform: true } });
    events.push(...page.events);
    position = page.position;
    if (page.isEnd) return events;
  }
}

/** A stream as its object has it. */
export async function wholeStream(
  tenant: string,
  stream: string,
): Promise<readonly { id: string; version: number; hash: string; type: string; data: unknown }[]> {
  const { items } = await stub(tenant, stream).read({ from: 1, to: 1_000_000, limit: 100_000, direction: "forward", maxBytes: 30_000_000 });
  return JSON.parse(`[${new TextDecoder().decode(items)}]`);
}

/** Fires the object's alarm if it has one; says whether it had. */
export function fireAlarm(tenant: string, stream: string): Promise<boolean> {
  return runDurableObjectAlarm(stub(tenant, stream));
}

export function dispatcher(tenant: string) {
  return dispatcherFor(env, tenant);
}

export function fireDispatcher(tenant: string): Promise<boolean> {
  return runDurableObjectAlarm(dispatcher(tenant));
}

export async function eventTypeCounts(tenant: string): Promise<Record<string, number>> {
  const { results } = await env.VIEWS_0.prepare("SELECT type, count FROM event_types WHERE tenant = ?").bind(tenant).all<{ type: string; count: number }>();
  return Object.fromEntries(results.map(({ type, count }) => [type, count]));
}
