import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { orderSummary } from "../../src/domains/commerce/index.ts";
import type { View } from "../../src/kernel/index.ts";
import { rowView } from "../../src/views/row-view.ts";
import { anOrder, command, type Fields, rowAfter, rowsOf } from "../http/commands.ts";
import { build, built, projection } from "../http/projections.ts";
import { dispatcher, fireDispatcher } from "../support/engine.ts";
import { faults, heal } from "../support/faults.ts";
import { type Answer, expectProblem, get, newerThan, ok, type Page } from "../support/http.ts";
import { testViews } from "../support/worker.ts";

const own = testViews.push(rowView(orderSummary)) - 1;

/** Other code of the view: in version n every customer's name ends in n. */
const version = (n: number): View =>
  rowView({
    ...orderSummary,
    version: n,
    apply(row, event, key) {
      const next = orderSummary.apply(row, event, key);
      return next && { ...next, customerId: `${String(next["customerId"]).split(" ")[0]} ${n}` };
    },
  });
const broken = (view: View): View => ({ ...view, fold: () => expect.unreachable("a bug in the view") });

beforeEach(() => {
  faults.captured = [];
});
afterEach(() => {
  heal();
  testViews[own] = rowView(orderSummary);
});

const { customerId: ann } = anOrder;
const place = (id: string, headers: object): Promise<Answer> => command(`order/${id}/PlaceOrder`, anOrder, { ...headers });
const list = (headers: object, more: object = {}): Promise<Answer> => get("/v1/views/order_summary", { ...headers, ...more });
const customers = (answer: Answer): readonly unknown[] => ok<Page<Fields>>(answer).items.map(({ customerId }) => customerId);

async function settle(tenant: string): Promise<void> {
  await dispatcher(tenant).wake();
  for (let round = 0; round < 50; round++) if (!(await fireDispatcher(tenant))) return;
}

describe("a view whose code has changed", () => {
  test("is read as it stood, with its position; a token beyond that is 503 view_rebuilding; then the new rows are there at once", async () => {
    const headers = { "tenant-id": "changed-1" };
    await rowAfter("order_summary/o1", await place("o1", headers), headers);
    const before = await list(headers);
    expect([customers(before), before.headers.get("x-view-position")]).toEqual([[ann], "1"]);

    // The second build of the code cannot fold: what is read stays frozen for as long as that takes.
    testViews[own] = broken(version(2));
    expect(await projection("order_summary", headers)).toMatchObject({ version: 2, state: "rebuilding", position: 1 });
    const later = newerThan(await place("o2", headers));
    const refused = await list(headers, later);
    expect(expectProblem(refused, 503, "view_rebuilding").detail).toContain("position 1");
    expect([refused.headers.get("x-view-position"), refused.headers.get("retry-after")]).toEqual(["1", "5"]);
    expectProblem(await get("/v1/views/order_summary/o2", { ...headers, ...later }), 503, "view_rebuilding");
    const frozen = await list(headers);
    expect([customers(frozen), frozen.headers.get("x-view-position")]).toEqual([[ann], "1"]);
    expect((await list(headers, { "if-none-match": frozen.headers.get("etag") })).status).toBe(304);
    expect(await projection("order_summary", headers)).toMatchObject({
      state: "rebuilding",
      position: 1,
      lag: 1,
      progress: { purpose: "catch-up", target: 2 },
    });
    expect((await projection("order_summary", headers)).progress?.error).toContain("a bug in the view");

    testViews[own] = version(3);
    await settle("changed-1");
    const after = await list(headers, later);
    expect([customers(after), after.headers.get("x-view-position")]).toEqual([[`${ann} 3`, `${ann} 3`], "2"]);
    expect((await list(headers, { "if-none-match": frozen.headers.get("etag") })).status).toBe(200);
    expect(await projection("order_summary", headers)).toEqual({ name: "order_summary", version: 3, position: 2, lag: 0, state: "live" });
  });

  test("and changes back takes up the rows before, brought up to date, under a tag of its own", async () => {
    const headers = { "tenant-id": "changed-2" };
    await rowAfter("order_summary/o1", await place("o1", headers), headers);
    const tags = [(await list(headers)).headers.get("etag")];
    for (const [n, expected] of [
      [2, `${ann} 2`],
      [1, ann],
    ] as const) {
      testViews[own] = n === 1 ? rowView(orderSummary) : version(n);
      await settle("changed-2");
      const answer = await list(headers);
      expect([customers(answer), answer.headers.get("x-view-position")]).toEqual([[expected], "1"]);
      tags.push(answer.headers.get("etag"));
    }
    // The same rows at the same position are the same representation; those of other code never are.
    expect(tags[1]).not.toBe(tags[0]);
    expect(tags[2]).toBe(tags[0]);
  });
});

describe("a view that has faulted", () => {
  test("answers a token at once with 503 view_faulted, shows what it has without one, and is well after a rebuild", async () => {
    const headers = { "tenant-id": "faulted-1" };
    await rowAfter("order_summary/o1", await place("o1", headers), headers);
    testViews[own] = broken(rowView(orderSummary));
    const later = newerThan(await place("o2", headers));
    const refused = await list(headers, later);
    expect(expectProblem(refused, 503, "view_faulted").detail).toMatch(/order_summary .*position 1.*a bug in the view/);
    expect(refused.headers.get("retry-after")).toBe("60");
    // Also where it has what the token speaks of: nobody knows what it will come to.
    expectProblem(await list(headers, { "consistency-token": "order-o1@1" }), 503, "view_faulted");
    const shown = await list(headers);
    expect([customers(shown), shown.headers.get("x-view-position")]).toEqual([[ann], "1"]);
    expect(await projection("order_summary", headers)).toMatchObject({
      state: "faulted",
      position: 1,
      lag: 1,
      error: expect.stringContaining("a bug in the view"),
    });
    // The others have gone on.
    expect(ok<Page<Fields>>(await get("/v1/event-types", headers)).items).toMatchObject([{ type: "commerce.OrderPlaced", count: 2 }]);

    testViews[own] = rowView(orderSummary);
    ok(await build("order_summary", "rebuild", headers));
    await settle("faulted-1");
    expect(await built("order_summary", headers)).toMatchObject({ state: "live", position: 2, lag: 0 });
    expect(customers(await list(headers, later))).toEqual([ann, ann]);
  });
});

describe("reading a view", () => {
  test("is one trip to the database: its rows and their position are of one moment; and none of its rows are read for a 304", async () => {
    const headers = { "tenant-id": "one-trip" };
    await rowAfter("order_summary/o1", await place("o1", headers), headers);
    const trips: string[] = [];
    faults.beforeBatch = (database) => void trips.push(`batch of the ${database}`);
    faults.beforeQuery = (database) => void trips.push(`query of the ${database}`);
    const counted = async (answer: Promise<Answer>): Promise<readonly [status: number, statements: number, ...trips: string[]]> => {
      trips.length = 0;
      faults.statements = 0;
      const { status } = await answer;
      return [status, faults.statements, ...trips];
    };
    const etag = (await list(headers)).headers.get("etag");
    expect(await counted(list(headers))).toEqual([200, 3, "batch of the views"]);
    expect(await counted(get(`/v1/views/order_summary?customerId=${ann}&sort=-placedAt`, headers))).toEqual([200, 3, "batch of the views"]);
    expect(await counted(get("/v1/views/order_summary/o1", headers))).toEqual([200, 3, "batch of the views"]);
    expect(await counted(list(headers, { "if-none-match": etag }))).toEqual([304, 2, "batch of the views"]);
  });

  test("gives the rows that are read, whatever was built beside them", async () => {
    const headers = { "tenant-id": "one-trip-2" };
    await rowAfter("order_summary/o1", await place("o1", headers), headers);
    for (const what of ["rebuild", "rebuild", "rollback", "rebuild?compare=true"]) {
      ok(await build("order_summary", what, headers));
      await settle("one-trip-2");
      expect(await rowsOf(`order_summary?customerId=${ann}`, headers)).toMatchObject([{ orderId: "o1" }]);
      expect(ok(await get("/v1/views/order_summary/o1", headers))).toMatchObject({ orderId: "o1" });
    }
  });
});
