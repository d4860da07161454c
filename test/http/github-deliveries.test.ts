import { beforeAll, describe, expect, test } from "vitest";
import { type Answer, eventsOf, everything, expectProblem, get, newerThan, type StoredEvent } from "../support/http.ts";
import { type Delivery, definitions, deliver, type Payload, putSource, SECRET, sign, streamOf } from "./github-delivery.ts";

beforeAll(async () => {
  await putSource();
});

const inRepository = (name: string, more: object = {}): Payload => ({ repository: { full_name: `octo/${name}` }, ...more });
const only = async (stream: string): Promise<StoredEvent> => {
  const events = await eventsOf(stream);
  expect(events).toHaveLength(1);
  return events[0] as StoredEvent;
};

describe("a delivery's event", () => {
  test("has the delivery's id, the source's name as source and no key as actor", async () => {
    const answer = await deliver({ payload: inRepository("whole", { ref: "refs/heads/main" }), id: "whole-1", headers: { "x-correlation-id": "hook-flow" } });
    expect(answer.status).toBe(202);
    const event = await only("github-octo:whole");
    expect(event).toMatchObject({ id: "whole-1", type: "github.push", source: "/webhooks/github", metadata: { correlationId: "hook-flow" } });
    expect(event.metadata["actor"]).not.toMatch(/^key:/);
  });

  test("is in the log and the views when its token is shown", async () => {
    const answer = await deliver({ payload: inRepository("fresh"), id: "fresh-1" });
    expect(await everything("/v1/events?stream=github-octo:fresh", newerThan(answer))).toMatchObject([{ id: "fresh-1" }]);
    expect(await everything("/v1/streams?prefix=github-octo:fresh", newerThan(answer))).toMatchObject([{ version: 1 }]);
  });

  test("keeps its JSON as it came", async () => {
    const data = '{"b":1.0,"2":12345678901234567890,"1":1e2,"repository":{"full_name":"octo/exact"},"__proto__":{"é":"\\n"}}';
    const answer = await deliver({ payload: data, id: "exact-1" });
    expect(answer.status).toBe(202);
    for (const path of ["/v1/streams/github-octo:exact/events", "/v1/events/exact-1"])
      expect((await get(path, newerThan(answer))).text).toContain(`"data":${data}`);
  });
});

describe("the stream of a delivery is that of its", () => {
  const who = { organization: { login: "acme" }, sender: { login: "octocat" } };
  const full: Payload = { repository: { full_name: "Octo-Org/a.b_c-D" }, ...who };
  test.each<[string, Payload, string]>([
    ["repository, before all others", full, "github-Octo-Org:a.b_c-D"],
    ["organisation, without a repository", who, "github-acme"],
    ["sender, without an organisation", { sender: { login: "octocat" } }, "github-octocat"],
    ["repository that is null: organisation", { repository: null, ...who } as unknown as Payload, "github-acme"],
    ["nobody: unknown", { zen: "Design for failure." }, "github-unknown"],
  ])("%s", async (_, payload, stream) => {
    const id = crypto.randomUUID();
    expect((await deliver({ payload, id })).status).toBe(202);
    expect((await eventsOf(stream)).map((event) => event.id)).toContain(id);
  });

  test("sender whose login a stream's name cannot hold", async () => {
    const answer = await deliver({ payload: { sender: { login: "dependabot[bot]" } }, id: "bot-1" });
    expect(answer.status).toBe(202);
    const [event] = await everything("/v1/events?type=github.%23&category=github&limit=1000", newerThan(answer)).then((log) =>
      log.filter(({ id }) => id === "bot-1"),
    );
    expect(event?.stream).toMatch(/^github-dependabot/);
  });

  test("type is that of its event, with its action", async () => {
    await deliver({ payload: inRepository("types"), event: "push" });
    await deliver({ payload: inRepository("types", { action: "opened" }), event: "pull_request" });
    await deliver({ payload: inRepository("types", { action: "review_requested" }), event: "pull_request" });
    expect((await eventsOf("github-octo:types")).map(({ type }) => type)).toEqual([
      "github.push",
      "github.pull_request.opened",
      "github.pull_request.review_requested",
    ]);
  });
});

describe("a ping", () => {
  test("is taken like any delivery", async () => {
    const payload = definitions.find(({ name }) => name === "ping")?.examples[0] as Payload;
    expect((await deliver({ payload, event: "ping", id: "ping-1" })).status).toBe(202);
    const event = (await eventsOf(streamOf(payload))).find(({ id }) => id === "ping-1");
    expect(event).toMatchObject({ type: "github.ping", data: payload });
    expect((await deliver({ payload, event: "ping", id: "ping-1" })).status).toBe(200);
  });

  test("that is forged is 401", async () => {
    expectProblem(await deliver({ payload: { zen: "x" }, event: "ping", secret: "wrong" }), 401);
  });
});

describe("a form-encoded delivery", () => {
  const asForm = (json: string, more: Partial<Delivery> = {}): Promise<Answer> =>
    deliver({
      ...more,
      payload: new URLSearchParams({ payload: json }).toString(),
      headers: { "content-type": "application/x-www-form-urlencoded", ...more.headers },
    });

  test("is its payload field, to the character", async () => {
    const json = '{"repository":{"full_name":"octo/form"},"text":"a+b & c=d % é 😀","n":1.0,"2":1,"1":2}';
    const answer = await asForm(json, { id: "form-1" });
    expect(answer.status, answer.text).toBe(202);
    expect((await get("/v1/streams/github-octo:form/events")).text).toContain(`"data":${json}`);
    expect((await asForm(json, { id: "form-1" })).status).toBe(200);
  });

  test("is the same delivery as JSON", async () => {
    const payload = inRepository("both");
    expect((await deliver({ payload, id: "both-1" })).status).toBe(202);
    expect((await asForm(JSON.stringify(payload), { id: "both-1" })).status).toBe(200);
    expect(await eventsOf("github-octo:both")).toHaveLength(1);
  });

  test("is signed as it was sent, not as it reads", async () => {
    const json = JSON.stringify(inRepository("form-forged"));
    expectProblem(await asForm(json, { headers: { "x-hub-signature-256": await sign(SECRET, json) } }), 401);
    expectProblem(await asForm(json, { secret: "wrong" }), 401);
    expect(await eventsOf("github-octo:form-forged")).toEqual([]);
  });

  test("may say its charset, and works for every ping and push of the package", async () => {
    for (const { name, examples } of definitions.filter(({ name }) => name === "ping" || name === "push")) {
      for (const payload of examples) {
        const id = crypto.randomUUID();
        const answer = await asForm(JSON.stringify(payload), {
          event: name,
          id,
          headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
        });
        expect(answer.status, answer.text).toBe(202);
        expect((await get(`/v1/events/${id}`, newerThan(answer))).text).toContain(`"data":${JSON.stringify(payload)}`);
      }
    }
  });

  test("without a payload field is refused", async () => {
    for (const body of ["", "other=1", "payload"]) {
      const answer = await deliver({ payload: body, headers: { "content-type": "application/x-www-form-urlencoded" } });
      expectProblem(answer, answer.status === 422 ? 422 : 400);
    }
  });
});

describe("a delivery that is signed and still no good", () => {
  test("is 400 where it is no JSON, 415 where it says it is something else", async () => {
    for (const payload of ["{", "", "not json"]) expectProblem(await deliver({ payload }), 400);
    expectProblem(await deliver({ payload: "{}", headers: { "content-type": "text/plain" } }), 415);
  });

  test.each(["x-github-event", "x-github-delivery"])("is refused without %s", async (name) => {
    const answer = await deliver({ payload: inRepository("headless"), headers: { [name]: undefined } });
    expectProblem(answer, answer.status === 422 ? 422 : 400);
    expect(await eventsOf("github-octo:headless")).toEqual([]);
  });

  test("is 422 with a lone surrogate, a name twice or nesting over 64", async () => {
    for (const data of ['"\\ud800"', '{"a":1,"a":1}', `${"[".repeat(64)}${"]".repeat(64)}`]) {
      expectProblem(await deliver({ payload: `{"repository":{"full_name":"octo/bad"},"x":${data}}` }), 422);
    }
    expect(await eventsOf("github-octo:bad")).toEqual([]);
  });

  test("is 413 over 1 MiB", async () => {
    expectProblem(await deliver({ payload: inRepository("large", { blob: "x".repeat(1_100_000) }) }), 413);
    expect(await eventsOf("github-octo:large")).toEqual([]);
  });
});

describe("a delivery's id", () => {
  test("is not used for another payload or another event", async () => {
    const payload = inRepository("reused", { n: 1 });
    await deliver({ payload, id: "reused-1" });
    expectProblem(await deliver({ payload: inRepository("reused", { n: 2 }), id: "reused-1" }), 409, "event_id_reused");
    expectProblem(await deliver({ payload, event: "fork", id: "reused-1" }), 409, "event_id_reused");
    expect((await only("github-octo:reused")).data).toEqual(payload);
  });

  test("is one event though it comes many times at once", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => deliver({ payload: inRepository("race"), id: "race-1" })));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(19).fill(200), 202]);
    await only("github-octo:race");
  });

  test("is each source's own", async () => {
    await putSource("default", "second");
    await deliver({ payload: inRepository("two"), id: "two-1" });
    expect((await deliver({ payload: inRepository("two"), id: "two-1", source: "second" })).status).toBe(202);
  });
});

describe("a second PUT", () => {
  test("changes the secret: the old is refused, the new is taken", async () => {
    await putSource("default", "rotating", "the old secret");
    const old = { payload: inRepository("rotating"), source: "rotating", secret: "the old secret" };
    expect((await deliver({ ...old, id: "r-1" })).status).toBe(202);
    await putSource("default", "rotating", "the new secret");
    for (let n = 0; n < 5; n++) expectProblem(await deliver(old), 401);
    expect((await deliver({ ...old, secret: "the new secret", id: "r-2" })).status).toBe(202);
    expect((await deliver({ ...old, secret: "the new secret", id: "r-1" })).status).toBe(200);
    expect((await eventsOf("github-octo:rotating")).map(({ id }) => id)).toEqual(["r-1", "r-2"]);
  });

  test("that is refused leaves the secret as it is", async () => {
    await putSource("default", "steady", "the steady secret");
    expect((await deliver({ payload: inRepository("steady"), source: "steady", secret: "the steady secret" })).status).toBe(202);
    await expect(putSource("default", "steady", "")).rejects.toThrow(/422/);
    expect((await deliver({ payload: inRepository("steady"), source: "steady", secret: "the steady secret" })).status).toBe(202);
  });
});
