import { beforeAll, describe, expect, test } from "vitest";
import { adminKey, append, eventsOf, everything, expectProblem, get, type HeaderFields, newerThan, send } from "../support/http.ts";
import { type Delivery, deliver, putSource, SECRET, sign } from "./github-delivery.ts";

const payload = { action: "opened", number: 1, repository: { full_name: "octo/forged" } };
const body = JSON.stringify(payload);
const stream = "github-octo:forged";
let right = "";

beforeAll(async () => {
  await putSource();
  right = await sign(SECRET, body);
});

/** Expects a 401 that leaves stream and log as they were. */
async function isForged(delivery: Partial<Delivery>): Promise<void> {
  const answer = await deliver({ payload: body, ...delivery });
  expectProblem(answer, 401);
  expect(answer.headers.get("www-authenticate")).toBe("Signature");
  for (const told of [SECRET, right, right.slice(7)]) expect(answer.text).not.toContain(told);
  expect(await eventsOf(stream)).toEqual([]);
}

describe("a delivery is 401 with WWW-Authenticate: Signature, and nothing is stored,", () => {
  const signed =
    (change: (right: string) => string | undefined): (() => HeaderFields) =>
    () => ({ "x-hub-signature-256": change(right) });
  test.each([
    ["without a signature", signed(() => undefined)],
    ["with an empty signature", signed(() => "")],
    ["with the prefix alone", signed(() => "sha256=")],
    ["with the signature's last digit changed", signed((right) => right.slice(0, -1) + (right.endsWith("0") ? "1" : "0"))],
    ["with the signature's first digit changed", signed((right) => right.replace(/=./, (found) => (found === "=0" ? "=1" : "=0")))],
    ["with half a signature", signed((right) => right.slice(0, 39))],
    ["with more than a signature", signed((right) => `${right}00`)],
    ["with the signature twice", signed((right) => `${right}, ${right}`)],
    ["with a signature that names no algorithm", signed((right) => right.slice(7))],
    ["with a signature that names another algorithm", signed((right) => right.replace("sha256", "sha1"))],
    ["with a signature in base64", signed(() => `sha256=${btoa("x".repeat(32))}`)],
    ["with a signature that is no hex", signed(() => `sha256=${"zz".repeat(32)}`)],
    ["with the signature in the old header alone", () => ({ "x-hub-signature-256": undefined, "x-hub-signature": right })],
  ])("%s", async (_, headers) => {
    await isForged({ headers: headers() });
  });

  test("signed with another secret, or with none", async () => {
    for (const secret of [`${SECRET}!`, SECRET.toUpperCase(), SECRET.slice(1), " ", "undefined", "null"]) await isForged({ secret });
  });

  test("with a byte of the body changed, added or taken away", async () => {
    const changed = [body.replace("1", "2"), `${body} `, `${body}\n`, ` ${body}`, body.slice(0, -1), body.replace(":1", ": 1"), "", "{}"];
    for (const other of changed) await isForged({ payload: other, headers: { "x-hub-signature-256": right } });
  });

  test("with the admin key in the place of a signature", async () => {
    await isForged({ headers: { "x-hub-signature-256": undefined, authorization: `Bearer ${adminKey}` } });
  });

  test("with the signature of another source's secret, in this tenant or another", async () => {
    await putSource("default", "second", "the second's secret");
    await putSource("neighbour", "github", "the neighbour's secret");
    await isForged({ secret: "the second's secret" });
    await isForged({ secret: "the neighbour's secret" });
    expectProblem(await deliver({ payload, tenant: "neighbour" }), 401);
    expectProblem(await deliver({ payload, source: "second" }), 401);
  });

  test("before anything else of it is looked at", async () => {
    for (const headers of [{ "x-github-event": undefined }, { "x-github-delivery": undefined }]) await isForged({ secret: "wrong", headers });
    await isForged({ payload: "{", secret: "wrong" });
    await isForged({ payload: "payload=", secret: "wrong", headers: { "content-type": "application/x-www-form-urlencoded" } });
  });
});

test("a forgery of a delivery that was taken is 401, and the stream stays as it is", async () => {
  const delivery = { payload: { repository: { full_name: "octo/taken" } }, id: "taken-1" };
  const taken = await deliver(delivery);
  expect(taken.status).toBe(202);
  expectProblem(await deliver({ ...delivery, secret: "wrong" }), 401);
  expect(await eventsOf("github-octo:taken")).toHaveLength(1);
  expect((await deliver(delivery)).status).toBe(200);
});

test("forgeries are in no log and no view", async () => {
  const tenant = { "tenant-id": "besieged" };
  await putSource("besieged");
  await Promise.all(Array.from({ length: 20 }, () => deliver({ payload, tenant: "besieged", secret: "wrong" })));
  const last = await append("note-1", [{ type: "notes.NoteAdded", data: 1 }], tenant);
  const fresh = { ...tenant, ...newerThan(last) };
  expect((await everything("/v1/events", fresh)).map(({ stream }) => stream)).toEqual(["note-1"]);
  expect(await everything("/v1/event-types", fresh)).toMatchObject([{ type: "notes.NoteAdded" }]);
  expect(await everything("/v1/streams", fresh)).toMatchObject([{ stream: "note-1" }]);
});

test("an unknown tenant and an unknown source are the same 404", async () => {
  const answers = await Promise.all(
    [
      { tenant: "nobody" },
      { source: "nothing" },
      { tenant: "nobody", source: "nothing" },
      { tenant: "neighbour", source: "nothing" },
      { tenant: "No-Tenant" },
    ].flatMap((where) => [
      deliver({ payload, ...where }),
      deliver({ payload, ...where, secret: "wrong" }),
      deliver({ payload: "{", ...where, headers: { "x-hub-signature-256": undefined } }),
    ]),
  );
  for (const answer of answers) expectProblem(answer, 404);
  expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  const fields = answers.map(({ headers }) => [...headers].filter(([name]) => !["traceresponse", "x-correlation-id", "date"].includes(name)));
  expect(new Set(fields.map((field) => JSON.stringify(field))).size).toBe(1);
  expect(fields[0]?.map(([name]) => name)).not.toContain("www-authenticate");
});

describe("a webhook's address", () => {
  test("takes nothing but POST", async () => {
    for (const method of ["GET", "PUT", "DELETE"]) expectProblem(await send(method, "/v1/webhooks/default/github", method === "PUT" ? body : undefined), 405);
  });

  test("tells nothing of its source", async () => {
    expect((await get("/v1/sources/github")).text).not.toContain(SECRET);
  });
});
