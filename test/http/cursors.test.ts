import { beforeAll, describe, expect, test } from "vitest";
import { append, expectProblem, get, newerThan, ok, type Page, pages } from "../support/http.ts";

/** Every list there is, each with more than one page. */
const lists = ["/v1/streams/page-1/events", "/v1/streams/page-1/events?direction=backward", "/v1/streams", "/v1/events", "/v1/event-types"];
const cursors = new Map<string, string>();
const withQuery = (path: string, query: string): string => `${path}${path.includes("?") ? "&" : "?"}${query}`;
const at = (path: string, cursor: string): string => withQuery(path, `limit=1&cursor=${encodeURIComponent(cursor)}`);

beforeAll(async () => {
  for (const n of [1, 2, 3]) {
    const write = await append(`page-${n}`, [
      { type: `page.Turned${n}`, data: n },
      { type: "page.Read", data: n },
    ]);
    await get("/v1/event-types", newerThan(write));
  }
  for (const path of lists) cursors.set(path, ok<Page>(await get(withQuery(path, "limit=1"))).next as string);
});

describe.each(lists)("the cursor of %s", (path) => {
  test("leads to the second page, and to the same as often as it is used", async () => {
    const second = await get(at(path, cursors.get(path) as string));
    expect(second.status).toBe(200);
    expect(second.json<Page>().items).toEqual((await pages(withQuery(path, "limit=1")))[1]?.items);
    expect((await get(at(path, cursors.get(path) as string))).text).toBe(second.text);
  });

  test("is refused by every other list with 422", async () => {
    for (const other of lists.filter((other) => other !== path)) expectProblem(await get(at(other, cursors.get(path) as string)), 422);
  });

  test("is never a fault, whatever is changed in it", async () => {
    const cursor = cursors.get(path) as string;
    const changed = Array.from(cursor, (char, n) => cursor.slice(0, n) + (char === "A" ? "B" : "A") + cursor.slice(n + 1));
    const cut = Array.from(cursor, (_, n) => cursor.slice(0, n));
    for (const bad of [...changed, ...cut, cursor + cursor, `${cursor}=`, ` ${cursor}`, "e30", "bnVsbA", "W10", "😀"]) {
      const answer = await get(at(path, bad));
      expect([200, 409, 422], `${bad}: ${answer.text}`).toContain(answer.status);
      if (answer.status !== 200) expectProblem(answer, answer.status);
    }
  });
});
