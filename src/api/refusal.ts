import type { Refusal } from "../../durable-objects/aggregate/contract.ts";
import { problem } from "./problem.ts";

const STATUS: Readonly<Record<Refusal["code"], number>> = {
  version_mismatch: 412,
  event_id_reused: 409,
  idempotency_key_reused: 422,
  stream_closed: 410,
  stream_backlog: 429,
  overloaded: 503,
  retention_refused: 409,
  rejected: 409,
  fault: 503,
};

/** Seconds after which it is worth trying again. */
const RETRY_AFTER: Partial<Record<Refusal["code"], string>> = { fault: "1", stream_backlog: "2", overloaded: "1" };

/** A refusal of an aggregate as an answer. A fault is unknown to the client until it asks again with the same key. */
export function refused({ code, detail, currentVersion, rejection }: Refusal): Response {
  return problem({
    status: STATUS[code],
    code: rejection ?? (code === "fault" ? "write_failed" : code),
    detail,
    ...(currentVersion !== undefined && { currentVersion }),
    ...(RETRY_AFTER[code] !== undefined && { headers: { "retry-after": RETRY_AFTER[code] } }),
  });
}
