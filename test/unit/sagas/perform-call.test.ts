import { expect, test } from "vitest";
import { z } from "zod";
import { defineSaga, type PortToken } from "../../../src/kernel/index.ts";
import { performCall } from "../../../src/sagas/perform-call.ts";
import { NOT_BEGUN } from "../../../src/sagas/state.ts";
import { tripEvents } from "./support/trip.ts";

const asking = (call: () => Promise<void>) =>
  defineSaga({
    name: "asking",
    events: [tripEvents],
    data: z.object({}),
    startsOn: {},
    steps: [{ name: "ask", call, retry: { maxAttempts: 2, minDelayMs: 100 } }],
  });
const due = "2026-01-01T00:00:00.000Z";
const ports = {
  key: "k",
  tenant: "test",
  send: () => Promise.reject(new Error("expected no command")),
  port: <Port>({ name }: PortToken<Port>): Port => {
    throw new Error(`expected no port, got ${name}`);
  },
  now: () => Date.parse(due),
  chance: () => 1,
  mostMs: 5,
};
const asked = (failures: number) => ({ step: "ask", round: 1, call: -1, failures, isUndoing: false, due });

test("a call beyond that never answers has failed when its time is over, and is tried again", async () => {
  const silent = asking(() => new Promise(() => {}));
  const error = "It took longer than 5 ms.";
  expect(await performCall(silent, NOT_BEGUN, asked(0), ports)).toEqual({ outcome: "failed", error, due: "2026-01-01T00:00:00.200Z" });
  expect(await performCall(silent, NOT_BEGUN, asked(1), ports)).toEqual({ outcome: "failed", error });
  expect(
    await performCall(
      asking(async () => {}),
      NOT_BEGUN,
      asked(0),
      { ...ports, mostMs: 60_000 },
    ),
  ).toEqual({ outcome: "done" });
});
