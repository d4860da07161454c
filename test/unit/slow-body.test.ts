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

test("a small body whose length is said is read in one go, and is to come within 10 s", async () => {
  const small = new Request("https://rivulet.test/", { method: "POST", body: "abc", headers: { "content-length": "3" } });
  expect(new TextDecoder().decode((await readBody(small, 1_000)) as Uint8Array)).toBe("abc");
  const slow = request(11_000);
  slow.headers.set("content-length", "3");
  const read = readBody(slow, 1_000);
  await vi.advanceTimersByTimeAsync(10_001);
  expect(((await read) as Response).status).toBe(408);
});

test("a body that is longer than it says is held to the limit all the same", async () => {
  const long = new Request("https://rivulet.test/", { method: "POST", body: "x".repeat(2_000), headers: { "content-length": "3" } });
  expect(((await readBody(long, 1_000)) as Response).status).toBe(413);
});
