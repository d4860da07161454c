import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readBody } from "../../src/api/body.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A request whose body comes a byte at a time, `pause` milliseconds apart. */
function request(pause: number): Request {
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      controller.enqueue(new Uint8Array(1));
    },
  });
  return new Request("https://rivulet.test/", { method: "POST", body, duplex: "half" } as RequestInit);
}

async function answerTo(pause: number): Promise<Response> {
  const read = readBody(request(pause), 1_000);
  await vi.advanceTimersByTimeAsync(70_000);
  return (await read) as Response;
}

test.each([
  ["says nothing for over 10 s", 10_001],
  ["keeps coming, a byte every 9 s, for over 60 s", 9_000],
])("a body that %s is 408, and the connection is given up", async (_, pause) => {
  const answer = await answerTo(pause);
  expect(answer.status).toBe(408);
  expect(answer.headers.get("connection")).toBe("close");
  expect(await answer.json()).toMatchObject({ status: 408, code: "body_too_slow", title: "Request Timeout" });
});

test("a body of many small chunks that come in time is read whole, and leaves no timer behind", async () => {
  let left = 20;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      if (left-- > 0) controller.enqueue(new Uint8Array([left]));
      else controller.close();
    },
  });
  const read = readBody(new Request("https://rivulet.test/", { method: "POST", body, duplex: "half" } as RequestInit), 1_000);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(await read).toHaveLength(20);
  expect(vi.getTimerCount()).toBe(0);
});
