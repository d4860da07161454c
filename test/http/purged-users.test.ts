import { expect, test, vi } from "vitest";
import { eventsOf, expectProblem, get, ok, type Page, send } from "../support/http.ts";
import { type Fields, each } from "./commands.ts";
import { eventually } from "./eventually.ts";

const headers = { "tenant-id": "purged-users" };
const COPIES = ["profile-eve", "authentication-eve", "saga_user_onboarding-eve"];

/** What fails is tried again after a second, after two, … */
const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 30_000, interval: 50 });
const saga = async (id: string): Promise<Fields> => (await get(`/v1/sagas/user-onboarding/${id}`, headers)).json<Fields>();
const completed = (id: string): Promise<Fields> =>
  eventually(
    `the onboarding of ${id}`,
    () => saga(id),
    ({ state }) => state === "completed",
  );

test("a user's purge takes the name and the address out of the profile, the authentication and the onboarding, and out of the list of sagas", async () => {
  for (const id of ["eve", "adam"]) {
    await each(`user/${id}`, [["RegisterUser", { email: `${id}@paradise.example`, name: `${id} the First` }]], headers);
    await completed(id);
  }
  for (const stream of COPIES) expect(JSON.stringify(await eventsOf(stream, headers)), stream).toMatch(/eve@paradise|eve the First/);
  ok(await send("DELETE", "/v1/streams/user-eve?purge=true", undefined, headers));
  for (const stream of COPIES) {
    const events = await eventually(
      stream,
      () => eventsOf(stream, headers),
      (all) => all.at(-1)?.type === "rivulet.StreamPurged",
    );
    expect(JSON.stringify(events)).not.toMatch(/paradise|the First/);
    expect(events.slice(0, -1).map((event) => (event as unknown as Fields)["purged"])).toEqual(events.slice(1).map(() => true));
    expect(events.at(-1)?.metadata).toMatchObject({ actor: "handler:purged-users", causationId: expect.any(String) });
    expect(ok<Fields>(await get(`/v1/streams/${stream}/verify`, headers))).toMatchObject({ valid: true });
  }
  // The log has all of it, and nothing of them any more.
  const logged = (stream: string) => get(`/v1/events?stream=${stream}${stream.startsWith("saga_") ? "&type=saga.*" : ""}`, headers);
  for (const stream of [...COPIES, "user-eve"])
    await eventually(
      `the log's copy of ${stream}`,
      async () => (await logged(stream)).text,
      (text) => text.includes('"purged":true') && !/paradise|the First/.test(text),
    );
  const listed = await eventually(
    "the list of sagas",
    async () => ok<Page<Fields>>(await get("/v1/sagas/user-onboarding", headers)).items,
    (items) => items.length === 1,
  );
  expect(listed).toMatchObject([{ id: "adam", state: "completed" }]);
  const { items } = ok<Page<Fields>>(await get("/v1/sagas", headers));
  expect(items.find(({ name }) => name === "user-onboarding")).toMatchObject({ completed: 1 });
  expectProblem(await get("/v1/sagas/user-onboarding/eve", headers), 404);
  // Nobody else's.
  expect(JSON.stringify(await eventsOf("profile-adam", headers))).toContain("adam the First");
});

test("a user who is purged while the onboarding runs has nothing left of it", async () => {
  // The letter takes a second there.
  await each("user/late", [["RegisterUser", { email: "late@slow.example", name: "Late the Second" }]], headers);
  await until(async () => expect((await saga("late"))["steps"]).toHaveLength(3));
  ok(await send("DELETE", "/v1/streams/user-late?purge=true", undefined, headers));
  const onboarding = () => eventsOf("saga_user_onboarding-late", headers);
  await until(async () => expect((await onboarding()).at(-1)?.type).toBe("rivulet.StreamPurged"));
  const events = await onboarding();
  expect(events.map(({ type }) => type)).toContain("saga.UndoingStarted");
  expect(events.map(({ type }) => type)).toContain("saga.Compensated");
  expect(JSON.stringify(await eventsOf("profile-late", headers))).not.toContain("the Second");
  expect((await eventsOf("membership-purged-users:late", headers)).map(({ type }) => type)).toEqual(["platform.RoleAssigned", "platform.RoleRemoved"]);
});
