import { AssertionError } from "node:assert";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { commandTo, defineDecider, defineEvents, defineHandler, definePort } from "../../src/kernel/index.ts";
import { aggregate, behind, givenHandler, happened } from "../../src/testing/index.ts";

const events = defineEvents("shop", { Sold: z.object({ count: z.int() }), Closed: z.object({}) });
const till = defineDecider({
  category: "till",
  events,
  commands: { Add: z.object({ count: z.int().max(10) }) },
  initialState: (): { readonly sum: number } => ({ sum: 0 }),
  evolve: { Sold: ({ sum }, { data }) => ({ sum: sum + data.count }), Closed: (state) => state },
  decide: { Add: ({ data }) => events.Sold(data) },
});
const mail = definePort<{ readonly send: (key: string) => void }>("mail");
const sold = happened("till-t1", events.Sold({ count: 2 }));
const add = (count: number) => commandTo(till, "t1", "Add", { count });

const adding = defineHandler({ name: "adding", events: [events], on: ["shop.Sold"], handle: ({ data }) => ("count" in data ? [add(data.count)] : []) });
const reading = defineHandler({
  name: "reading",
  on: ["shop.#"],
  async handle(_, { state, port, key, attempt, now, tenant }) {
    const { version, state: found } = await state("till", "t1");
    port(mail).send(`${key} ${attempt} ${now} ${tenant} ${version} ${JSON.stringify(found)}`);
  },
});

const failing = async (expectation: Promise<void>): Promise<string> => {
  try {
    await expectation;
  } catch (fault) {
    if (fault instanceof AssertionError) return fault.message;
    throw fault;
  }
  return "it held";
};

describe("then", () => {
  test("holds for exactly the commands of all events, in their order", async () => {
    await givenHandler(adding, { deciders: [till] })
      .when(sold, happened("till-t1", events.Sold({ count: 3 })))
      .then(add(2), add(3));
    for (const expected of [[], [add(3)], [add(2), add(2)]])
      expect(
        await failing(
          givenHandler(adding)
            .when(sold)
            .then(...expected),
        ),
      ).toMatch(/strictly deep-equal/);
  });

  test("fails for an event that the handler does not want, and names both", async () => {
    const expected = "expected an event that adding wants (shop.Sold), got shop.Closed";
    expect(
      await failing(
        givenHandler(adding)
          .when(happened("till-t1", events.Closed({})))
          .then(),
      ),
    ).toBe(expected);
  });

  test("fails for a command whose own schema refuses it, where its decider is at hand", async () => {
    const large = happened("till-t1", events.Sold({ count: 11 }));
    await givenHandler(adding).when(large).then(add(11));
    expect(
      await failing(
        givenHandler(adding, { deciders: [till] })
          .when(large)
          .then(add(11)),
      ),
    ).toMatch(/^expected the data of till\/Add to be what its schema says: /);
    const stray = defineHandler({ name: "stray", on: ["#"], handle: () => [{ category: "till", id: "t1", command: "toString", data: {} }] });
    const expectation = givenHandler(stray, { deciders: [till] })
      .when(sold)
      .then({ category: "till", id: "t1", command: "toString", data: {} });
    expect(await failing(expectation)).toBe("expected a command of till, got toString");
  });
});

describe("thenOnce", () => {
  test("holds where the next attempt sends the same again", async () => {
    await givenHandler(adding).when(sold).thenOnce(add(2));
  });

  test("fails where the next attempt sends something else, or nothing", async () => {
    const forgetful = defineHandler({ name: "forgetful", on: ["#"], handle: (_, { attempt }) => [add(attempt)] });
    expect(await failing(givenHandler(forgetful).when(sold).thenOnce(add(1)))).toMatch(/strictly deep-equal/);
    const once = defineHandler({ name: "once", on: ["#"], handle: (_, { attempt }) => (attempt === 1 ? [add(1)] : []) });
    expect(await failing(givenHandler(once).when(sold).thenOnce(add(1)))).toMatch(/strictly deep-equal/);
    expect(await failing(givenHandler(adding).when(sold).thenOnce(add(3)))).toMatch(/strictly deep-equal/);
  });
});

describe("thenFails", () => {
  const broken = defineHandler({
    name: "broken",
    on: ["#"],
    handle() {
      throw new Error("no mail today");
    },
  });

  test("holds for a throw with such a message", async () => {
    await givenHandler(broken)
      .when(sold)
      .thenFails(/no mail/);
    expect(
      await failing(
        givenHandler(broken)
          .when(sold)
          .thenFails(/no post/),
      ),
    ).toBe("expected /no post/, got no mail today");
    expect(
      await failing(
        givenHandler(adding)
          .when(sold)
          .thenFails(/no mail/),
      ),
    ).toMatch(/Missing expected rejection/);
  });
});

test("a handler finds the aggregates and the ports that it is given", async () => {
  const sent: string[] = [];
  const ports = [behind(mail, { send: (text) => void sent.push(text) })];
  const found = [aggregate(till, "t1", events.Sold({ count: 2 }), events.Sold({ count: 3 })), aggregate(till, "t2", events.Closed({}))];
  await givenHandler(reading, { ports, found }).when(sold).then();
  await givenHandler(reading, { ports, attempt: 3, now: "2026-02-01T00:00:00.000Z" }).when(sold).then();
  expect(sent).toEqual(['test/e1 1 2026-01-01T00:00:00.000Z test 2 {"sum":5}', "test/e1 3 2026-02-01T00:00:00.000Z test 0 null"]);
  expect(await failing(givenHandler(reading).when(sold).then())).toBe("expected something behind the port mail, got nothing");
});
