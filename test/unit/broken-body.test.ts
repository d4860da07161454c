import { expect, test } from "vitest";
import { readBody } from "../../src/api/body.ts";

test("a body that breaks off is 400, whatever the runtime calls it: the client did not send all of it", async () => {
  for (const words of ["Network connection lost.", "invalid chunk", "D1_ERROR: Network connection lost."]) {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent++ === 0) controller.enqueue(new Uint8Array([123]));
        // As the runtime throws it; nothing in it says whose connection it was.
        else controller.error(Object.assign(new Error(words), { retryable: true }));
      },
    });
    const answer = (await readBody(new Request("https://rivulet.test/", { method: "POST", body, duplex: "half" } as RequestInit), 1_000)) as Response;
    expect([answer.status, answer.headers.get("connection"), answer.headers.get("content-type")]).toEqual([400, "close", "application/problem+json"]);
    expect(await answer.json()).toMatchObject({ status: 400, code: "invalid_body", title: "Bad Request" });
  }
});
