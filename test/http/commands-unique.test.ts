import { describe, expect, test } from "vitest";
import { type Answer, eventsOf, everything, expectProblem, newerThan, ok, send } from "../support/http.ts";
import { command, decided, password, tally, upTo } from "./commands.ts";

/** Both that take an e-mail address: the same rule, two ways to register. */
const registrations: readonly (readonly [category: string, register: (id: string, email: string, headers?: Record<string, string>) => Promise<Answer>])[] = [
  ["account", (id, email, headers = {}) => command(`account/${id}/Register`, { email, password }, headers)],
  ["user", (id, email, headers = {}) => command(`user/${id}/RegisterUser`, { email, name: "N" }, headers)],
];

describe.each(registrations)("an e-mail address of an %s", (category, register) => {
  test.each([2, 10])("is taken by one of %i that register with it at the same moment; the others are already_registered", async (count) => {
    const answers = await Promise.all(upTo(count).map((n) => register(`race${count}.${n}`, `race${count}@a.example`)));
    expect(tally(answers.map(({ status }) => status))).toEqual({ 200: 1, 409: count - 1 });
    for (const refused of answers.filter(({ status }) => status === 409)) expectProblem(refused, 409, "already_registered");
    for (const [index, { status }] of answers.entries()) expect(await eventsOf(`${category}-race${count}.${index + 1}`)).toHaveLength(status === 200 ? 1 : 0);
    // Nor does it become free by being asked for.
    for (const n of upTo(3)) expectProblem(await register(`later${count}.${n}`, `race${count}@a.example`), 409, "already_registered");
  });

  test("is one however it is spelt", async () => {
    ok(await register("spelt", "spelt@a.example"));
    for (const email of ["Spelt@a.example", "SPELT@A.EXAMPLE"]) expectProblem(await register("spelt.other", email), 409, "already_registered");
  });

  test("is another one in another tenant", async () => {
    for (const tenant of ["unique-one", "unique-two"]) ok(await register("same", "same@a.example", { "tenant-id": tenant }));
  });

  test("is given to each of ten that register with ten of them at the same moment", async () => {
    const answers = await Promise.all(upTo(10).map((n) => register(`own.${n}`, `own.${n}@a.example`)));
    expect(tally(answers.map(({ status }) => status))).toEqual({ 200: 10 });
  });

  test("is held by its owner still when the owner tries to register with another one", async () => {
    ok(await register("moving", "from@a.example"));
    expectProblem(await register("moving", "to@a.example"), 409, "already_registered");
    expectProblem(await register("moving.other", "from@a.example"), 409, "already_registered");
  });

  test("which a refused registration wanted is free for the next: of one that was sent under a stale precondition, or for an id that has another", async () => {
    expectProblem(await register("stale", "stale@a.example", { "if-match": '"4"' }), 412);
    ok(await register("stale.other", "stale@a.example"));
    ok(await register("holder", "holder@a.example"));
    expectProblem(await register("holder", "wanted@a.example"), 409, "already_registered");
    ok(await register("holder.other", "wanted@a.example"));
  });

  // The address is reserved before the object says that it is closed.
  test("which a refused registration wanted is free for the next: of one whose stream was purged before", async () => {
    ok(await register("purged", "before@a.example"));
    ok(await send("DELETE", `/v1/streams/${category}-purged?purge=true`));
    expectProblem(await register("purged", "after@a.example"), 410);
    ok(await register("purged.other", "after@a.example"));
  });

  test("is in no reservation's stream", async () => {
    const headers = { "tenant-id": `unique-${category}` };
    const write = await register("hidden", "hidden@a.example", headers);
    ok(write);
    // Its token is of the registration; the reservation comes into the log by itself.
    const reserved = () => everything("/v1/events?category=rivulet_unique", headers);
    let reservations = await reserved();
    for (let turn = 0; turn < 200 && reservations.length === 0; turn++) reservations = await scheduler.wait(50).then(reserved);
    expect(reservations).toHaveLength(1);
    expect(JSON.stringify(reservations)).not.toMatch(/hidden@/i);
    // Where nobody names them, they are in nobody's way.
    const streams = (await everything("/v1/events", { ...headers, ...newerThan(write) })).map(({ stream }) => stream);
    expect(streams[0]).toBe(`${category}-hidden`);
    expect(streams.filter((stream) => stream.startsWith("rivulet_"))).toEqual([]);
  });
});

describe("an e-mail address of a user who is deactivated", () => {
  const register = (id: string, email: string): Promise<Answer> => command(`user/${id}/RegisterUser`, { email, name: "N" });

  test("is free for the next at once, and then taken again", async () => {
    for (const n of upTo(3)) {
      ok(await register(`left.${n}`, "left@a.example"));
      expectProblem(await register("left.other", "left@a.example"), 409, "already_registered");
      ok(await command(`user/left.${n}/DeactivateUser`, { reason: "gone" }));
    }
    expect(await decided("user/left.1/DeactivateUser", { reason: "again" })).toMatchObject({ version: 2, events: [] });
    ok(await register("left.last", "left@a.example"));
    // Who left it before, and says so again, takes nothing away.
    expect(await decided("user/left.3/DeactivateUser", { reason: "again" })).toMatchObject({ events: [] });
    expectProblem(await register("left.other", "left@a.example"), 409, "already_registered");
  });

  test("goes to one at most of ten that register with it at that moment, and to one of them after it", async () => {
    ok(await register("leaving", "leaving@a.example"));
    const [left, ...answers] = await Promise.all([
      command("user/leaving/DeactivateUser", { reason: "gone" }),
      ...upTo(10).map((n) => register(`after.${n}`, "leaving@a.example")),
    ]);
    ok(left);
    const first = answers.filter(({ status }) => status === 200).length;
    expect(first).toBeLessThanOrEqual(1);
    const then = await Promise.all(upTo(10).map((n) => register(`then.${n}`, "leaving@a.example")));
    expect(tally([...answers, ...then].map(({ status }) => status))).toEqual({ 200: 1, 409: 19 });
  });
});

test("a weak password does not take the address", async () => {
  expectProblem(await command("account/weak/Register", { email: "weak@a.example", password: "short" }), 409, "weak_password");
  expect(await eventsOf("account-weak")).toEqual([]);
  ok(await command("account/strong/Register", { email: "weak@a.example", password }));
  expectProblem(await command("account/weak/Register", { email: "weak@a.example", password }), 409, "already_registered");
});

test("the winner who registers again decides nothing as a user, is refused as an account, and is given the first answer under a key", async () => {
  const user = { email: "again@a.example", name: "N" };
  await decided("user/again/RegisterUser", user);
  expect(await decided("user/again/RegisterUser", user)).toMatchObject({ version: 1, events: [] });
  const account = { email: "again@a.example", password };
  const first = await command("account/again/Register", account, { "idempotency-key": "again" });
  const again = await command("account/again/Register", account, { "idempotency-key": "again" });
  expect([again.status, again.text, again.headers.get("idempotency-replayed")]).toEqual([200, first.text, "true"]);
  expectProblem(await command("account/again/Register", account), 409, "already_registered");
  expect([await eventsOf("user-again"), await eventsOf("account-again")].map(({ length }) => length)).toEqual([1, 1]);
});

test("a user and an account may have one address: they are two lists", async () => {
  ok(await command("user/both/RegisterUser", { email: "both@a.example", name: "N" }));
  ok(await command("account/both/Register", { email: "both@a.example", password }));
});
