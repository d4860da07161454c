import { expect, test } from "vitest";
import { api } from "../../src/api/app.ts";
import type { Services } from "../../src/api/services.ts";

/** What a request is answered whose key cannot be looked up for this fault. */
async function answerTo(fault: Error): Promise<Response> {
  const services = {
    get adminKey(): string {
      throw fault;
    },
  };
  return api(() => services as unknown as Services, [])(new Request("http://rivulet.test/v1/streams", { headers: { authorization: "Bearer any" } }));
}

test.each<[string, Error, string]>([
  ["a secret that no key opens", Object.assign(new Error("sealed"), { code: "secret_unavailable" }), "secret_unavailable"],
  ["an object that is overloaded", Object.assign(new Error("busy"), { overloaded: true }), "overloaded"],
  ["a database that takes too long", new Error("D1_ERROR: the query timed out"), "overloaded"],
])("503 says when to come again, for %s too", async (_, fault, code) => {
  const answer = await answerTo(fault);
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([503, code]);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
});
