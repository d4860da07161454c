import { describe, expect, test } from "vitest";
import { handlerEvents, handlerOperations, handlerStream } from "../../../src/followers/handler-operations.ts";
import { subscriptionEvents } from "../../../src/followers/subscription.ts";
import { parseStreamName, type NewFact } from "../../../src/kernel/index.ts";

const context = { now: "2026-11-20T10:00:00.000Z", id: "mail" };
const decide = (name: string, data: object, state: unknown = handlerOperations.initialState()) =>
  handlerOperations.decide({ name, data }, state, context) as readonly NewFact[];
const after = (...facts: readonly NewFact[]): unknown => facts.reduce((state, fact) => handlerOperations.evolve(state, fact), handlerOperations.initialState());

describe("what is asked of a handler", () => {
  test("is said by the events by which a subscription says it", () => {
    expect(decide("Redrive", { position: 7, edit: null })).toEqual([subscriptionEvents.DeadLetterRedriven({ position: 7, edit: null })]);
    expect(decide("RedriveAll", { id: "r", filter: {} })).toEqual([subscriptionEvents.DeadLettersRedriven({ id: "r", filter: {} })]);
    expect(decide("Drop", { position: 7, reason: "a test" })).toEqual([subscriptionEvents.DeadLetterDropped({ position: 7, reason: "a test" })]);
    for (const name of ["DeadLetterRedriven", "DeadLettersRedriven", "DeadLetterDropped"] as const)
      expect(handlerEvents.$events[name]).toBe(subscriptionEvents.$events[name]);
  });

  test("leaves it as it was, but for a pause", () => {
    expect(
      after(...decide("Redrive", { position: 1 }), ...decide("Drop", { position: 1, reason: "x" }), ...decide("RedriveAll", { id: "r", filter: {} })),
    ).toEqual({
      status: "active",
    });
    expect(after(...decide("Pause", { reason: "moving" }))).toEqual({ status: "paused", reason: "moving" });
    expect(after(...decide("Pause", { reason: "moving" }), ...decide("Resume", {}))).toEqual({ status: "active" });
  });

  test("to pause twice is to pause once", () => {
    expect(decide("Pause", {}, after(...decide("Pause", {})))).toEqual([]);
  });

  test("to resume always says so: a handler that stopped by itself begins again", () => {
    expect(decide("Resume", {})).toEqual([handlerEvents.HandlerResumed({})]);
  });

  test("stands in a stream of the platform's", () => {
    expect(parseStreamName(handlerStream("mail"))).toMatchObject({ category: "rivulet_handler", id: "mail" });
  });
});
