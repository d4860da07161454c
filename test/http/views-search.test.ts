import { beforeAll, expect, test } from "vitest";
import { everything, expectProblem, get, newerThan, ok } from "../support/http.ts";
import { command, each, type Fields, rowsOf, upTo } from "./commands.ts";

const tenant = { "tenant-id": "views-search" };
const found = async (q: string, more = "", headers: Record<string, string> = tenant): Promise<readonly unknown[]> =>
  (await rowsOf(`user_summary?q=${encodeURIComponent(q)}${more}`, headers)).map(({ userId }) => userId);

beforeAll(async () => {
  const people: readonly (readonly [id: string, name: string, email: string, bio: string])[] = [
    ["ann", "Ann Lighthouse", "ann@keeper.example", "Paints boats, and the sea behind them."],
    ["bob", "Bob O'Hara", "bob@keeper.example", "Boatbuilder AND sailor"],
    ["zoe", "Zoë Müller-Straße", "zoe@hill.example", "שלום עולם. Not a sailor."],
  ];
  for (const [id, name, email, bio] of people) {
    const write = await each(
      `user/${id}`,
      [
        ["RegisterUser", { email, name }],
        ["UpdateProfile", { bio }],
      ],
      tenant,
    );
    await get("/v1/views/user_summary", { ...tenant, ...newerThan(write) });
  }
  const other = { "tenant-id": "views-search-other" };
  await get("/v1/views/user_summary", { ...other, ...newerThan(await command("user/eve/RegisterUser", { email: "eve@keeper.example", name: "Eve" }, other)) });
});

test("q finds words of name, e-mail address and bio, in any case", async () => {
  expect(await found("lighthouse")).toEqual(["ann"]);
  expect(await found("KEEPER")).toEqual(["ann", "bob"]);
  expect(await found("hill.example")).toEqual(["zoe"]);
  expect(await found("zoe@hill.example")).toEqual(["zoe"]);
  expect(await found("sea")).toEqual(["ann"]);
  expect(await found("עולם")).toEqual(["zoe"]);
  expect(await found("müller")).toEqual(["zoe"]);
  expect(await found("o'hara")).toEqual(["bob"]);
});

test("q finds rows that have every word, the last one perhaps only begun", async () => {
  expect(await found("sailor boatbuilder")).toEqual(["bob"]);
  expect(await found("keeper light")).toEqual(["ann"]);
  expect(await found("light keeper")).toEqual([]);
  expect(await found("boat")).toEqual(["ann", "bob"]);
  expect(await found("sailor")).toEqual(["bob", "zoe"]);
  expect(await found("sailor keeper paints")).toEqual([]);
});

test("q knows no operators: what looks like one is a word, or nothing", async () => {
  expect(await found("AND sailor")).toEqual(["bob"]);
  expect(await found("NOT sailor")).toEqual(["zoe"]);
  expect(await found("ann OR bob")).toEqual([]);
  for (const nothing of ['"', "*", "()", "-", "''", "scope : x", "NEAR(ann bob)", 'ann" OR "bob', "^", "text:", "\\"]) expect(await found(nothing)).toEqual([]);
  expect(await found("eve")).toEqual([]);
  expect(await found("keeper", "", { "tenant-id": "views-search-other" })).toEqual(["eve"]);
});

test("q goes with filters, sort, limit and cursor", async () => {
  expect(await found("keeper", "&sort=-name")).toEqual(["bob", "ann"]);
  expect(await found("keeper", "&name=Ann%20Lighthouse")).toEqual(["ann"]);
  expect((await everything<Fields>("/v1/views/user_summary?q=keeper&limit=1", tenant)).map(({ userId }) => userId)).toEqual(["ann", "bob"]);
  expect((await everything<Fields>("/v1/views/user_summary?q=example&limit=1&sort=-email", tenant)).map(({ userId }) => userId)).toEqual(["zoe", "bob", "ann"]);
});

test("q finds what a row is now, and not what it was", async () => {
  const own = { "tenant-id": "views-search-now" };
  for (const n of upTo(3)) {
    const write =
      n === 1
        ? await command("user/u/RegisterUser", { email: "u@a.example", name: "Name1" }, own)
        : await command("user/u/UpdateProfile", { name: `Name${n}` }, own);
    await get("/v1/views/user_summary", { ...own, ...newerThan(write) });
    for (const m of upTo(3)) expect(await found(`Name${m}`, "", own)).toEqual(m === n ? ["u"] : []);
  }
  const write = await command("user/u/DeactivateUser", { reason: "moved" }, own);
  await get("/v1/views/user_summary", { ...own, ...newerThan(write) });
  expect(await found("Name3", "&status=deactivated", own)).toEqual(["u"]);
  expect(await found("Name3", "&status=active", own)).toEqual([]);
});

test("q is 422 where it is empty or too long, and is no parameter of a view without search", async () => {
  for (const q of ["", "x".repeat(201)]) expect(expectProblem(await get(`/v1/views/user_summary?q=${q}`, tenant), 422).errors?.[0]?.path).toBe("q");
  const { paths } = ok<{ paths: Readonly<Record<string, { readonly get: { readonly parameters: readonly { readonly name: string }[] } }>> }>(
    await get("/openapi.json"),
  );
  const hasSearch = (view: string) => paths[`/v1/views/${view}`]?.get.parameters.some(({ name }) => name === "q");
  expect([hasSearch("user_summary"), hasSearch("stock")]).toEqual([true, false]);
});
