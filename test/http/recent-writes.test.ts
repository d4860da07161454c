import { expect, test } from "vitest";
import { get, ok, send } from "../support/http.ts";

interface Line {
  readonly id?: string;
  readonly name?: string;
  readonly source?: string;
}

const listed = async (path: string): Promise<readonly (string | undefined)[]> =>
  ok<{ items: readonly Line[] }>(await get(`${path}?limit=1000`)).items.map(({ id, name, source }) => id ?? name ?? source);

/** How one of each is made, and by what a list names it. */
const MADE: readonly (readonly [string, (n: number) => Promise<string>])[] = [
  ["/v1/keys", async (n) => ok<{ id: string }>(await send("POST", "/v1/keys", { name: `recent-${n}`, scopes: ["streams:read"] })).id],
  [
    "/v1/subscriptions",
    async (n) => ok<{ id: string }>(await send("POST", "/v1/subscriptions", { name: `recent-${n}`, types: ["#"], sink: { pull: true } })).id,
  ],
  [
    "/v1/sources",
    async (n) => {
      ok(await send("PUT", `/v1/sources/recent-${n}`, { scheme: "github", secret: "a secret of some length" }));
      return `recent-${n}`;
    },
  ],
  [
    "/v1/roles",
    async (n) => {
      ok(await send("PUT", `/v1/roles/recent-${n}`, { scopes: ["streams:read"] }));
      return `recent-${n}`;
    },
  ],
  [
    "/v1/tenants",
    async (n) => {
      ok(await send("POST", "/v1/tenants", { id: `recent-${n}`, name: "Recent" }));
      return `recent-${n}`;
    },
  ],
];

test.each(MADE)("%s lists at once what was just made, also for who sends no token", async (path, make) => {
  for (let n = 0; n < 5; n++) {
    const one = await make(2 * n);
    const other = await make(2 * n + 1);
    expect(await listed(path)).toEqual(expect.arrayContaining([one, other]));
  }
});

test("what was just taken away is no more listed", async () => {
  for (let n = 0; n < 5; n++) {
    const { id } = ok<{ id: string }>(await send("POST", "/v1/keys", { name: `going-${n}`, scopes: ["streams:read"] }));
    expect((await send("DELETE", `/v1/keys/${id}`)).status).toBe(204);
    expect(await listed("/v1/keys")).not.toContain(id);
  }
});

test("another tenant's list waits for nothing", async () => {
  ok(await send("POST", "/v1/tenants", { id: "recent-other", name: "Other" }));
  ok(await send("POST", "/v1/keys", { name: "unseen", scopes: ["streams:read"] }));
  expect(ok<{ items: readonly Line[] }>(await get("/v1/keys", { "tenant-id": "recent-other" })).items).toEqual([]);
});
