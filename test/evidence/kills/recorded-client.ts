import type { FinalEvent } from "../../../src/testing/history/final-state.ts";
import type { History, Invocation } from "../../../src/testing/history/history.ts";
import type { Append, Operation, Outcome, ReadLog, ReadStream, ReadView, Row, SeenEvent } from "../../../src/testing/history/operation.ts";

/** A server, and the history that all that is asked of it goes to. */
export interface Recorded {
  readonly url: string;
  readonly key: string;
  readonly history: History;
}

/** An answer that takes longer (milliseconds) counts as lost. */
const PATIENCE = 20_000;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Appends, and records what came of it. */
export function append(to: Recorded, operation: Append): Promise<Outcome<Append>> {
  const { stream, events, precondition, idempotencyKey } = operation;
  const request = {
    method: "POST",
    body: JSON.stringify({ events }),
    headers: {
      "content-type": "application/json",
      ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
      ...(precondition && ("ifMatch" in precondition ? { "if-match": precondition.ifMatch } : { "if-none-match": "*" })),
    },
  };
  return recorded(to, operation, `/v1/streams/${stream}/events`, request, ({ headers, body }) => {
    const token = headers.get("consistency-token");
    return { events: body["events"] as never, ...(token !== null && { token }) };
  });
}

/** Reads a page of the log. */
export function readLog(to: Recorded, operation: ReadLog): Promise<Outcome<ReadLog>> {
  const { after, stream, token } = operation;
  const path = `/v1/events?limit=1000&after=${after}${stream === undefined ? "" : `&stream=${stream}`}`;
  return recorded(to, operation, path, withToken(token), ({ body }) => ({
    position: body["position"] as number,
    items: (body["items"] as readonly FinalEvent[]).map(seenEvent),
    isEnd: body["next"] === null,
  }));
}

/** Reads a page of a stream. */
export function readStream(to: Recorded, operation: ReadStream): Promise<Outcome<ReadStream>> {
  return recorded(to, operation, `/v1/streams/${operation.stream}/events?limit=1000&from=${operation.from}`, {}, ({ body }) => ({
    version: body["version"] as number,
    items: (body["items"] as readonly FinalEvent[]).map(seenEvent),
    isEnd: body["next"] === null,
  }));
}

/** Reads all rows of the view of event types, which are fewer than a page. */
export function readEventTypes(to: Recorded, operation: ReadView): Promise<Outcome<ReadView>> {
  return recorded(to, operation, "/v1/event-types?limit=1000", withToken(operation.token), ({ body }) => ({ rows: body["items"] as readonly Row[] }));
}

/** What of an event as the API gives it goes into a history. */
export function seenEvent({ stream, version, position, id, hash }: FinalEvent): SeenEvent {
  return { stream, version, id, hash, ...(position !== undefined && { position }) };
}

const withToken = (token: string | undefined): RequestInit => (token === undefined ? {} : { headers: { "consistency-token": token } });

type Result<Of extends Operation> = Extract<Outcome<Of>, { phase: "ok" }>["result"];

async function recorded<Of extends Operation>(
  { url, key, history }: Recorded,
  operation: Of,
  path: string,
  request: RequestInit,
  resultOf: (answer: Answer) => Result<Of>,
): Promise<Outcome<Of>> {
  const call = history.invoke(operation);
  const outcome = await outcomeOf(async () => {
    const headers = { ...(request.headers as Record<string, string>), authorization: `Bearer ${key}` };
    const response = await fetch(`${url}${path}`, { ...request, headers, signal: AbortSignal.timeout(PATIENCE) });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answer["body"] };
  }, resultOf);
  end(call, outcome);
  return outcome;
}

async function outcomeOf<Of extends Operation>(ask: () => Promise<Answer>, resultOf: (answer: Answer) => Result<Of>): Promise<Outcome<Of>> {
  let answer: Answer;
  try {
    answer = await ask();
  } catch (fault) {
    return { phase: "unknown", reason: String(fault) };
  }
  const { status, body } = answer;
  if (status < 300) return { phase: "ok", result: resultOf(answer) };
  if (status >= 500) return { phase: "unknown", reason: `${status} ${String(body["code"])}` };
  return {
    phase: "failed",
    refusal: { status, code: String(body["code"]), ...(typeof body["currentVersion"] === "number" && { currentVersion: body["currentVersion"] }) },
  };
}

function end<Of extends Operation>(call: Invocation<Of>, outcome: Outcome<Of>): void {
  if (outcome.phase === "ok") call.ok(outcome.result);
  else if (outcome.phase === "failed") call.failed(outcome.refusal);
  else call.unknown(outcome.reason, outcome.seen);
}
