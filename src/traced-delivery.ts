import type { FollowerIdentity } from "../durable-objects/follower/contract.ts";
import type { Delivery } from "../durable-objects/follower/contract.ts";
import type { Composed } from "./follower-parts.ts";
import type { DueCall, EventMetadata, Outcome } from "./kernel/index.ts";
import type { Performed } from "./sagas/perform-call.ts";

/** An attempt at a delivery as a hop. A later attempt is kept whatever the rate says, and so is what follows from it: something has failed before. */
export function tracedDelivery(
  { tracer }: Pick<Composed, "tracer">,
  { tenant, kind, id }: FollowerIdentity,
  { event, attempt, replay }: Delivery,
  deliver: () => Promise<Outcome>,
): Promise<Outcome> {
  if (tracer === undefined) return deliver();
  const { metadata, type, stream, version, position } = event;
  const start = {
    service: `${kind}:${id}`,
    tenant,
    name: kind === "handler" ? `handle ${type}` : `deliver ${type}`,
    kind: kind === "handler" ? "consumer" : "client",
    correlationId: metadata.correlationId,
    context: metadata,
    isKept: attempt > 1,
    attributes: {
      "messaging.operation.type": "process",
      "messaging.message.id": event.id,
      "rivulet.stream": stream,
      "rivulet.version": version,
      "rivulet.position": position,
      "rivulet.attempt": attempt,
      ...(replay !== undefined && { "rivulet.replay": replay }),
    },
  } as const;
  return tracer.hop(start, async ({ root }) => {
    const outcome = await deliver();
    if (outcome.status !== undefined) root.set({ "http.request.method": "POST", "http.response.status_code": outcome.status });
    if (outcome.kind === "delivered") root.isOk = true;
    else root.fail(outcome.error);
    return outcome;
  });
}

interface Step {
  readonly tenant: string;
  readonly stream: string;
  readonly saga: string;
  readonly cause: EventMetadata;
  readonly call: DueCall;
}

/** A call of a saga's step as a hop; the caller's trace goes on in it, however much later. */
export function tracedStep(
  { tracer }: Pick<Composed, "tracer">,
  { tenant, stream, saga, cause, call }: Step,
  perform: () => Promise<Performed>,
): Promise<Performed> {
  if (tracer === undefined) return perform();
  const { step, round, failures, isUndoing } = call;
  const start = {
    service: `saga:${saga}`,
    tenant,
    name: isUndoing ? `undo step ${step}` : `step ${step}`,
    correlationId: cause.correlationId,
    context: cause,
    isKept: isUndoing || failures > 0 || round > 1,
    attributes: { "rivulet.stream": stream, "rivulet.saga.step": step, "rivulet.saga.round": round, "rivulet.attempt": failures + 1 },
  };
  return tracer.hop(start, async ({ root }) => {
    const performed = await perform();
    if (performed.outcome === "done") root.isOk = true;
    else root.fail(performed.error);
    return performed;
  });
}
