import { beforeAll, describe, expect, test } from "vitest";
import { append, everything, expectProblem, get, newerThan, ok, type Page, pages, type StoredEvent } from "../support/http.ts";

interface LogPage extends Page {
  readonly position: number;
}

const happened = (n: number): object => ({ type: "log.Happened", data: n });
const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);
const positions = ({ items }: { items: readonly StoredEvent[] }): (number | undefined)[] => items.map(({ position }) => position);

/** A tenant with ten events in two streams, all of them in its log. */
async function tenantOfTen(name: string): Promise<Record<string, string>> {
  const tenant = { "tenant-id": name };
  for (const n of [1, 3, 5, 7, 9]) {
    await get("/v1/events", { ...tenant, ...newerThan(await append("left-1", [happened(n)], tenant)) });
    await get("/v1/events", { ...tenant, ...newerThan(await append("right-1", [happened(n + 1)], tenant)) });
  }
  return tenant;
}

describe("positions", () => {
  test("count 1, 2, 3… in a tenant without a gap, over streams that are written at once", async () => {
    const tenant = { "tenant-id": "crowd" };
    const writes = await Promise.all(upTo(60).map((n) => append(`log-${n % 7}`, [happened(n), happened(-n)], tenant)));
    for (const write of writes) await get("/v1/events?limit=1", { ...tenant, ...newerThan(write) });
    const log = await everything("/v1/events?limit=50", tenant);
    expect(log.map(({ position }) => position)).toEqual(upTo(120));
    for (let n = 0; n < 7; n++) {
      const versions = log.filter(({ stream }) => stream === `log-${n}`).map(({ version }) => version);
      expect(versions).toEqual(upTo(versions.length));
    }
  });

  test("begin at 1 in each tenant", async () => {
    for (const name of ["first-one", "second-one"]) {
      const tenant = { "tenant-id": name };
      const write = await append("log-1", [happened(1), happened(2)], tenant);
      expect(positions(ok<LogPage>(await get("/v1/events", { ...tenant, ...newerThan(write) })))).toEqual([1, 2]);
    }
  });
});

describe("the log", () => {
  test("has each event as its stream has it, with its position", async () => {
    const write = await append("log-same", [{ ...happened(1), id: "same-1", time: "2020-01-01T00:00:00Z", metadata: { own: { k: 1 } } }, happened(2)]);
    const logged = await everything("/v1/events?stream=log-same", newerThan(write));
    const streamed = ok<Page>(await get("/v1/streams/log-same/events")).items;
    expect(logged).toEqual(streamed.map((event, index) => ({ ...event, position: logged[index]?.position })));
    for (const { position } of logged) expect(position).toBeGreaterThan(0);
  });

  test("is as new as the token that is shown, at once", async () => {
    for (const n of upTo(8)) {
      const write = await append("log-fresh", [happened(n), happened(n)]);
      expect(await everything("/v1/events?stream=log-fresh", newerThan(write))).toHaveLength(2 * n);
    }
  });

  test("answers a token with the token's stream whole, though others write meanwhile", async () => {
    await Promise.all(
      upTo(20).map(async (n) => {
        const write = await append(`busy-${n}`, [happened(1), happened(2), happened(3)]);
        expect(await everything(`/v1/events?stream=busy-${n}`, newerThan(write))).toHaveLength(3);
      }),
    );
  });

  test("is empty, at position 0, for a tenant without events", async () => {
    expect(ok<LogPage>(await get("/v1/events", { "tenant-id": "nobody" }))).toEqual({ items: [], position: 0, next: null });
  });

  test("refuses a token of another tenant's append: no answer here gave it", async () => {
    const elsewhere = newerThan(await append("log-elsewhere", [happened(1)], { "tenant-id": "elsewhere" }));
    for (const path of ["/v1/events", "/v1/event-types", "/v1/streams", "/v1/events/any"]) {
      const answer = await get(path, { ...elsewhere, prefer: "wait=0" });
      expectProblem(answer, 422);
    }
  });

  test.each(["made-up", "log-1@", "@1", "log-1@x", "%00"])("refuses the token %s or takes no notice, without a fault", async (token) => {
    const { status } = await get("/v1/events?limit=1", { "consistency-token": token });
    expect([200, 400, 422]).toContain(status);
  });
});

describe("reading on", () => {
  let ten: Record<string, string>;
  beforeAll(async () => {
    ten = await tenantOfTen("ten");
  });

  test("begins after the position named", async () => {
    const after = async (n: number): Promise<LogPage> => ok<LogPage>(await get(`/v1/events?after=${n}`, ten));
    expect(positions(await after(0))).toEqual(upTo(10));
    expect(positions(await after(7))).toEqual([8, 9, 10]);
    expect(await after(10)).toMatchObject({ items: [], next: null });
  });

  test("with the answer's position gives what is new, once", async () => {
    const tenant = await tenantOfTen("position-ten");
    const first = ok<LogPage>(await get("/v1/events", tenant));
    expect(first.position).toBe(10);
    const write = await append("left-1", [happened(11), happened(12)], tenant);
    const second = ok<LogPage>(await get(`/v1/events?after=${first.position}`, { ...tenant, ...newerThan(write) }));
    expect(positions(second)).toEqual([11, 12]);
    expect(second.position).toBe(12);
  });

  test("with a filter says how far it has looked, not what it has found", async () => {
    const page = ok<LogPage>(await get("/v1/events?stream=left-1", ten));
    expect(positions(page)).toEqual([1, 3, 5, 7, 9]);
    expect(page.position).toBe(10);
    expect(ok<LogPage>(await get("/v1/events?type=log.Never", ten))).toEqual({ items: [], position: 10, next: null });
  });

  test("from position to position in short pages leaves nothing out", async () => {
    const found: (number | undefined)[] = [];
    for (let after = 0; after < 10;) {
      const page = ok<LogPage>(await get(`/v1/events?stream=right-1&limit=2&after=${after}`, ten));
      expect(page.position).toBeGreaterThan(after);
      found.push(...positions(page));
      after = page.position;
    }
    expect(found).toEqual([2, 4, 6, 8, 10]);
  });

  test.each(["", "stream=left-1&", "type=log.*&", "category=right&", "after=3&"])("with ?%slimit=… and the cursor gives each event once", async (query) => {
    const whole = (await everything(`/v1/events?${query}`, ten)).map(({ position }) => position);
    expect(whole.length).toBeGreaterThan(4);
    for (const limit of [1, 2, 3, 5, 10]) {
      const all = await pages(`/v1/events?${query}limit=${limit}`, ten);
      expect(all.flatMap(positions)).toEqual(whole);
      expect(Math.max(...all.map(({ items }) => items.length))).toBeLessThanOrEqual(limit);
    }
  });

  test("looks at 10,000 positions a page at most: it may be empty, and next goes on", async () => {
    const tenant = { "tenant-id": "far" };
    const fillers = Array.from({ length: 1000 }, () => ({ type: "log.Filler", data: 0 }));
    for (let thousand = 0; thousand < 10; thousand++) await append("log-1", fillers, tenant);
    const write = await append("log-1", [...fillers.slice(0, 9), { type: "log.Rare", data: 1 }], tenant);
    const [first, ...rest] = (await pages("/v1/events?type=log.Rare", { ...tenant, ...newerThan(write) })) as readonly LogPage[];
    expect(first?.items).toEqual([]);
    expect(first?.position).toBeLessThanOrEqual(10_000);
    expect(rest.flatMap(positions)).toEqual([10_010]);
    expect(rest.at(-1)?.position).toBe(10_010);
  });

  test("gives 100 where no limit is named, and at most 1000", async () => {
    const tenant = { "tenant-id": "plenty" };
    const write = await append("log-1", upTo(250).map(happened), tenant);
    const page = ok<LogPage>(await get("/v1/events", { ...tenant, ...newerThan(write) }));
    expect([page.items.length, page.position]).toEqual([100, 100]);
    expect(page.next).not.toBeNull();
    expect(ok<LogPage>(await get("/v1/events?limit=1000", tenant)).items).toHaveLength(250);
  });

  test.each(["limit=0", "limit=1001", "limit=x", "after=-1", "after=x", "after=1.5", "cursor=made-up", "since=yesterday", "until=2026-13-01T00:00:00Z"])(
    "refuses ?%s with 422 and the parameter's name",
    async (query) => {
      const problem = expectProblem(await get(`/v1/events?${query}`), 422);
      expect(problem.errors?.map(({ path }) => path).join(" ")).toContain(query.split("=")[0]);
    },
  );
});
