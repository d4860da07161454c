import { expect, test } from "vitest";
import { type Because, erasure, purgedUsers, userOnboarding } from "../../../src/flows/index.ts";
import { type NewFact, STREAM_PURGED } from "../../../src/kernel/index.ts";
import { streamErasure } from "../../../src/ports/stream-erasure.ts";
import { sagaDecider } from "../../../src/sagas/saga-decider.ts";
import { sagaEvents } from "../../../src/sagas/saga-events.ts";
import { behind, givenHandler, happened } from "../../../src/testing/index.ts";

const at = "2026-01-01T00:00:00.000Z";
const purged = (stream: string) => happened(stream, { type: STREAM_PURGED, data: {} });
const onboarding = (...facts: readonly NewFact[]) => ({ decider: sagaDecider(userOnboarding), id: "u1", facts });
const started = sagaEvents.Started({ saga: "user-onboarding", version: 1, data: {}, at });

const given = (...facts: readonly NewFact[]) => {
  const erased: (readonly [string, Because])[] = [];
  const ports = [behind(erasure, { purge: async (stream, because) => void erased.push([stream, because]) })];
  return { erased, handler: givenHandler(purgedUsers, { ports, found: facts.length === 0 ? [] : [onboarding(...facts)] }) };
};

test("a user's purge goes on into the streams that have copies, and tells because of what", async () => {
  for (const facts of [[], [started, sagaEvents.Completed({ at })], [started, sagaEvents.Compensated({ reason: "no", at })]]) {
    const { erased, handler } = given(...facts);
    await handler.when(purged("user-u1")).then();
    expect(erased.map(([stream]) => stream)).toEqual(["profile-u1", "authentication-u1", "saga_user_onboarding-u1"]);
    for (const [, because] of erased) expect(because).toMatchObject({ correlationId: expect.any(String), causationId: expect.any(String) });
  }
});

test("an onboarding that goes on is waited for, and nothing is emptied before", async () => {
  const undoing = sagaEvents.UndoingStarted({ reason: "The user was purged.", cause: "failure", at });
  for (const facts of [[started], [started, undoing], [started, sagaEvents.Stuck({ step: "welcome", reason: "no", at })]]) {
    const { erased, handler } = given(...facts);
    await handler.when(purged("user-u1")).thenFails(/goes on still/);
    expect(erased).toEqual([]);
  }
});

test("what else is purged is nobody's business here", async () => {
  const { erased, handler } = given();
  await handler.when(purged("profile-u1"), purged("note-u1"), purged("account-u1")).then();
  expect(erased).toEqual([]);
});

test("a stream that cannot be emptied now is emptied later", async () => {
  const closing = streamErasure(() => ({ close: async () => ({ ok: false, code: "fault", detail: "" }) as const }));
  await expect(closing.purge("profile-u1", { correlationId: "c", traceparent: "" })).rejects.toThrow("fault");
});
