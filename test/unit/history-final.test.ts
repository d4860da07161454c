import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { eventTypesFold } from "../../src/testing/history/event-types-fold.ts";
import type { FinalEvent } from "../../src/testing/history/final-state.ts";
import { History } from "../../src/testing/history/history.ts";
import { readFinalState } from "../../src/testing/history/read-final-state.ts";
import { plainRun } from "./support/history-plain.ts";

/** Answers GETs of these paths with what stands behind them, one item a page; everything else is 404. */
async function serve(lists: Readonly<Record<string, readonly unknown[]>>, things: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const cursor = Number(url.searchParams.get("cursor") ?? "0");
    for (const name of ["limit", "cursor"]) url.searchParams.delete(name);
    const path = `${url.pathname}${url.search}`;
    const list = lists[path];
    const body = list === undefined ? things[path] : { items: list.slice(cursor, cursor + 1), next: cursor + 1 < list.length ? String(cursor + 1) : null };
    const isAllowed = request.headers.authorization === "Bearer the-key";
    response.writeHead(!isAllowed ? 401 : body === undefined ? 404 : 200, { "content-type": "application/json" }).end(JSON.stringify(body ?? {}));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const note = (stream: string, version: number, position: number) => ({ stream, version, position, type: "t" });

const LISTS = {
  "/v1/streams": [{ stream: "note-a" }, { stream: "note-cut" }],
  "/v1/streams?prefix=rivulet_": [{ stream: "rivulet_source-x" }],
  "/v1/streams?prefix=audit-": [],
  "/v1/events": [note("note-a", 1, 1), note("note-a", 2, 3)],
  "/v1/events?category=rivulet_source": [note("rivulet_source-x", 1, 2)],
  "/v1/event-types": [{ type: "t", count: 2 }],
  "/v1/streams/note-a/events?from=1": [note("note-a", 1, 1), note("note-a", 2, 3)],
  "/v1/streams/note-cut/events?from=4": [note("note-cut", 4, 4)],
  "/v1/streams/rivulet_source-x/events?from=1": [note("rivulet_source-x", 1, 2)],
  "/v1/streams/note-unlogged/events?from=1": [note("note-unlogged", 1, 0)],
};

const THINGS = {
  "/v1/streams/note-a": { version: 2, firstVersion: 1 },
  "/v1/streams/note-a/verify?from=1": { valid: true },
  "/v1/streams/note-cut": { version: 4, firstVersion: 4 },
  "/v1/streams/rivulet_source-x": { version: 1, firstVersion: 1 },
  "/v1/streams/note-unlogged": { version: 1, firstVersion: 1 },
};

test("the final state has every page, the platform's own events in their places, and streams that only the caller knows", async () => {
  const final = await readFinalState(await serve(LISTS, THINGS), "the-key", { streams: ["note-unlogged", "note-nowhere"] });
  expect(final.streams.map(({ stream, firstVersion, events, verified }) => [stream, firstVersion, events.length, verified?.valid])).toEqual([
    ["note-a", 1, 2, true],
    ["note-cut", 4, 1, undefined],
    ["note-unlogged", 1, 1, undefined],
    ["rivulet_source-x", 1, 1, undefined],
  ]);
  expect(final.log.map(({ stream, position }) => `${position} ${stream}`)).toEqual(["1 note-a", "2 rivulet_source-x", "3 note-a"]);
  expect(final.views).toEqual({ "event-types": [{ type: "t", count: 2 }] });
});

test("an answer that is no 200 is told", async () => {
  await expect(readFinalState(await serve(LISTS, THINGS), "another-key")).rejects.toThrow(/expected \/v1\/\S+ to be answered with 200, got 401/);
});

test("event types are counted as the contract says", () => {
  const event = (type: string, stream: string, recorded: string) => ({ type, stream, recorded }) as FinalEvent;
  const rows = eventTypesFold.fold([event("b", "s-1", "2026-02"), event("a", "s-1", "2026-03"), event("b", "s-2", "2026-01"), event("b", "s-1", "2026-04")]);
  expect(rows).toEqual([
    { type: "b", count: 3, firstSeen: "2026-01", lastSeen: "2026-04", streams: 2 },
    { type: "a", count: 1, firstSeen: "2026-03", lastSeen: "2026-03", streams: 1 },
  ]);
  expect(eventTypesFold.countOf?.(rows)).toBe(4);
  expect(eventTypesFold.takes?.(event("rivulet.StreamClosed", "s-1", "2026-05"))).toBe(false);
});

test("a run that was kept is checked by a command: 0 where it is sound, 1 with a line for each violation, 2 for what is no run", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rivulet-history-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const { entries, final } = plainRun();
  const history = new History();
  history.entries.push(...entries);
  await writeFile(join(folder, "history.ndjson"), history.toLines());
  await writeFile(join(folder, "final.json"), JSON.stringify(final));
  await writeFile(join(folder, "spoilt.json"), JSON.stringify({ ...final, views: {} }));
  const main = join(import.meta.dirname, "../../src/testing/history/main.ts");
  const check = (...args: readonly string[]) =>
    new Promise<readonly [number, string, string]>((resolve) => {
      execFile(process.execPath, [main, ...args], { cwd: folder }, (fault, stdout, stderr) =>
        resolve([fault === null ? 0 : Number(fault.code), stdout, stderr]),
      );
    });
  expect(await check("check", "history.ndjson", "final.json")).toEqual([0, "", `${entries.length} entries, 0 violations\n`]);
  const [code, lines] = await check("check", "history.ndjson", "spoilt.json");
  expect([code, lines.trim().split("\n").length]).toEqual([1, 3]);
  expect(lines).toMatch(/^view-differs: The view event-types: expected \{.*\} for type notes\.Type0, got no row\.$/m);
  expect((await check("check", "history.ndjson"))[0]).toBe(2);
  expect((await check("check", "history.ndjson", "nowhere.json"))[0]).toBe(2);
});
