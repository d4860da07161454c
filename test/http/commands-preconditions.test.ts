import { beforeAll, expect, test } from "vitest";
import { eventsOf, expectProblem } from "../support/http.ts";
import { anOrder, command, decided, password, inStock } from "./commands.ts";

beforeAll(() => inStock());

const account = { email: "match@a.example", password };
/** A command that is decided at once, and one that is prepared first; each makes its aggregate. */
const first: readonly (readonly [kind: string, path: string, data: object, next: string, nextData: object])[] = [
  ["plain", "order/match", anOrder, "ConfirmOrder", {}],
  ["prepared", "account/match", account, "LogIn", { password }],
];
const makes = { order: "PlaceOrder", account: "Register" } as const;
const makerOf = (path: string): string => `${path}/${makes[path.split("/")[0] as keyof typeof makes]}`;

test.each(first)("a %s command meets its precondition or is 412 with the version that is there", async (_, path, data, next, nextData) => {
  const stream = path.replace("/", "-");
  for (const headers of [{ "if-match": "*" }, { "if-match": '"1"' }])
    expect(expectProblem(await command(makerOf(path), data, headers), 412, "version_mismatch").currentVersion).toBe(0);
  expect((await decided(makerOf(path), data, { "if-match": '"0"' })).version).toBe(1);
  for (const headers of [{ "if-none-match": "*" }, { "if-match": '"0"' }, { "if-match": '"2"' }, { "if-match": 'W/"1"' }, { "if-match": '"x"' }])
    expect(expectProblem(await command(`${path}/${next}`, nextData, headers), 412, "version_mismatch").currentVersion).toBe(1);
  expect(await eventsOf(stream)).toHaveLength(1);
  for (const headers of [{ "if-match": "1" }, { "if-match": '"1", "2"' }, { "if-none-match": '"1"' }, { "if-match": "*", "if-none-match": "*" }])
    expectProblem(await command(`${path}/${next}`, nextData, headers), 400, "invalid_precondition");
  const answer = await command(`${path}/${next}`, nextData, { "if-match": '"1"' });
  expect([answer.status, answer.headers.get("etag")]).toEqual([200, '"2"']);
  await decided(`${path}.new/${makerOf(path).split("/")[2]}`, { ...data, email: "new@a.example" }, { "if-none-match": "*" });
});

test("a precondition holds for a command that decides nothing, too, and comes before the business's no", async () => {
  await decided("order/early/PlaceOrder", anOrder);
  expectProblem(await command("order/early/PlaceOrder", anOrder, { "if-none-match": "*" }), 412);
  expectProblem(await command("order/early/PlaceOrder", { ...anOrder, customerId: "bob" }, { "if-match": '"5"' }), 412);
  expectProblem(await command("order/early/PlaceOrder", { ...anOrder, customerId: "bob" }, { "if-match": '"1"' }), 409, "already_placed");
});

test("of many commands that name one version, one is decided and the others are 412 with the version after it", async () => {
  await decided("inventory/once/Receive", { quantity: 1 });
  const answers = await Promise.all(Array.from({ length: 12 }, () => command("inventory/once/Receive", { quantity: 1 }, { "if-match": '"1"' })));
  const refused = answers.filter(({ status }) => status !== 200);
  expect(refused).toHaveLength(11);
  for (const answer of refused) expect(expectProblem(answer, 412).currentVersion).toBe(2);
});
