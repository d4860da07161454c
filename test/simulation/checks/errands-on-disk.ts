import type { RecordedEvent } from "../../../src/kernel/index.ts";
import { ERRAND_CATEGORY } from "../errand.ts";
import type { FinalState } from "./final-state.ts";

/** An instance of the saga, as its stream tells it. */
export interface ErrandInstance {
  /** `t1/saga_errand-e1` */
  readonly stream: string;
  readonly tenant: string;
  readonly id: string;
  readonly status: "waiting" | "running" | "compensating" | "stuck" | "completed" | "compensated" | "cancelled";
  readonly history: readonly RecordedEvent[];
}

type Status = ErrandInstance["status"];

const LEADS_TO: Readonly<Record<string, Status>> = {
  Started: "running",
  UndoingStarted: "compensating",
  Stuck: "stuck",
  Completed: "completed",
  Compensated: "compensated",
  Cancelled: "cancelled",
};
/** What lets go of an instance that is stuck. */
const LETS_GO = new Set(["StepRetried", "StepSkipped", "StepUndone"]);

/** All instances there are, read without the engine. */
export function errandInstances({ histories }: FinalState): readonly ErrandInstance[] {
  return [...histories].flatMap(([stream, history]) => {
    const [tenant = "", name = ""] = stream.split("/");
    if (!name.startsWith(`${ERRAND_CATEGORY}-`) || history.length === 0) return [];
    return [{ stream, tenant, id: name.slice(ERRAND_CATEGORY.length + 1), status: statusOf(history), history }];
  });
}

function statusOf(history: readonly RecordedEvent[]): Status {
  let [status, before]: [Status, Status] = ["waiting", "waiting"];
  for (const { type } of history) {
    const name = type.slice("saga.".length);
    const next: Status = LEADS_TO[name] ?? (status === "stuck" && LETS_GO.has(name) ? before : status);
    if (next === "stuck" && status !== "stuck") before = status;
    status = next;
  }
  return status;
}

/** The events of one type, as their data. */
export function dataOf<Data>(history: readonly RecordedEvent[], type: string): readonly Data[] {
  return history.filter((event) => event.type === type).map(({ data }) => JSON.parse(data) as Data);
}
