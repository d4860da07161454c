import type { IdempotencyKey, Precondition } from "../../../durable-objects/aggregate/contract.ts";
import type { Sent } from "../../commands/send-command.ts";
import type { Saga } from "../../kernel/index.ts";
import type { Call } from "../endpoint.ts";
import { platformMetadata } from "../metadata.ts";

/** What somebody tells an instance of a saga. */
export interface ToldSaga {
  readonly id: string;
  /** Start, Retry, Skip or Cancel. */
  readonly name: string;
  readonly data: object;
  readonly idempotency: IdempotencyKey | undefined;
  /** What must hold of the instance; left out, nothing. */
  readonly precondition?: Precondition;
}

/** Tells an instance of a saga, in the name of whoever calls. */
export function tellSaga(
  call: Call<unknown, unknown, unknown>,
  saga: Saga,
  { id, name, data, idempotency, precondition = { kind: "none" } }: ToldSaga,
): Promise<Sent> {
  const { services, principal } = call;
  return services.send({
    tenant: principal.tenant,
    category: saga.category,
    id,
    command: name,
    data,
    precondition,
    ...(idempotency && { idempotency }),
    source: "/v1/sagas",
    metadata: platformMetadata(call, principal.actor),
  });
}
