import { expect, test } from "vitest";
import { append, everything, get, newerThan, ok, type Page, type StoredEvent } from "../support/http.ts";
import { command, type Fields, upTo } from "./commands.ts";
import { build, built } from "./projections.ts";

const tenant = { "tenant-id": "rebuild-busy" };
const WRITERS = 3;
const WRITES = 25;
const MOST_READS = 1_000;

interface Seen {
  readonly position: number;
  readonly rows: Readonly<Record<string, number>>;
}

async function read(): Promise<Seen> {
  const answer = await get("/v1/views/stock?limit=1000", tenant);
  const { items } = ok<Page<Fields>>(answer);
  return {
    position: Number(answer.headers.get("x-view-position")),
    rows: Object.fromEntries(items.map(({ sku, available }) => [String(sku), Number(available)])),
  };
}

/** What each sku has at a position of the log. */
function folded(log: readonly StoredEvent[], position: number): Readonly<Record<string, number>> {
  const rows: Record<string, number> = {};
  for (const { position: at = 0, stream, data } of log) {
    if (at > position) break;
    const sku = stream.slice("inventory-".length);
    rows[sku] = (rows[sku] ?? 0) + (data as { quantity: number }).quantity;
  }
  return rows;
}

test("while a view is rebuilt, compared and rolled back again and again, writes go on, and no read is wrong", async () => {
  for (const n of upTo(2)) {
    const events = upTo(700).map(() => ({ type: "commerce.StockReceived", data: { quantity: n } }));
    await get("/v1/views/stock", { ...tenant, ...newerThan(await append(`inventory-old.${n}`, events, tenant)) });
  }
  const over = new AbortController();
  const seen: Seen[] = [];
  const readers = async (): Promise<void> => {
    while (!over.signal.aborted && seen.length < MOST_READS) {
      seen.push(await read());
      await scheduler.wait(10);
    }
  };
  const builds: string[] = [];
  const builder = async (): Promise<void> => {
    for (const what of ["rebuild", "rebuild?compare=true", "rollback", "rebuild", "rebuild"]) {
      ok(await build("stock", what, tenant));
      const { state, comparison } = await built("stock", tenant);
      // While others write it may be an event behind.
      builds.push(`${state === "catching-up" ? "live" : state} ${what === "rebuild?compare=true" ? comparison?.differing : ""}`.trim());
    }
  };
  const writer = async (own: number): Promise<void> => {
    for (const n of upTo(WRITES)) {
      const write = await command(`inventory/new.${own}.${n % 4}/Receive`, { quantity: n }, tenant);
      const row = await get(`/v1/views/stock/new.${own}.${n % 4}`, { ...tenant, ...newerThan(write) });
      // Nobody else writes to it, so what was just decided is what must be there.
      expect(ok<Fields>(row)["available"]).toBe(write.json<{ state: Fields }>().state["available"]);
    }
  };
  const reading = readers();
  await Promise.all([builder(), ...upTo(WRITERS).map(writer)]).finally(() => over.abort());
  await reading;
  expect(builds).toEqual(["live", "live 0", "live", "live", "live"]);
  const log = await everything<StoredEvent>("/v1/events?limit=1000", tenant);
  expect(log).toHaveLength(1400 + WRITERS * WRITES);
  expect((await read()).rows).toEqual(folded(log, Number.POSITIVE_INFINITY));
  expect(seen.length).toBeGreaterThan(10);
  const wrong = seen.filter(
    ({ position, rows }) => JSON.stringify(Object.entries(rows).sort()) !== JSON.stringify(Object.entries(folded(log, position)).sort()),
  );
  expect([wrong.length, wrong.slice(0, 2)]).toEqual([0, []]);
  const positions = seen.map(({ position }) => position);
  expect(positions).toEqual(positions.toSorted((one, other) => one - other));
});
