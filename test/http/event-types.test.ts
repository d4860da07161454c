import { describe, expect, test } from "vitest";
import { append, eventsOf, everything, expectProblem, get, newerThan, ok, type Page, pages, send } from "../support/http.ts";

interface TypeRow {
  readonly type: string;
  readonly count: number;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly streams: number;
}

const grew = (type: string): object => ({ type, data: 1 });
const rows = (headers: Record<string, string>): Promise<readonly TypeRow[]> => everything<TypeRow>("/v1/event-types", headers);

describe("the view of event types", () => {
  test("counts each type's events and streams, and says when it was first and last seen", async () => {
    const tenant = { "tenant-id": "gardener" };
    const writes = [
      await append("tree-1", [grew("tree.Grew"), grew("tree.Grew"), grew("tree.Fell")], tenant),
      await append("tree-2", [grew("tree.Grew")], tenant),
    ];
    await get("/v1/events", { ...tenant, ...newerThan(writes[0] as (typeof writes)[number]) });
    const counted = await rows({ ...tenant, ...newerThan(writes[1] as (typeof writes)[number]) });
    const [one, two] = [await eventsOf("tree-1", tenant), await eventsOf("tree-2", tenant)];
    expect([...counted].sort((a, b) => a.type.localeCompare(b.type))).toEqual([
      { type: "tree.Fell", count: 1, streams: 1, firstSeen: one[2]?.recorded, lastSeen: one[2]?.recorded },
      { type: "tree.Grew", count: 3, streams: 2, firstSeen: one[0]?.recorded, lastSeen: two[0]?.recorded },
    ]);
  });

  test("is as new as the token that is shown", async () => {
    const tenant = { "tenant-id": "counting" };
    for (let n = 1; n <= 8; n++) {
      const write = await append("tree-1", [grew("tree.Grew")], tenant);
      expect(await rows({ ...tenant, ...newerThan(write) })).toMatchObject([{ type: "tree.Grew", count: n, streams: 1 }]);
    }
  });

  test("counts each event once under load, repeats among them", async () => {
    const tenant = { "tenant-id": "loaded" };
    const writes = await Promise.all(
      Array.from({ length: 80 }, (_, n) => append(`tree-${n % 9}`, [{ ...grew("tree.Grew"), id: `g-${n % 40}-${n % 9}` }, grew("tree.Swayed")], tenant)),
    );
    for (const write of writes) await get("/v1/event-types", { ...tenant, ...newerThan(write) });
    const log = await everything("/v1/events?limit=1000", tenant);
    for (const row of await rows(tenant)) {
      const events = log.filter(({ type }) => type === row.type);
      expect(row).toMatchObject({ count: events.length, streams: new Set(events.map(({ stream }) => stream)).size });
    }
    expect((await rows(tenant)).map(({ type }) => type).sort()).toEqual(["tree.Grew", "tree.Swayed"]);
  });

  test("is not moved by repeats and refusals", async () => {
    const tenant = { "tenant-id": "steady" };
    const event = { ...grew("tree.Grew"), id: "g-1" };
    await append("tree-1", [event], tenant);
    const again = await append("tree-1", [event], tenant);
    await append("tree-1", [{ type: "tree.Broke" }], tenant);
    expect(await rows({ ...tenant, ...newerThan(again) })).toMatchObject([{ type: "tree.Grew", count: 1 }]);
  });

  test("pages through each type once", async () => {
    const tenant = { "tenant-id": "botanist" };
    const names = Array.from({ length: 7 }, (_, n) => `tree.Kind${n}`);
    const token = newerThan(await append("tree-1", names.map(grew), tenant));
    for (const limit of [1, 2, 3, 7, 8]) {
      const all = await pages<TypeRow>(`/v1/event-types?limit=${limit}`, { ...tenant, ...token });
      expect(all.flatMap(({ items }) => items.map(({ type }) => type)).sort()).toEqual(names);
      expect(Math.max(...all.map(({ items }) => items.length))).toBeLessThanOrEqual(limit);
    }
    for (const query of ["limit=0", "limit=1001", "limit=x", "cursor=made-up"]) expectProblem(await get(`/v1/event-types?${query}`, tenant), 422);
  });

  test("keeps types apart that differ in case", async () => {
    const tenant = { "tenant-id": "casing" };
    const token = newerThan(await append("tree-1", [grew("tree.grew"), grew("tree.Grew")], tenant));
    expect((await rows({ ...tenant, ...token })).map(({ type }) => type).sort()).toEqual(["tree.Grew", "tree.grew"]);
  });

  test("is empty for a tenant without events", async () => {
    expect(ok<Page<TypeRow>>(await get("/v1/event-types", { "tenant-id": "treeless" }))).toEqual({ items: [], next: null });
  });

  test("hides the platform's own where they are not named by type", async () => {
    const tenant = { "tenant-id": "hiding" };
    const source = await send("PUT", "/v1/sources/shop", { scheme: "github", secret: "a secret of some length" }, tenant);
    const seen = { ...tenant, ...newerThan(source) };
    expect(await rows(seen)).toEqual([]);
    const [event] = await everything("/v1/events?category=rivulet_source", seen);
    expect(await everything<TypeRow>(`/v1/event-types?type=${event?.type}`, seen)).toMatchObject([{ type: event?.type, count: 1, streams: 1 }]);
  });
});
