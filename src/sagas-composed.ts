import type { SagaPort } from "../durable-objects/aggregate/saga-work.ts";
import { canonicalJson, type EventMetadata, idOf, parseStreamName, type PortToken, type Saga, sha256 } from "./kernel/index.ts";
import type { Composed } from "./follower-parts.ts";
import { dueWork } from "./sagas/due-work.ts";
import { performCall, type SentOutcome } from "./sagas/perform-call.ts";
import { tracedStep } from "./traced-delivery.ts";
import { traceparentNow } from "./tracing/traced.ts";
import type { SagaState } from "./sagas/state.ts";

/** What an instance of a saga does beyond deciding. */
export function sagaPort(saga: Saga, composed: Composed): SagaPort {
  return {
    due: (state) => dueWork(saga, state as SagaState),
    restsUntil: composed.writersRestUntil,
    perform({ tenant, stream, cause }, call, state) {
      const { step, round, call: index, isUndoing, command } = call;
      // A command that seemed to fail may have been done, so a retry by hand sends it under the key that it had in round 1. What a service
      // beyond has kept under a key may be its failure: there a round is a new call.
      const key = `\u0000saga/${stream}/${step}/${isUndoing ? "undo" : "do"}/${command === undefined ? round : 1}/${index}`;
      const perform = () =>
        performCall(saga, state as SagaState, call, {
          key,
          tenant,
          send: (command) => sendFor(composed, { tenant, saga: saga.name, id: idOf(stream), key, metadata: cause }, command),
          port<Port>({ name }: PortToken<Port>): Port {
            const port = composed.port(tenant, name);
            if (port === undefined) throw new Error(`Nothing stands behind the port ${name} in this deployment.`);
            return port as Port;
          },
          now: composed.now,
          chance: () => Math.random(),
        });
      return tracedStep(composed, { tenant, stream, saga: saga.name, cause, call }, perform);
    },
  };
}

interface Cause {
  readonly tenant: string;
  readonly saga: string;
  readonly id: string;
  readonly key: string;
  readonly metadata: EventMetadata;
}

/** Sends a saga's command in at the front door; the key makes it once, however often it is sent. */
async function sendFor(
  composed: Composed,
  { tenant, saga, id, key, metadata }: Cause,
  command: { readonly category: string; readonly id: string; readonly command: string; readonly data: unknown },
): Promise<SentOutcome> {
  const schema = composed.decider(command.category)?.commands[command.command];
  const checked = schema?.safeParse(command.data);
  if (checked === undefined) return { ok: false, isNo: true, code: "no_such_command", detail: "" };
  if (!checked.success)
    return { ok: false, isNo: true, code: "invalid", detail: checked.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ") };
  if (parseStreamName(`${command.category}-${command.id}`) === undefined)
    return { ok: false, isNo: true, code: "invalid_id", detail: `There can be no ${command.category} of the id ${command.id}.` };
  const sent = await composed.send({
    tenant,
    ...command,
    data: checked.data,
    precondition: { kind: "none" },
    idempotency: { key, fingerprint: sha256(canonicalJson([command.category, command.id, command.command, command.data] as never)) },
    source: `/v1/sagas/${saga}/${id}`,
    metadata: { ...metadata, traceparent: traceparentNow(metadata.traceparent), actor: `saga:${saga}` },
  });
  if (sent.ok) return { ok: true };
  return { ok: false, isNo: sent.code === "rejected" || sent.code === "stream_closed", code: sent.rejection ?? sent.code, detail: sent.detail };
}
