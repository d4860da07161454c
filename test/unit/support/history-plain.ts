import type { Append, SentEvent } from "../../../src/testing/history/operation.ts";
import { answer, Model, type Recorded, seen } from "./history-model.ts";

const events = (from: number, count: number): readonly SentEvent[] =>
  Array.from({ length: count }, (_, index) => ({ type: `notes.Type${(from + index) % 3}`, data: { n: from + index } }));

/**
 * A short run with everything in it: note-a has 5 versions, note-b has 5, the log 10. Calls are numbered as they come:
 * 0 new, 1 If-Match, 2 refused with 412, 3 lost and 4 its repeat by key, 5 lost but written, 6 lost and not written,
 * 7 with an id from outside and 8 its repeat, 9–13 reads, 14 a live stream, 15 and 16 the live log, broken and resumed, 17 refused otherwise.
 */
export function plainRun(): Recorded {
  const model = new Model();
  const { history } = model;
  const lost = (operation: Append, isWritten: boolean): void => {
    const call = history.invoke(operation);
    if (isWritten) model.effect(operation);
    call.unknown("the connection broke");
  };
  model.do({ kind: "append", stream: "note-a", events: events(0, 2), precondition: { ifNoneMatch: "*" } });
  const { token = "" } = model.do({ kind: "append", stream: "note-a", events: events(2, 1), precondition: { ifMatch: '"2"' } });
  const late: Append = { kind: "append", stream: "note-a", events: events(90, 2), precondition: { ifMatch: '"1"' } };
  answer(history.invoke(late), model.effect(late));
  const keyed: Append = { kind: "append", stream: "note-b", events: events(10, 2), idempotencyKey: "k" };
  lost(keyed, true);
  model.do(keyed);
  lost({ kind: "append", stream: "note-b", events: events(20, 3) }, true);
  lost({ kind: "append", stream: "note-b", events: events(30, 2) }, false);
  const outside: Append = { kind: "append", stream: "note-a", events: events(40, 2).map((event, index) => ({ ...event, id: `mine-${index}`, source: "/s" })) };
  const { token: newest = "" } = model.do(outside);
  model.do(outside);
  model.do({ kind: "read-stream", stream: "note-a", from: 2 });
  model.do({ kind: "read-log", after: 0, token });
  model.do({ kind: "read-view", view: "event-types", token: newest });
  model.project();
  model.do({ kind: "read-log", after: 1, stream: "note-a", token: newest });
  model.do({ kind: "read-log", after: 0, token: newest });
  model.do({ kind: "live", stream: "note-a", from: 1 });
  history.invoke({ kind: "live", from: 2 }).unknown("the connection broke", model.log.slice(1, 5).map(seen));
  model.do({ kind: "live", from: 6 });
  history.invoke({ kind: "append", stream: "note-a", events: events(95, 1) }).failed({ status: 422 });
  return model.finish();
}
