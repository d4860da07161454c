import type { IdempotencyKey } from "../../../durable-objects/aggregate/contract.ts";
import { consistencyToken } from "../consistency.ts";
import type { Call } from "../endpoint.ts";
import { platformMetadata } from "../metadata.ts";
import { refused } from "../refusal.ts";

/** Which aggregate is to do what; the data is already what the command's schema says. */
export interface CommandTarget {
  readonly category: string;
  readonly id: string;
  readonly command: string;
  readonly data: unknown;
  readonly idempotency?: IdempotencyKey;
}

/** What became of a command: what was decided and the state after it, or the answer that says why not. */
export type CommandOutcome =
  | {
      readonly ok: true;
      readonly version: number;
      readonly state: unknown;
      readonly events: readonly { readonly id: string; readonly version: number; readonly type: string }[];
      readonly token: string;
      /** The outcome of an earlier command with the same `Idempotency-Key`. */
      readonly replayed?: boolean;
    }
  | { readonly ok: false; readonly response: Response };

/** Has a command decided, in the name of the one who calls. */
export type SendCommand = (
  call: Pick<Call<unknown, unknown, unknown>, "services" | "principal" | "correlationId" | "trace">,
  target: CommandTarget,
) => Promise<CommandOutcome>;

/** Through the front door of every command. */
export const sendCommand: SendCommand = async (call, { category, id, command, data, idempotency }) => {
  const { tenant, actor } = call.principal;
  const result = await call.services.send({
    tenant,
    category,
    id,
    command,
    data,
    precondition: { kind: "none" },
    ...(idempotency && { idempotency }),
    source: "/subtitles",
    metadata: platformMetadata(call, actor),
  });
  if (!result.ok) return { ok: false, response: refused(result) };
  const { version, state, events, replayed } = result;
  return { ok: true, version, state: JSON.parse(state), events, replayed, token: consistencyToken(`${category}-${id}`, version) };
};
