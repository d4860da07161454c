import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { compose } from "../../src/compose.ts";
import type { Env } from "../../src/env.ts";
import { adminKey, eventsOf, everything, expectProblem, get, ok } from "../support/http.ts";
import { pull, settings, type Subscription } from "./subscriptions.ts";

const tenant = { "tenant-id": "sub-leave" };

/** What came to the sink, and how it answers. */
const asked: Request[] = [];
let answer: () => Response | Promise<Response> = () => new Response(null, { status: 404 });
const says = (headers: Readonly<Record<string, string>>, status = 200) => {
  asked.length = 0;
  answer = () => new Response(null, { status, headers });
};

/** The same platform over the same stores, with this sink for its network. */
const { worker } = compose({
  fetch: async (target, init) => {
    asked.push(new Request(target, init));
    return answer();
  },
});
async function send(method: string, path: string, body: object, more: Readonly<Record<string, string>> = {}) {
  const headers = { authorization: `Bearer ${adminKey}`, "content-type": "application/json", ...tenant, ...more };
  const request = new Request(`http://rivulet.test/v1/subscriptions${path}`, { method, headers, body: JSON.stringify(body) });
  const response = await worker.fetch(request as never, env as unknown as Env);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: <Body>() => JSON.parse(text) as Body };
}

const url = "https://grid.example/hook";
const asCloudEvents = (name: string, sink: object = { url }): object => settings(name, { sink, format: "cloudevents" });
const make = (name: string, sink?: object) => send("POST", "", asCloudEvents(name, sink));
const patch = (id: string, body: object) => send("PATCH", `/${id}`, body);
const handshakeOf = ({ sink }: Subscription): unknown => (sink as { readonly handshake?: unknown }).handshake;
const kept = async (id: string): Promise<Subscription> => ok<Subscription>(await get(`/v1/subscriptions/${id}`, tenant));

describe("a subscription in the format cloudevents", () => {
  test("asks the sink for leave, with its own headers and no signature, and shows what it said", async () => {
    says({ "webhook-allowed-origin": "*", "webhook-allowed-rate": "120" });
    const made = ok<Subscription>(await make("allowed", { url, headers: { authorization: "Bearer t0ken" } }));
    expect(asked.map((request) => [request.method, request.url, request.redirect])).toEqual([["OPTIONS", url, "manual"]]);
    const sent = Object.fromEntries((asked[0] as Request).headers);
    expect(sent).toEqual({ "webhook-request-origin": "rivulet", "user-agent": "Rivulet-Webhooks/1", authorization: "Bearer t0ken" });
    for (const shown of [made, await kept(made.id)]) expect(handshakeOf(shown)).toEqual({ answer: "allowed", ratePerMinute: 120 });
  });

  test.each(["other.example", "", "rivulet, other.example", `x${"y".repeat(300)}`])("is refused where the sink gives leave to '%s'", async (origin) => {
    says({ "webhook-allowed-origin": origin });
    const { errors } = expectProblem(await make(`denied: ${origin.slice(0, 20)}.`), 422, "invalid_input");
    const said = origin === "" ? "an empty one" : origin.slice(0, 200);
    const message = `Expected the sink to answer OPTIONS with WebHook-Allowed-Origin: * or rivulet, got ${said} (status 200)`;
    expect(errors).toEqual([{ path: "sink.url", message }]);
    expect(asked).toHaveLength(1);
  });

  test("that was refused is not there, and its name is free", async () => {
    says({ "webhook-allowed-origin": "other.example" });
    expectProblem(await send("POST", "", asCloudEvents("refused"), { "idempotency-key": "refused once" }), 422);
    says({ "webhook-allowed-origin": "rivulet" });
    const made = await send("POST", "", asCloudEvents("refused"), { "idempotency-key": "refused once" });
    expect(made.status).toBe(201);
    const token = { ...tenant, "consistency-token": made.headers.get("consistency-token") as string };
    const all = await everything<Subscription>("/v1/subscriptions", token);
    expect(all.filter(({ name }) => name === "refused" || name.startsWith("denied:"))).toHaveLength(1);
  });

  test.each([404, 405, 501, 200, 401, 302])(
    "is made where the sink answers %i without the header: the contract does not ask for a handshake",
    async (status) => {
      says({ allow: "POST", location: "https://grid.example/other" }, status);
      const made = ok<Subscription>(await make(`not supported ${status}`));
      expect(handshakeOf(made)).toEqual({ answer: "not_supported" });
      expect(asked).toHaveLength(1);
    },
  );

  test("is made where nobody answers yet", async () => {
    asked.length = 0;
    answer = () => Promise.reject(new TypeError("no connection"));
    expect(handshakeOf(ok<Subscription>(await make("nobody there")))).toEqual({ answer: "no_answer" });
    expect(asked).toHaveLength(1);
  });

  test("whose repeat comes by its key is not asked for again", async () => {
    says({ "webhook-allowed-origin": "*" });
    const key = { "idempotency-key": "asked once" };
    const [first, again] = [await send("POST", "", asCloudEvents("keyed"), key), await send("POST", "", asCloudEvents("keyed"), key)];
    expect([again.status, again.json<Subscription>().id]).toEqual([201, first.json<Subscription>().id]);
    expect(asked).toHaveLength(1);
  });

  test("does not call a sink that is refused for its address", async () => {
    says({ "webhook-allowed-origin": "*" });
    expectProblem(await make("private", { url: "http://169.254.169.254/" }), 422);
    expect(asked).toEqual([]);
  });
});

describe("no leave is asked", () => {
  test("in the format standard, or by one who pulls", async () => {
    says({ "webhook-allowed-origin": "other.example" });
    expect(handshakeOf(ok<Subscription>(await send("POST", "", settings("signed"))))).toBeUndefined();
    expect((await send("POST", "", settings("pulled", { sink: pull, format: "cloudevents" }))).status).toBe(201);
    expect(asked).toEqual([]);
  });
});

describe("a change", () => {
  test("of the URL, the headers or the format asks again; any other keeps what was said", async () => {
    says({ "webhook-allowed-origin": "*", "webhook-allowed-rate": "60" });
    const { id } = ok<Subscription>(await make("changes"));
    says({ "webhook-allowed-origin": "*" });
    for (const body of [{ timeoutMs: 9 }, { sink: { url } }, { sink: { secret: `whsec_${btoa("y".repeat(32))}` } }, { format: "cloudevents" }])
      expect(handshakeOf(ok<Subscription>(await patch(id, body)))).toEqual({ answer: "allowed", ratePerMinute: 60 });
    expect(asked).toEqual([]);
    expect(handshakeOf(ok<Subscription>(await patch(id, { sink: { headers: { "x-key": "1" } } })))).toEqual({ answer: "allowed" });
    says({}, 405);
    expect(handshakeOf(ok<Subscription>(await patch(id, { sink: { url: `${url}/2` } })))).toEqual({ answer: "not_supported" });
    expect(asked.map((request) => [request.url, request.headers.get("x-key")])).toEqual([[`${url}/2`, "1"]]);
    expect(handshakeOf(ok<Subscription>(await patch(id, { format: "standard" })))).toBeUndefined();
    says({ "webhook-allowed-origin": "rivulet" });
    expect(handshakeOf(ok<Subscription>(await patch(id, { format: "cloudevents" })))).toEqual({ answer: "allowed" });
    expect(asked).toHaveLength(1);
  });

  test("to what the sink denies is 422, and changes nothing", async () => {
    says({});
    const { id } = ok<Subscription>(await send("POST", "", settings("stays signed")));
    says({ "webhook-allowed-origin": "other.example" });
    const { errors } = expectProblem(await patch(id, { format: "cloudevents", sink: { url: `${url}/3` } }), 422, "invalid_input");
    expect(errors?.map(({ path }) => path)).toEqual(["sink.url"]);
    expect(await kept(id)).toMatchObject({ format: "standard", sink: { url: "https://shop.example/hook" } });
    expect(await eventsOf(`rivulet_subscription-${id}`, tenant)).toHaveLength(1);
  });
});
