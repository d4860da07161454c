import { beforeAll, describe, expect, test } from "vitest";
import { append, type Appended, eventsOf, everything, expectProblem, get, newerThan, ok, type Page, pages, send } from "../support/http.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const blob = (bytes: number, more: object = {}): object => ({ type: "blobs.Stored", data: { blob: "x".repeat(bytes) }, ...more });

interface TypeRow {
  readonly type: string;
  readonly count: number;
}

describe("one event", () => {
  test("of a little under 1 MiB is taken and comes back, from the stream and the log", async () => {
    const write = await append("blob-mib", [blob(MiB - 4 * KiB)]);
    expect(write.status, write.text.slice(0, 300)).toBe(201);
    const whole = JSON.stringify((blob(MiB - 4 * KiB) as { data: unknown }).data);
    expect((await get("/v1/streams/blob-mib/events")).text.includes(whole)).toBe(true);
    expect((await get("/v1/events?stream=blob-mib", newerThan(write))).text.includes(whole)).toBe(true);
    const { id } = ok<Appended>(write).events[0] as { id: string };
    expect((await get(`/v1/events/${id}`, newerThan(write))).text.includes(whole)).toBe(true);
  });

  test("over 1 MiB is 413, and nothing of its append is written", async () => {
    expectProblem(await append("blob-over", [blob(MiB + 1)]), 413);
    expectProblem(await append("blob-over", [blob(10), blob(MiB + 1)]), 413);
    expect(await eventsOf("blob-over")).toEqual([]);
  });

  test("is measured in bytes, not in characters", async () => {
    expectProblem(await append("blob-bytes", [{ type: "blobs.Stored", data: "€".repeat(MiB / 2) }]), 413);
    expect(await eventsOf("blob-bytes")).toEqual([]);
  });

  test("is measured with its metadata", async () => {
    const refused = await append("blob-meta", [blob(600 * KiB, { metadata: { more: "y".repeat(600 * KiB) } })]);
    expectProblem(refused, refused.status === 422 ? 422 : 413);
    expect(await eventsOf("blob-meta")).toEqual([]);
  });
});

describe("one append", () => {
  test("of a thousand events is one, and reaches the log in order", async () => {
    const events = Array.from({ length: 1000 }, (_, n) => ({ type: "blobs.Counted", data: n }));
    const write = await append("blob-thousand", events);
    expect(write.status, write.text.slice(0, 300)).toBe(201);
    expect(ok<Appended>(write)).toMatchObject({ firstVersion: 1, lastVersion: 1000 });
    expect((await eventsOf("blob-thousand")).map(({ data }) => data)).toEqual(events.map(({ data }) => data));
    const logged = await everything("/v1/events?stream=blob-thousand", newerThan(write));
    expect(logged.map(({ data }) => data)).toEqual(events.map(({ data }) => data));
  });

  test("of 1001 events is 422", async () => {
    const problem = expectProblem(
      await append(
        "blob-1001",
        Array.from({ length: 1001 }, (_, n) => ({ type: "blobs.Counted", data: n })),
      ),
      422,
    );
    expect(problem.errors?.[0]?.path).toMatch(/events/);
    expect(await eventsOf("blob-1001")).toEqual([]);
  });

  test("of a little under 8 MiB is taken", async () => {
    const write = await append(
      "blob-eight",
      Array.from({ length: 8 }, (_, n) => blob(1000 * KiB, { id: `b-${n}` })),
    );
    expect(write.status, write.text.slice(0, 300)).toBe(201);
    const logged = await everything("/v1/events?stream=blob-eight", newerThan(write));
    expect(logged.map(({ id }) => id)).toEqual([..."01234567"].map((n) => `b-${n}`));
  });

  test("over 8 MiB is 413, and nothing of it is written", async () => {
    expectProblem(
      await append(
        "blob-nine",
        Array.from({ length: 9 }, () => blob(1000 * KiB)),
      ),
      413,
    );
    expectProblem(await send("POST", "/v1/streams/blob-nine/events", `{"events":[${" ".repeat(40 * MiB)}]}`), 413);
    expect(await eventsOf("blob-nine")).toEqual([]);
  });
});

describe("a page of large events", () => {
  beforeAll(async () => {
    const write = await append(
      "page-large",
      Array.from({ length: 8 }, (_, n) => blob(1000 * KiB, { id: `p-${n}` })),
    );
    await get("/v1/events?limit=1", newerThan(write));
    const more = await append(
      "page-large",
      Array.from({ length: 3 }, (_, n) => blob(1000 * KiB, { id: `q-${n}` })),
    );
    await get("/v1/events?limit=1", newerThan(more));
    for (const count of [8, 4]) {
      const wide = Array.from({ length: count }, () => ({ type: "blobs.Stored", data: "€".repeat(340_000) }));
      await get("/v1/events?limit=1", newerThan(await append("page-wide", wide)));
    }
  });

  test.each(["/v1/streams/page-wide/events", "/v1/streams/page-wide/events?direction=backward", "/v1/events?stream=page-wide"])(
    "of %s is measured in bytes, not in characters",
    async (path) => {
      const bytes = (await pages(path)).map((page) => new TextEncoder().encode(JSON.stringify(page.items)).length);
      expect(Math.max(...bytes)).toBeLessThanOrEqual(8 * MiB);
    },
  );

  test.each(["/v1/streams/page-large/events", "/v1/streams/page-large/events?direction=backward", "/v1/events?stream=page-large"])(
    "of %s ends at 8 MiB, and the next goes on",
    async (path) => {
      const all = await pages(path);
      const ids = all.flatMap(({ items }) => items.map(({ id }) => id));
      expect(ids.sort()).toEqual(["p-0", "p-1", "p-2", "p-3", "p-4", "p-5", "p-6", "p-7", "q-0", "q-1", "q-2"]);
      for (const page of all) expect(JSON.stringify(page.items).length).toBeLessThanOrEqual(8 * MiB);
    },
  );
});

describe("events too large for a queue message", () => {
  const tenant = { "tenant-id": "heavy" };

  test("reach the log and the views like any other, between small ones", async () => {
    const sizes = [10, 200 * KiB, 130 * KiB, 10, 128 * KiB, 500 * KiB, 10];
    const write = await append(
      "blob-heavy",
      sizes.map((size, n) => blob(size, { id: `h-${n}` })),
      tenant,
    );
    const logged = await everything("/v1/events?stream=blob-heavy", { ...tenant, ...newerThan(write) });
    expect(logged.map(({ id, data }) => [id, (data as { blob: string }).blob.length])).toEqual(sizes.map((size, n) => [`h-${n}`, size]));
    const types = ok<Page<TypeRow>>(await get("/v1/event-types", { ...tenant, ...newerThan(write) })).items;
    expect(types).toMatchObject([{ type: "blobs.Stored", count: sizes.length }]);
  });

  test("reach them once each when many streams send them at the same moment", async () => {
    const others = { "tenant-id": "heavier" };
    const writes = await Promise.all(Array.from({ length: 12 }, (_, n) => append(`blob-many${n}`, [blob(200 * KiB), blob(200 * KiB)], others)));
    for (const write of writes) await get("/v1/events?limit=1", { ...others, ...newerThan(write) });
    const logged = await everything("/v1/events?type=blobs.Stored", others);
    expect(logged.map(({ position }) => position)).toEqual(Array.from({ length: 24 }, (_, n) => n + 1));
    expect(new Set(logged.map(({ stream, version }) => `${stream} ${version}`)).size).toBe(24);
  });
});
