import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineSaga, learned, type NewFact } from "../../../src/kernel/index.ts";
import { dueWork } from "../../../src/sagas/due-work.ts";
import { sagaDecider } from "../../../src/sagas/saga-decider.ts";
import { NOT_BEGUN, type SagaState } from "../../../src/sagas/state.ts";
import { givenSaga } from "../../../src/testing/index.ts";
import { act, atHome, confirmed, desk, noted, planned, refused, trip, tripAnew, tripEvents } from "./support/trip.ts";

const begun = givenSaga(trip).when(planned);
const packed = begun.answers("pack", "done");
const booking = packed.answers("hotel", "done").answers("flight", "done");
const booked = booking.when(confirmed("hotel"), confirmed("flight"));

describe("steps", () => {
  test("come one after the other; those of a group at the same time, and what follows waits for all", () => {
    begun.then(act("bag"), act("map")).answers("pack", "done", 0).then(act("map")).answers("pack", "done", 1).then(act("hotel"), act("flight"));
    booking.when(confirmed("flight")).thenSteps({ pack: "done", hotel: "running", flight: "done" }).thenAsks().when(confirmed("hotel")).thenAsks("visa");
    booked.answers("visa", "done").then(act("go")).answers("go", "done").thenStatus("completed").thenOnce();
  });

  test("are left out where their branch is not taken", () => {
    givenSaga(trip)
      .when(atHome)
      .answers("pack", "done")
      .answers("hotel", "done")
      .answers("flight", "done")
      .when(confirmed("hotel"), confirmed("flight"))
      .then(act("go"))
      .thenSteps({ pack: "done", hotel: "done", flight: "done", visa: "skipped", go: "running" });
  });

  test("are done by what came before they began, and before the whole began", () => {
    givenSaga(trip)
      .when(confirmed("hotel"), confirmed("flight"))
      .thenStatus("waiting")
      .then()
      .when(planned)
      .answers("pack", "done")
      .answers("hotel", "done")
      .answers("flight", "done")
      .thenAsks("visa");
  });

  test("send what facts lead to while they are under way, once for each, whenever it came", () => {
    const going = givenSaga(trip)
      .when(noted("before"), planned, noted("early"))
      .answers("pack", "done")
      .answers("hotel", "done")
      .answers("flight", "done")
      .when(confirmed("hotel"), confirmed("flight"))
      .answers("visa", "done");
    going
      .then(act("go"), act("post before"), act("post early"))
      .when(noted("late"))
      .then(act("go"), act("post before"), act("post early"), act("post late"))
      .thenOnce();
    going
      .answers("go", "done", 0)
      .answers("go", "done", 1)
      .thenStatus("running")
      .answers("go", "done", 2)
      .thenStatus("completed")
      .thenData({ isAbroad: true, notes: ["before", "early"] });
  });

  test("keep what a call beyond has learned, beside what facts tell", () => {
    const asking = defineSaga({
      name: "asking",
      events: [tripEvents],
      data: z.object({ price: z.int().optional(), isAbroad: z.boolean() }),
      startsOn: { "trip.Planned": ({ data }) => data },
      steps: [
        { name: "price", call: async () => learned({ price: 7 }), send: () => act("look") },
        { name: "pay", send: ({ price }) => act(`pay ${price}`) },
      ],
    });
    const asked = givenSaga(asking).when(planned).thenAsks("price").then(act("look"));
    asked
      .answers("price", { learned: { price: 7 } }, -1)
      .thenStatus("running")
      .answers("price", "done", 0)
      .then(act("pay 7"))
      .thenData({ isAbroad: true, price: 7 })
      .thenOnce();
  });
});

describe("what is not wanted any more", () => {
  const dreaming = defineSaga({
    name: "dreaming",
    events: [tripEvents],
    data: z.object({ isAbroad: z.boolean() }),
    startsOn: { "trip.Planned": ({ data }) => data },
    steps: [{ name: "dream", send: () => act("dream"), compensate: () => act("wake") }],
    undoneOn: { "trip.Noted": (_, { data: { text } }) => (text === "morning" ? "It is morning." : undefined) },
  });

  test("is undone as what fails is, once what was sent is through", () => {
    givenSaga(dreaming)
      .when(planned, noted("night"))
      .then(act("dream"))
      .when(noted("morning"))
      .thenStatus("compensating")
      .then(act("dream"))
      .answers("dream", "done")
      .then(act("wake"))
      .answers("dream", "done")
      .thenStatus("compensated")
      .thenBecause(/^It is morning\.$/)
      .thenOnce();
  });

  test("is not begun with", () => {
    givenSaga(dreaming).when(noted("morning"), planned).then().thenStatus("compensated").thenSteps({});
  });
});

describe("what fails", () => {
  test("is undone in the reverse order of completion, and what was never done first of all", () => {
    booking
      .when(confirmed("flight"), confirmed("hotel"))
      .answers("visa", { rejected: "no visa" })
      .thenBecause(/^no visa$/)
      .then(act("undo visa"))
      .answers("visa", "done")
      .then(act("undo hotel"))
      .answers("hotel", { rejected: "nothing_to_undo" })
      .then(act("undo flight"))
      .answers("flight", "done")
      .then(act("undo pack"))
      .answers("pack", "done")
      .then(act("stay: no visa"))
      .answers("(afterwards)", "done")
      .thenStatus("compensated")
      .thenOnce();
    booked.answers("visa", { rejected: "no visa" }).answers("visa", "done").then(act("undo flight"));
  });

  test("takes the others of its group with it, once what they have sent is through", () => {
    packed
      .answers("hotel", "done")
      .when(refused("hotel", "full"))
      .thenStatus("compensating")
      .then(act("flight"))
      .answers("flight", "done")
      .then(act("undo flight"))
      .answers("flight", "done")
      .then(act("undo hotel"));
  });

  test("is what waits longer than it may, noticed at its time and not before", () => {
    booking
      .thenWaits(60_000)
      .after(59_999)
      .thenStatus("running")
      .after(1)
      .thenStatus("compensating")
      .thenBecause(/hotel waited longer than 60000 ms/);
    booking
      .when(confirmed("hotel"))
      .after(60_000)
      .thenBecause(/flight waited longer/);
    booking.at("2026-01-01T00:00:59.999Z").thenStatus("running").at("2026-02-01T00:00:00.000Z").thenStatus("compensating");
  });

  test("is what takes longer than the whole may", () => {
    booked
      .thenWaits(3_600_000)
      .after(3_600_000 - 1)
      .thenStatus("running")
      .after(1)
      .thenBecause(/longer than 3600000 ms/)
      .thenAsks("visa")
      .answers("visa", "done")
      .then(act("undo visa"));
  });
});

describe("what cannot be done now", () => {
  const again = booked.answers("visa", { failed: "no line" });
  const stuck = again.after(200).answers("visa", { failed: "no line" }).after(300).answers("visa", { failed: "still no line" });

  test("is tried again with growing pauses, and then somebody is waited for", () => {
    again.thenOnce();
    again
      .thenAsks()
      .thenWaits(200)
      .after(199)
      .thenAsks()
      .after(1)
      .thenAsks("visa")
      .answers("visa", { failed: "no line" })
      .thenWaits(300)
      .after(300)
      .thenAsks("visa");
    stuck
      .thenStatus("stuck")
      .thenBecause(/^still no line$/)
      .thenAsks()
      .thenWaits("for ever")
      .after(86_400_000)
      .thenStatus("stuck")
      .thenOnce();
  });

  test("is done when it is retried, in as many attempts as before", () => {
    const retried = stuck.retried().thenStatus("running").thenAsks("visa");
    retried.answers("visa", { failed: "no line" }).thenWaits(200);
    retried.answers("visa", "done").then(act("go"));
  });

  test("is left out when it is skipped; undone all the same where the rest fails, for it may have been done in part", () => {
    const skipped = stuck.skipped("done at the border").then(act("go")).thenStatus("running");
    skipped.answers("go", { rejected: "ill" }).then(act("undo visa")).answers("visa", "done").then(act("undo flight"));
  });

  test("is neither retried nor skipped for what somebody has seen stuck before", () => {
    const first = "2026-01-01T00:00:00.500Z";
    const second = stuck.after(1).retried({ step: "visa", at: first }).answers("visa", { failed: "a" }).after(200);
    const again = second.answers("visa", { failed: "b" }).after(300).answers("visa", { failed: "c" }).thenStatus("stuck");
    expect(() => again.retried({ step: "visa", at: first })).toThrow("stuck_elsewhere");
    expect(() => again.skipped("because", { step: "visa", at: first })).toThrow("stuck_elsewhere");
    expect(() => again.skipped("because", { step: "hotel" })).toThrow("stuck_elsewhere");
    const later = "2026-01-01T00:00:01.001Z";
    again.skipped("because", { step: "visa", at: later }).thenSteps({ pack: "done", hotel: "done", flight: "done", visa: "skipped", go: "running" });
    again.retried({ step: "visa" }).thenStatus("running");
    const undoing = again.after(1).cancelled("no time").answers("visa", { rejected: "shut" }).thenStatus("stuck");
    expect(() => undoing.skipped("because", { step: "visa", at: later })).toThrow("stuck_elsewhere");
  });

  test("is undone with the rest when the whole is cancelled", () => {
    stuck.cancelled("no time").thenStatus("compensating").then(act("undo visa"));
  });

  test("is not what is not stuck: there is nothing to retry or to skip", () => {
    expect(() => booked.retried()).toThrow("not_stuck");
    expect(() => booked.skipped("because")).toThrow("not_stuck");
  });
});

describe("somebody", () => {
  test("starts an instance by hand, once", () => {
    const started = givenSaga(trip).started({ isAbroad: false, notes: [] }).then(act("bag"), act("map"));
    expect(() => started.started({ isAbroad: false, notes: [] })).toThrow("already_started");
    started.when(planned).thenData({ isAbroad: false, notes: [] });
  });

  test("cancels one: what is under way is waited for, and all is undone", () => {
    const cancelled = begun
      .cancelled("no time")
      .thenStatus("compensating")
      .then(act("bag"), act("map"))
      .answers("pack", "done")
      .then(act("undo pack"))
      .answers("pack", "done")
      .then(act("stay: no time"))
      .answers("(afterwards)", "done")
      .thenStatus("cancelled");
    expect(() => cancelled.cancelled("again")).toThrow("already_over");
    expect(() => begun.cancelled("a").cancelled("b")).toThrow("already_compensating");
    expect(() => givenSaga(trip).cancelled("what")).toThrow("no_such_instance");
  });
});

describe("a saga's version", () => {
  test("is kept: what began with one goes on with its steps", () => {
    expect(tripAnew(trip).types).toEqual(expect.arrayContaining([...trip.types]));
    booking
      .under(tripAnew(trip))
      .when(confirmed("hotel"), noted("seen"))
      .thenData({ isAbroad: true, notes: ["seen"] })
      .thenSteps({ pack: "done", hotel: "done", flight: "running" });
    begun.under(tripAnew(trip)).then(act("bag"), act("map")).answers("pack", "done").then(act("hotel"), act("flight"));
    givenSaga(tripAnew(trip)).when(planned).then(act("walk")).answers("walk", "done").thenStatus("completed");
  });

  test("that the code has lost stops its instances, which says so, until the code has it again", () => {
    const lost = packed.under(tripAnew());
    lost
      .thenStatus("stuck")
      .thenBecause(/began with version 1 of the saga, which this code does not have/)
      .then()
      .thenWaits("for ever")
      .thenOnce();
    lost.retried().thenStatus("stuck").thenSteps({ pack: "done", hotel: "running", flight: "running" });
    expect(() => lost.skipped("because")).toThrow("not_skippable");
    lost.cancelled("enough").thenStatus("stuck").under(tripAnew(trip)).retried().thenStatus("compensating");
    lost
      .under(tripAnew(trip))
      .retried()
      .thenStatus("running")
      .when(confirmed("hotel"))
      .answers("hotel", "done")
      .thenSteps({ pack: "done", hotel: "done", flight: "running" });
  });

  test("that the code has lost is noticed as soon as anybody looks", () => {
    const [started] = sagaDecider(trip).decide({ name: "Start", data: { data: { isAbroad: true, notes: [] } } }, NOT_BEGUN, {
      now: "2026-01-01T00:00:00.000Z",
      id: "t1",
    }) as readonly NewFact[];
    const state = sagaDecider(trip).evolve(NOT_BEGUN, started as NewFact) as SagaState;
    expect(dueWork(tripAnew(), state)).toEqual({ calls: [], deadlines: ["2026-01-01T00:00:00.000Z"] });
    expect(dueWork(tripAnew(trip), state)).toEqual({ calls: [], deadlines: ["2026-01-01T01:00:00.000Z"] });
  });
});

describe("a saga is refused", () => {
  const basis = { name: "trip", events: [tripEvents], data: z.object({}), startsOn: {}, steps: [] } as const;
  test.each([
    ["a name of other letters", { name: "Trip" }, "expected a saga's name"],
    ["two steps of one name", { steps: [{ name: "a" }, [{ name: "a" }]] }, "got a twice"],
    ["an event of another set", { startsOn: { "other.Happened": () => ({}) } }, "got other.Happened"],
    ["commands that follow from one", { steps: [{ name: "a", sendOn: { "other.Happened": () => [] } }] }, "got other.Happened"],
  ])("with %s", (_, change, message) => {
    expect(() => defineSaga({ ...basis, ...change } as never)).toThrow(message);
  });

  test("nothing, where only streams of some aggregates count", () => {
    const strict = defineSaga({ ...basis, aggregates: [desk], startsOn: { "trip.Planned": () => ({}) } });
    expect(() => givenSaga(strict).when(planned)).toThrow("expected an event that trip wants");
  });
});
