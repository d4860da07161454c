import type { Client } from "./client.ts";
import type { Operation } from "./description.ts";
import { readLog, settledLog, traceOf } from "./log-watch.ts";
import type { Run } from "./run.ts";

/** What can be read without naming anything: each list and state, by its path; and how far the log is. */
export interface State {
  readonly position: number;
  readonly answers: ReadonlyMap<string, string>;
}

/** Reads all that there is to read without naming anything, when the log stands still. What changes by being read is left out. */
export async function stateOf(client: Client, key: string, operations: readonly Operation[]): Promise<State> {
  const { position } = await settledLog(client, key, "default");
  const first = await answersOf(client, key, operations);
  const second = await answersOf(client, key, operations);
  return { position, answers: new Map([...first].filter(([path, text]) => second.get(path) === text)) };
}

/** Finds whether a state is still the same after requests that were all refused. */
export async function compareBefore(run: Run, key: string, operations: readonly Operation[], before: State): Promise<void> {
  const { position } = await settledLog(run.client, key, "default");
  const told = (path: string, fault: string): void =>
    run.fault({ operation: { id: "refused requests" }, request: { method: "GET", target: path, headers: {} }, why: "compared with before" }, fault);
  if (position !== before.position) told("/v1/events", `expected the log to end at ${before.position} as before, got ${position}`);
  const after = await answersOf(run.client, key, operations);
  for (const [path, text] of before.answers) {
    if (after.get(path) !== text) told(path, `expected the answer of before, ${text.slice(0, 300)}, got ${after.get(path)?.slice(0, 300)}`);
  }
}

/** What tells of requests changes by each of them, be it refused, and some time later. */
const OF_REQUESTS = /^\/v1\/(traces(\/map)?|metrics)$/;

async function answersOf(client: Client, key: string, operations: readonly Operation[]): Promise<ReadonlyMap<string, string>> {
  const readable = operations.filter(({ method, path }) => method === "GET" && !path.includes("{") && !OF_REQUESTS.test(path));
  const answers = new Map<string, string>();
  for (const { path, parameters } of readable) {
    const target = parameters.some(({ name }) => name === "limit") ? `${path}?limit=1000` : path;
    const { status, headers, text } = await client.send({ method: "GET", target, headers: { authorization: `Bearer ${key}` } });
    if (status === 200 && headers["content-type"]?.startsWith("application/json")) answers.set(target, text);
  }
  return answers;
}

/** Looks through the logs of all tenants for events that a refused request has written: they carry its trace. */
export async function changesByRefused(run: Run, key: string): Promise<void> {
  await settledLog(run.client, key, "default");
  for (const tenant of run.tenants) {
    const { events } = await readLog(run.client, key, tenant);
    for (const { stream, position, metadata } of events) {
      const asked = run.refused.get(traceOf(metadata.traceparent) ?? "");
      if (asked) run.fault(asked, `was refused, and yet wrote to ${stream} (position ${position} of ${tenant})`);
    }
  }
}
