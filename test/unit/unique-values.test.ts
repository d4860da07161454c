import { describe, expect, test } from "vitest";
import { z } from "zod";
import { LEASE, reservation, reservationStream } from "../../src/commands/reservation.ts";
import { type Sent, sendCommand, type SentCommand } from "../../src/commands/send-command.ts";
import { defineDecider, defineEvents, reject } from "../../src/kernel/index.ts";
import { subscription } from "../../src/followers/subscription.ts";
import { given } from "../../src/testing/index.ts";
import { type FakeAggregates, fakeAggregates } from "./support/fake-aggregates.ts";

const events = defineEvents("seats", { Taken: z.object({ seat: z.string() }), Left: z.object({}), Waved: z.object({}) });

/** Somebody who sits on one seat at most, and on whose seat nobody else does. */
const guest = defineDecider({
  category: "guest",
  events,
  commands: { Take: z.object({ seat: z.string() }), Leave: z.object({}), Wave: z.object({}), StandUp: z.object({}) },
  initialState: (): { readonly seat?: string } => ({}),
  evolve: { Taken: (_, { data }) => ({ seat: data.seat }), Left: () => ({}), Waved: (state) => state },
  decide: {
    Take: ({ data }, { seat }) => (data.seat === "none" ? reject("no_seat") : data.seat === seat ? [] : events.Taken(data)),
    Leave: (_, { seat }) => (seat === undefined ? [] : events.Left({})),
    Wave: () => events.Waved({}),
    StandUp: (_, { seat }) => (seat === undefined ? [] : events.Left({})),
  },
  unique: {
    wants: { Take: ({ data }) => [{ scope: "seat", value: data.seat }] },
    frees: ["Leave"],
    holds: ({ seat }) => (seat === undefined ? [] : [{ scope: "seat", value: seat }]),
    taken: "seat_taken",
  },
});

const plain = defineDecider({
  category: "plain",
  events,
  commands: { Wave: z.object({}) },
  initialState: () => ({}),
  evolve: { Taken: (state) => state, Left: (state) => state, Waved: (state) => state },
  decide: { Wave: () => events.Waved({}) },
});

const seat = (value: string): string => reservationStream({ scope: "seat", value });

function sending(fake: FakeAggregates, category = "guest") {
  return (id: string, command: string, data: object = {}): Promise<Sent> =>
    sendCommand(fake.ports, {
      tenant: "t",
      category,
      id,
      command,
      data,
      precondition: { kind: "none" },
      source: "/v1",
      metadata: {},
    } as unknown as SentCommand);
}

const outcome = (sent: Sent): string => (sent.ok ? "ok" : (sent.rejection ?? sent.code));

describe("a value that its holder lets go", () => {
  test("is free for another one as soon as that is answered, with no lease to wait for", async () => {
    const fake = fakeAggregates(guest, reservation);
    const send = sending(fake);
    await send("ann", "Take", { seat: "a" });
    expect(outcome(await send("bob", "Take", { seat: "a" }))).toBe("seat_taken");
    await send("ann", "Leave");
    expect(outcome(await send("bob", "Take", { seat: "a" }))).toBe("ok");
    expect(outcome(await send("ann", "Take", { seat: "a" }))).toBe("seat_taken");
  });

  test("by taking another one is free as well, and that one is the holder's", async () => {
    const fake = fakeAggregates(guest, reservation);
    const send = sending(fake);
    await send("ann", "Take", { seat: "a" });
    await send("ann", "Take", { seat: "b" });
    expect(outcome(await send("bob", "Take", { seat: "a" }))).toBe("ok");
    expect(outcome(await send("cid", "Take", { seat: "b" }))).toBe("seat_taken");
  });

  test("and takes again before the release has come stays the holder's: a release knows which version it is of", async () => {
    const fake = fakeAggregates(guest, reservation);
    const send = sending(fake);
    await send("ann", "Take", { seat: "a" });
    let isLate = true;
    fake.beforeExecute = async (_, command) => {
      if (!isLate || command !== "Release") return;
      isLate = false;
      expect(outcome(await send("ann", "Take", { seat: "a" }))).toBe("ok");
    };
    await send("ann", "Leave");
    expect(fake.stateOf("guest-ann")).toEqual({ seat: "a" });
    expect(outcome(await send("bob", "Take", { seat: "a" }))).toBe("seat_taken");
    await send("ann", "Leave");
    expect(outcome(await send("bob", "Take", { seat: "a" }))).toBe("ok");
  });

  test.each([
    ["no more reaches the reservation", () => Promise.reject(new Error("lost"))],
    ["is let go by a command that does not say so", undefined],
  ])("where that %s is free once the lease is over; the command is answered all the same", async (_, lost) => {
    const fake = fakeAggregates(guest, reservation);
    const send = sending(fake);
    await send("ann", "Take", { seat: "a" });
    fake.beforeExecute = (_, command) => (command === "Release" ? lost?.() : undefined);
    expect(outcome(await send("ann", lost ? "Leave" : "StandUp"))).toBe("ok");
    fake.now += LEASE - 1;
    expect(outcome(await send("bob", "Take", { seat: "a" }))).toBe("seat_taken");
    fake.now += 1;
    expect(outcome(await send("bob", "Take", { seat: "a" }))).toBe("ok");
  });
});

describe("what commands cost in calls", () => {
  const calls = async (fake: FakeAggregates, work: () => Promise<unknown>): Promise<readonly string[]> => {
    fake.calls.length = 0;
    await work();
    return [...fake.calls];
  };

  test("one each where there is nothing unique, and where a command neither takes nor frees", async () => {
    const fake = fakeAggregates(guest, plain, reservation);
    expect(await calls(fake, () => sending(fake, "plain")("p", "Wave"))).toEqual(["plain-p Wave"]);
    const send = sending(fake);
    await send("ann", "Take", { seat: "a" });
    expect(await calls(fake, () => send("ann", "Wave"))).toEqual(["guest-ann Wave"]);
  });

  test("the state and the reservations that change beside it, for what takes or frees", async () => {
    const fake = fakeAggregates(guest, reservation);
    const send = sending(fake);
    expect(await calls(fake, () => send("ann", "Take", { seat: "a" }))).toEqual(["guest-ann state", `${seat("a")} Reserve`, "guest-ann Take"]);
    expect(await calls(fake, () => send("ann", "Take", { seat: "a" }))).toEqual(["guest-ann state", "guest-ann Take"]);
    expect(await calls(fake, () => send("ann", "Take", { seat: "b" }))).toEqual([
      "guest-ann state",
      `${seat("b")} Reserve`,
      "guest-ann Take",
      `${seat("a")} Release`,
    ]);
    expect(await calls(fake, () => send("ann", "Leave"))).toEqual(["guest-ann state", "guest-ann Leave", `${seat("b")} Release`]);
    expect(await calls(fake, () => send("ann", "Leave"))).toEqual(["guest-ann state", "guest-ann Leave"]);
    expect(await calls(fake, () => send("ann", "Take", { seat: "none" }))).toEqual(["guest-ann state", "guest-ann Take"]);
  });
});

test("a subscription that was deleted gives its name to the next at once, and so does one that is renamed", async () => {
  const fake = fakeAggregates(subscription, reservation);
  const send = sending(fake, "rivulet_subscription");
  const settings = (name: string): object => ({ name, types: [], sink: { kind: "pull" }, start: { after: 0, epoch: "e" } });
  expect(outcome(await send("s1", "Create", settings("orders")))).toBe("ok");
  expect(outcome(await send("s2", "Create", settings("orders")))).toBe("subscription_exists");
  await send("s1", "Delete");
  expect(outcome(await send("s2", "Create", settings("orders")))).toBe("ok");
  await send("s2", "Change", settings("payments"));
  expect(outcome(await send("s3", "Create", settings("orders")))).toBe("ok");
  // One that changes in something else keeps its name.
  expect(outcome(await send("s3", "Change", { ...settings("orders"), types: ["#"] }))).toBe("ok");
  expect(outcome(await send("s4", "Create", settings("orders")))).toBe("subscription_exists");
});

describe("a reservation", () => {
  const at = "2026-01-01T00:00:00.000Z";
  const later = (milliseconds: number): string => new Date(Date.parse(at) + milliseconds).toISOString();
  const reserved = (owner: string, version: number, when = at) => ({
    type: "rivulet.ValueReserved" as const,
    data: { scope: "seat", owner, at: when, version },
  });

  test("notes the version that its owner was prepared with; a newer one renews it, an older one does not", () => {
    const held = given(reservation, reserved("guest-ann", 4));
    held.when("Reserve", { owner: "guest-ann", scope: "seat", version: 4 }).then();
    held.when("Reserve", { owner: "guest-ann", scope: "seat", version: 3 }).then();
    held.when("Reserve", { owner: "guest-ann", scope: "seat", version: 5 }).then(reserved("guest-ann", 5));
    held
      .at(later(LEASE / 2))
      .when("Reserve", { owner: "guest-ann", scope: "seat", version: 3 })
      .then(reserved("guest-ann", 4, later(LEASE / 2)));
  });

  test("is released by its owner of a newer version alone", () => {
    const held = given(reservation, reserved("guest-ann", 4));
    held.when("Release", { owner: "guest-ann", version: 5 }).then({ type: "rivulet.ValueReleased", data: { owner: "guest-ann", version: 5 } });
    held.when("Release", { owner: "guest-ann", version: 4 }).then();
    held.when("Release", { owner: "guest-bob", version: 9 }).then();
    given(reservation).when("Release", { owner: "guest-ann", version: 5 }).then();
  });

  test("from before versions were noted is released as well", () => {
    given(reservation, { type: "rivulet.ValueReserved", data: { scope: "seat", owner: "guest-ann", at } })
      .when("Release", { owner: "guest-ann", version: 1 })
      .then({ type: "rivulet.ValueReleased", data: { owner: "guest-ann", version: 1 } });
  });
});
