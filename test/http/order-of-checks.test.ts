import { expect, test } from "vitest";
import { append, eventsOf, expectProblem, send } from "../support/http.ts";

const cut = { type: "film.Cut", id: "c-1", data: 1 };
const isNew = { "if-none-match": "*" };
const noKey = { authorization: "Bearer nonsense" };

test("authentication comes before scope, type, syntax and precondition", async () => {
  await append("film-auth", [cut]);
  for (const stream of ["film-auth", "audit-log", "Not A Stream"]) {
    const path = `/v1/streams/${encodeURIComponent(stream)}/events`;
    expectProblem(await send("POST", path, "{", { ...noKey, ...isNew, "if-match": "unquoted", "content-type": "text/plain" }), 401);
    expectProblem(await send("POST", path, { events: [] }, noKey), 401);
  }
});

test("scope comes before syntax and precondition", async () => {
  for (const body of ["{", "{}", '{"events":[]}']) {
    expectProblem(await send("POST", "/v1/streams/rivulet_source-x/events", body, { "if-match": "unquoted" }), 403);
  }
});

test("syntax comes before a repeat", async () => {
  await append("film-syntax", [cut]);
  expectProblem(await append("film-syntax", [cut, { type: "film.Cut" }]), 422);
  expectProblem(await append("film-syntax", [cut], { "if-match": "1" }), 400);
});

test("syntax comes before precondition", async () => {
  await append("film-early", [cut]);
  expectProblem(await send("POST", "/v1/streams/film-early/events", "{", isNew), 400);
  expectProblem(await append("film-early", [], isNew), 422);
  expectProblem(
    await append(
      "film-early",
      [
        { ...cut, id: "c-2" },
        { ...cut, id: "c-2" },
      ],
      isNew,
    ),
    422,
  );
});

test("a repeat comes before precondition", async () => {
  const first = await append("film-repeat", [cut], isNew);
  expect(first.status).toBe(201);
  for (const headers of [isNew, { "if-match": '"0"' }, { "if-match": '"77"' }, { "if-match": 'W/"1"' }]) {
    const again = await append("film-repeat", [cut], headers);
    expect(again.status).toBe(200);
    expect(again.json()).toEqual(first.json());
  }
  expect(await eventsOf("film-repeat")).toHaveLength(1);
});

test("a reused id comes before precondition", async () => {
  await append("film-reused", [cut]);
  expectProblem(await append("film-reused", [{ ...cut, data: 2 }], isNew), 409, "event_id_reused");
});

test("a reused Idempotency-Key comes before precondition", async () => {
  await append("film-key", [cut], { "idempotency-key": "film-key" });
  expectProblem(await append("film-key", [{ ...cut, data: 2 }], { ...isNew, "idempotency-key": "film-key" }), 422);
});

test("a new event meets the precondition though its stream has repeats", async () => {
  await append("film-new", [cut]);
  expectProblem(await append("film-new", [{ ...cut, id: "c-2" }], isNew), 412);
});
