import { expect, test } from "vitest";
import type { Appended, AppendRequest, Refusal } from "../../durable-objects/aggregate/contract.ts";
import { appendCloudEvents } from "../../src/api/routes/cloudevents.ts";

/** What the objects of streams answer, by stream; the local runtime never refuses like this by itself. */
type Answers = Readonly<Record<string, Refusal["code"] | "taken">>;

async function post(answers: Answers): Promise<Response> {
  const events = Object.keys(answers).map((stream, index) => ({ specversion: "1.0", id: `${index}`, source: "/s", type: "t", stream }));
  const services = {
    decider: () => undefined,
    append(_tenant: string, stream: string, { events }: AppendRequest): Promise<Appended | Refusal> {
      const code = answers[stream] ?? "taken";
      const taken = events.map(({ id = "" }) => ({ id, version: 1, hash: "sha256:0" }));
      return Promise.resolve(
        code === "taken" ? { ok: true, created: true, replayed: false, events: taken } : { ok: false, code, detail: `${stream} says ${code}.` },
      );
    },
  };
  const request = new Request("http://rivulet.test/v1/events", { method: "POST", headers: { "content-type": "application/cloudevents-batch+json" } });
  const call = {
    request,
    services,
    bytes: new TextEncoder().encode(JSON.stringify(events)),
    principal: { tenant: "default", actor: "key:test", scopes: ["*:*"] },
    correlationId: "c-1",
    trace: { traceId: "a".repeat(32), spanId: "b".repeat(16), flags: "01" },
  };
  return appendCloudEvents.handle(call as unknown as Parameters<typeof appendCloudEvents.handle>[0]);
}

test.each<[answers: Answers, status: number, code: string | undefined]>([
  [{ "a-1": "taken", "a-2": "taken" }, 201, undefined],
  [{ "a-1": "taken", "a-2": "event_id_reused" }, 207, undefined],
  [{ "a-1": "stream_closed", "a-2": "event_id_reused" }, 410, "stream_closed"],
  [{ "a-1": "taken", "a-2": "fault" }, 503, "write_failed"],
  [{ "a-1": "taken", "a-2": "overloaded" }, 503, "write_failed"],
  [{ "a-1": "taken", "a-2": "stream_backlog" }, 503, "write_failed"],
  [{ "a-1": "taken", "a-2": "event_id_reused", "a-3": "fault" }, 503, "write_failed"],
  [{ "a-1": "event_id_reused", "a-2": "stream_backlog" }, 429, "stream_backlog"],
  [{ "a-1": "stream_backlog" }, 429, "stream_backlog"],
  [{ "a-1": "fault" }, 503, "write_failed"],
])("a batch whose streams say %j is %i", async (answers, status, code) => {
  const answer = await post(answers);
  const body = (await answer.json()) as { code?: string };
  expect([answer.status, body.code]).toEqual([status, code]);
  // What passes can be sent again: what is there is not written twice.
  expect(answer.headers.has("retry-after")).toBe(status === 429 || status === 503);
});
